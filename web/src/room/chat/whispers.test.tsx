import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { aMessage, aRoom, jon, mia } from '@/test/mockServer';
import { enterRoom } from '@/test/room';

const write = (value: string): void => {
  fireEvent.change(screen.getByTestId('chat-input'), { target: { value } });
  fireEvent.keyDown(screen.getByTestId('chat-input'), { key: 'Enter' });
};

describe('a whisper', () => {
  it('is begun from the menu, goes on with the same person, and is stopped', async () => {
    const { socket, say } = await enterRoom();
    fireEvent.click(screen.getByTestId('chat-more'));
    fireEvent.click(await screen.findByTestId('chat-whisper-to'));
    expect(screen.getByTestId('chat-about').textContent).toContain('Only Jon will read this');
    write('psst');
    const first = socket.last('chat.send').payload;
    expect(first).toMatchObject({ text: 'psst', to: jon.id });
    say({ type: 'chat.stored', re: socket.last('chat.send').id ?? '', payload: { message: aMessage(1, { author: mia, text: 'psst', to: jon, key: first.key }) } });
    expect(screen.getByTestId('chat-whisper').textContent).toContain('to Jon alone');
    write('more');
    await waitFor(() => expect(socket.last('chat.send').payload).toMatchObject({ text: 'more', to: jon.id }));
    fireEvent.keyDown(screen.getByTestId('chat-input'), { key: 'Escape' });
    expect(screen.queryByTestId('chat-about')).toBeNull();
  });

  it('is not shown to the others while it is written', async () => {
    const { socket, say } = await enterRoom({ messages: [] });
    const type = (value: string): void => void fireEvent.change(screen.getByTestId('chat-input'), { target: { value } });
    const typing = (): unknown[] => socket.sent.flatMap(({ type: sent, payload }) => (sent === 'chat.typing' ? [payload] : []));
    type('x');
    expect(typing()).toEqual([{ typing: true }]);
    fireEvent.click(screen.getByTestId('chat-more'));
    fireEvent.click(await screen.findByTestId('chat-whisper-to'));
    expect(typing()).toEqual([{ typing: true }, { typing: false }]);
    type('psst');
    fireEvent.keyDown(screen.getByTestId('chat-input'), { key: 'Enter' });
    say({ type: 'chat.stored', re: socket.last('chat.send').id ?? '', payload: { message: aMessage(1, { author: mia, text: 'psst', to: jon, key: socket.last('chat.send').payload.key }) } });
    fireEvent.keyDown(screen.getByTestId('chat-input'), { key: 'Escape' });
    fireEvent.click(screen.getByTestId('chat-message'));
    fireEvent.click(screen.getByTestId('chat-edit'));
    type('psst!');
    expect(typing()).toHaveLength(2);
    fireEvent.keyDown(screen.getByTestId('chat-input'), { key: 'Escape' });
    type('aloud');
    expect(typing()).toHaveLength(3);
  });

  it('is answered by a whisper', async () => {
    const { socket } = await enterRoom({ messages: [aMessage(1, { to: mia, text: 'psst' })] });
    expect(screen.getByTestId('chat-whisper').textContent).toContain('to you alone');
    fireEvent.click(screen.getByTestId('chat-message'));
    fireEvent.click(screen.getByTestId('chat-reply'));
    expect(screen.getByTestId('chat-about').textContent).toContain('Only Jon will read this');
    write('yes?');
    expect(socket.last('chat.send').payload).toMatchObject({ text: 'yes?', replyTo: 1, to: jon.id });
  });

  it('is said as one to whom listens', async () => {
    const { say } = await enterRoom({ messages: [] });
    say({ type: 'chat.message', payload: { message: aMessage(1, { to: mia, text: 'psst' }) } });
    expect(screen.getByTestId('announce-chat').textContent).toBe('Jon whispers: psst');
  });
});

describe('an announcement', () => {
  it('is a moderator’s, marked, and said at once', async () => {
    const { socket, say } = await enterRoom({ messages: [] });
    fireEvent.click(screen.getByTestId('chat-more'));
    fireEvent.click(await screen.findByTestId('chat-announce'));
    write('Film at nine');
    expect(socket.last('chat.send').payload).toMatchObject({ text: 'Film at nine', announcement: true });
    expect(screen.queryByTestId('chat-about')).toBeNull();
    say({ type: 'chat.message', version: 8, payload: { message: aMessage(1, { text: 'Hear, hear', announcement: true }) } });
    expect(screen.getAllByTestId('chat-announcement').length).toBeGreaterThan(0);
    const aloud = screen.getByTestId('announce-announcement');
    expect(aloud.textContent).toBe('Announcement by Jon: Hear, hear');
    expect(aloud.getAttribute('aria-live')).toBe('assertive');
    expect(screen.getByTestId('announce-chat').textContent).toBe('');
  });

  it('is nobody else’s, as slow mode and clearing', async () => {
    await enterRoom({}, { role: 'member', permissions: ['chat'] });
    fireEvent.click(screen.getByTestId('chat-more'));
    expect(await screen.findByTestId('chat-whisper-to')).toBeTruthy();
    for (const id of ['chat-announce', 'chat-slow-30', 'chat-clear']) expect(screen.queryByTestId(id)).toBeNull();
  });
});

describe('the chat as a whole', () => {
  it('is slowed by a moderator', async () => {
    const { socket } = await enterRoom();
    fireEvent.click(screen.getByTestId('chat-more'));
    fireEvent.click(await screen.findByTestId('chat-slow-30'));
    expect(socket.last('chat.slow').payload).toEqual({ seconds: 30 });
  });

  it('counts down what slow mode leaves to wait, and sends nothing meanwhile', async () => {
    const { socket, say } = await enterRoom({ room: aRoom({ slowMode: 30 }), messages: [] }, { role: 'member', permissions: ['chat'] });
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    try {
      const pass = (seconds: number): void => act(() => void vi.advanceTimersByTime(seconds * 1000));
      const left = (): number => Number(screen.getByTestId('chat-send').textContent);
      say({ type: 'chat.stored', version: 8, payload: { message: aMessage(1, { author: mia, createdAt: new Date(Date.now() + 500).toISOString() }) } });
      expect(left()).toBe(30);
      write('too soon');
      expect(socket.sent.some(({ type }) => type === 'chat.send')).toBe(false);
      pass(11);
      expect(left()).toBeGreaterThan(0);
      expect(left()).toBeLessThan(25);
      pass(60);
      expect(screen.getByTestId('chat-send').textContent).toBe('');
      fireEvent.keyDown(screen.getByTestId('chat-input'), { key: 'Enter' });
      expect(socket.last('chat.send').payload).toMatchObject({ text: 'too soon' });
    } finally {
      vi.useRealTimers();
    }
  });

  it('is cleared after a question, for everybody here', async () => {
    const { socket, say } = await enterRoom({ messages: [aMessage(1), aMessage(2)] });
    fireEvent.click(screen.getByTestId('chat-more'));
    fireEvent.click(await screen.findByTestId('chat-clear'));
    expect(socket.sent.some(({ type }) => type === 'chat.clear')).toBe(false);
    fireEvent.click(await screen.findByTestId('clear-chat-confirm'));
    expect(socket.last('chat.clear').payload).toEqual({});
    say({ type: 'chat.message', version: 8, payload: { message: aMessage(3) } });
    expect(screen.getByTestId('announce-chat').textContent).toContain('message 3');
    say({ type: 'chat.cleared', version: 9, payload: { seq: 3, by: mia } });
    expect(screen.getByTestId('announce-chat').textContent).toBe('');
    await waitFor(() => expect(screen.queryAllByTestId('chat-message')).toEqual([]));
    expect(screen.getByText('The chat was cleared here.')).toBeTruthy();
  });
});
