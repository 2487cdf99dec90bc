import { notifications } from '@mantine/notifications';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { aMessage, aPeer, aRoom, jon, mia, Refusal } from '@/test/mockServer';
import { enterRoom, running, showPicture } from '@/test/room';
import { groups } from './lines';
import { withLinks } from './links';

describe('links in the chat', () => {
  it('are clickable, safe, and end where the sentence does not', () => {
    render(<p>{withLinks('See https://example.org/a_(b), then http://x.test/?q=1. javascript:alert(1) stays text')}</p>);
    const links = screen.getAllByRole<HTMLAnchorElement>('link');
    expect(links.map((link) => link.getAttribute('href'))).toEqual(['https://example.org/a_(b)', 'http://x.test/?q=1']);
    for (const link of links) {
      expect(link.rel).toContain('noopener');
      expect(link.target).toBe('_blank');
    }
  });
});

describe('text of others', () => {
  const hostile = ['<img src=x onerror=alert(1)>', '<script>alert(1)</script>', '[a](javascript:alert(1))', 'javascript:alert(1)', 'https://a.test/"onmouseover="alert(1)', '&lt;b&gt;', '\u202egnp.exe', 'https://user@a.test', 'data:text/html,<b>x</b>', '**not bold**'];
  it.each(hostile)('is never markup: %s', (text) => {
    const { container } = render(<p>{withLinks(text)}</p>);
    expect(container.textContent).toBe(text);
    expect(container.querySelectorAll('*:not(p):not(a)')).toHaveLength(0);
    for (const link of container.querySelectorAll('a')) {
      expect(link.protocol).toMatch(/^https?:$/);
      expect(link.getAttributeNames().sort()).toEqual(['href', 'rel', 'target']);
    }
  });
});

describe('a message', () => {
  const own = aMessage(2, { author: mia, text: 'helo' });
  const lineOf = (text: string): HTMLElement => {
    const found = screen.getAllByTestId('chat-text').find(({ textContent }) => textContent.startsWith(text))?.closest('article');
    if (!found) throw new Error(`no message says ${text}`);
    return found;
  };
  const write = (value: string): void => {
    fireEvent.change(screen.getByTestId('chat-input'), { target: { value } });
    fireEvent.keyDown(screen.getByTestId('chat-input'), { key: 'Enter' });
  };

  it('is answered, and the answer shows and leads to it', async () => {
    const { socket, say } = await enterRoom({ messages: [aMessage(1)] });
    fireEvent.click(lineOf('message 1'));
    fireEvent.click(screen.getByTestId('chat-reply'));
    expect(screen.getByTestId('chat-about').textContent).toContain('message 1');
    write('indeed');
    const { payload } = socket.last('chat.send');
    expect(payload).toMatchObject({ text: 'indeed', replyTo: 1 });
    expect(screen.queryByTestId('chat-about')).toBeNull();
    say({ type: 'chat.stored', version: 8, payload: { message: aMessage(2, { author: mia, text: 'indeed', key: payload.key, replyTo: { seq: 1, author: jon, text: 'message 1' } }) } });
    fireEvent.click(within(lineOf('indeed')).getByTestId('chat-quote'));
    await waitFor(() => expect(document.activeElement).toBe(lineOf('message 1')));
  });

  it('that is quoted from far back is looked for ten pages at a time, and what is not found or fetched is said', async () => {
    const shown = vi.spyOn(notifications, 'show');
    const name = `GET /rooms/${aRoom().id}/messages`;
    let away = false;
    const { fetch } = await enterRoom({ messages: [aMessage(100, { replyTo: { seq: 1, author: jon, text: 'long ago' } })], moreMessages: true }, {}, {
      [name]: (request) => (away ? new Refusal({ code: 'unavailable', status: 503 }) : { messages: [aMessage(Number(new URL(request.url).searchParams.get('before')) - 1)], more: true }),
    });
    const asked = (): number => fetch.calls.filter((call) => call === name).length;
    fireEvent.click(screen.getByTestId('chat-quote'));
    await waitFor(() => expect(shown).toHaveBeenCalledTimes(1));
    expect(shown.mock.lastCall?.[0].message).toContain('further back');
    expect(asked()).toBe(10);
    away = true;
    fireEvent.click(screen.getByTestId('chat-quote'));
    await waitFor(() => expect(shown).toHaveBeenCalledTimes(2));
    expect(shown.mock.lastCall?.[0].message).toContain('could not be fetched');
    expect(asked()).toBe(11);
    shown.mockRestore();
  });

  it('of one’s own is edited, by the arrow up too, and shown as edited', async () => {
    const { socket, say } = await enterRoom({ messages: [aMessage(1), own] });
    fireEvent.keyDown(screen.getByTestId('chat-input'), { key: 'ArrowUp' });
    expect(screen.getByTestId<HTMLTextAreaElement>('chat-input').value).toBe('helo');
    fireEvent.keyDown(screen.getByTestId('chat-input'), { key: 'Escape' });
    expect(screen.getByTestId<HTMLTextAreaElement>('chat-input').value).toBe('');
    fireEvent.click(lineOf('helo'));
    fireEvent.click(screen.getByTestId('chat-edit'));
    write('hello');
    expect(socket.last('chat.edit').payload).toEqual({ seq: 2, text: 'hello' });
    say({ type: 'chat.changed', version: 8, payload: { message: { ...own, text: 'hello', revision: 1, editedAt: '2026-01-01T12:01:00Z' } } });
    expect(await screen.findByTestId('chat-edited')).toBeTruthy();
  });

  it('that could not be changed is still there to be changed', async () => {
    const { socket, say } = await enterRoom({ messages: [own] });
    fireEvent.click(lineOf('helo'));
    fireEvent.click(screen.getByTestId('chat-edit'));
    write('hello');
    const { id = '' } = socket.last('chat.edit');
    say({ type: 'error', re: id, payload: { code: 'rate_limited', detail: '', retryAfter: 3 } });
    await waitFor(() => expect(screen.getByTestId<HTMLTextAreaElement>('chat-input').value).toBe('hello'));
    expect(screen.getByTestId('chat-about').textContent).toContain('Editing');
    fireEvent.click(screen.getByTestId('chat-about-cancel'));
  });

  it('that is edited leaves what was being written for after it', async () => {
    const { socket, say } = await enterRoom({ messages: [aMessage(1), own] });
    const field = screen.getByTestId<HTMLTextAreaElement>('chat-input');
    fireEvent.click(lineOf('message 1'));
    fireEvent.click(screen.getByTestId('chat-reply'));
    fireEvent.change(field, { target: { value: 'half a thou' } });
    fireEvent.click(lineOf('helo'));
    fireEvent.click(screen.getByTestId('chat-edit'));
    expect(field.value).toBe('helo');
    fireEvent.click(screen.getByTestId('chat-about-cancel'));
    expect(field.value).toBe('half a thou');
    fireEvent.click(lineOf('helo'));
    fireEvent.click(screen.getByTestId('chat-edit'));
    write('hello');
    expect(field.value).toBe('half a thou');
    expect(screen.getByTestId('chat-about').textContent).toContain('message 1');
    say({ type: 'chat.changed', version: 8, payload: { message: aMessage(1, { text: '', revision: 1, deletedAt: '2026-01-01T12:01:00Z' }) } });
    expect(screen.getByTestId('chat-about').textContent).toBe('Reply to Jon: Removed');
    write('half a thought');
    expect(socket.last('chat.send').payload).toMatchObject({ text: 'half a thought', replyTo: 1 });
  });

  it('keeps the focus when its removal is called off, and when it is removed', async () => {
    const { socket, say } = await enterRoom({ messages: [own] });
    fireEvent.click(lineOf('helo'));
    fireEvent.click(screen.getByTestId('chat-delete'));
    fireEvent.click(screen.getByTestId('chat-delete-cancel'));
    expect(document.activeElement).toBe(lineOf('helo'));
    fireEvent.click(screen.getByTestId('chat-delete'));
    fireEvent.click(screen.getByTestId('chat-delete-confirm'));
    const { id = '' } = socket.last('chat.delete');
    say({ type: 'chat.changed', version: 8, payload: { message: { ...own, text: '', revision: 1, deletedAt: '2026-01-01T12:01:00Z' } } });
    say({ type: 'ok', re: id, payload: {} });
    expect(document.activeElement).toBe(lineOf(' Removed'));
  });

  it('that is removed is not said aloud any more', async () => {
    const { say } = await enterRoom({ messages: [own] });
    say({ type: 'chat.message', version: 8, payload: { message: aMessage(3) } });
    expect(screen.getByTestId('announce-chat').textContent).toBe('Jon: message 3');
    say({ type: 'chat.changed', version: 9, payload: { message: aMessage(3, { text: '', revision: 1, deletedAt: '2026-01-01T12:01:00Z' }) } });
    expect(screen.getByTestId('announce-chat').textContent).toBe('');
  });

  it('is removed after a question, and says so', async () => {
    const { socket, say } = await enterRoom({ messages: [own] });
    fireEvent.click(lineOf('helo'));
    fireEvent.click(screen.getByTestId('chat-delete'));
    expect(socket.sent.some(({ type }) => type === 'chat.delete')).toBe(false);
    fireEvent.click(screen.getByTestId('chat-delete-confirm'));
    expect(socket.last('chat.delete').payload).toEqual({ seq: 2 });
    say({ type: 'chat.changed', version: 8, payload: { message: { ...own, text: '', revision: 1, deletedAt: '2026-01-01T12:01:00Z' } } });
    expect(await screen.findByText('Removed')).toBeTruthy();
    expect(screen.queryByTestId('chat-delete')).toBeNull();
  });

  it('of others is a moderator’s to remove, and theirs alone to change', async () => {
    await enterRoom({ messages: [aMessage(1)] }, { role: 'moderator', permissions: ['chat', 'moderate'] });
    fireEvent.click(lineOf('message 1'));
    expect(screen.getByTestId('chat-delete')).toBeTruthy();
    expect(screen.queryByTestId('chat-edit')).toBeNull();
  });

  it('of another moderator is the owner’s to remove', async () => {
    const theirs = [aPeer('p1', mia, { role: 'moderator' }), aPeer('p2', jon, { role: 'moderator' })];
    await enterRoom({ messages: [aMessage(1)], peers: theirs }, { role: 'moderator', permissions: ['chat', 'moderate'] });
    fireEvent.click(lineOf('message 1'));
    expect(screen.getByTestId('chat-reply')).toBeTruthy();
    expect(screen.queryByTestId('chat-delete')).toBeNull();
  });

  it('of others is nobody’s to remove who does not moderate', async () => {
    await enterRoom({ messages: [aMessage(1)] }, { role: 'member', permissions: ['chat'] });
    fireEvent.click(lineOf('message 1'));
    expect(screen.getByTestId('chat-reply')).toBeTruthy();
    expect(screen.queryByTestId('chat-edit')).toBeNull();
    expect(screen.queryByTestId('chat-delete')).toBeNull();
  });

  it('is found and used by the keyboard alone', async () => {
    await enterRoom({ messages: [aMessage(1), own] });
    fireEvent.keyDown(screen.getByTestId('chat-list'), { key: 'ArrowUp' });
    expect(document.activeElement).toBe(lineOf('helo'));
    fireEvent.keyDown(document.activeElement ?? document.body, { key: 'ArrowUp' });
    expect(document.activeElement).toBe(lineOf('message 1'));
    expect(within(lineOf('message 1')).getByTestId('chat-delete').tabIndex).toBe(0);
  });
});

describe('reactions', () => {
  const liked = aMessage(1, { revision: 1, reactions: [{ emoji: '🐢', people: [{ id: jon.id, displayName: 'Jon' }] }] });

  it('are counted, say who, and are one’s own by a click', async () => {
    const { socket, say } = await enterRoom({ messages: [liked] }, { permissions: ['chat', 'react'] });
    const chip = screen.getByRole('button', { name: '🐢 1: Jon' });
    expect(chip.textContent).toBe('🐢 1');
    fireEvent.click(chip);
    expect(socket.last('chat.react').payload).toEqual({ seq: 1, emoji: '🐢', on: true });
    say({ type: 'chat.changed', version: 8, payload: { message: { ...liked, revision: 2, reactions: [{ emoji: '🐢', people: [{ id: jon.id, displayName: 'Jon' }, { id: mia.id, displayName: 'Mia' }] }] } } });
    fireEvent.click(await screen.findByRole('button', { name: '🐢 2: Jon and Mia' }));
    expect(socket.last('chat.react').payload).toEqual({ seq: 1, emoji: '🐢', on: false });
  });

  it('are not for whom the room does not let', async () => {
    await enterRoom({ messages: [liked] }, { role: 'member', permissions: ['chat'] });
    expect(screen.getByTestId<HTMLButtonElement>('chat-reaction').disabled).toBe(true);
  });

  it('float over the picture, by a click and by keys', async () => {
    const { socket, say } = await enterRoom({ browser: running }, { permissions: ['chat', 'react'] });
    showPicture();
    fireEvent.keyDown(document.body, { key: 'r' });
    fireEvent.keyDown(document.body, { key: '4' });
    expect(socket.last('reaction').payload).toEqual({ emoji: '🎉' });
    say({ type: 'reaction', sender: 'p2', payload: { emoji: '🎉' } });
    const floating = await screen.findByTestId('floating-reaction');
    expect(floating.textContent).toBe('🎉Jon');
    fireEvent.animationEnd(floating);
    await waitFor(() => expect(screen.queryByTestId('floating-reaction')).toBeNull());
  });
});

describe('who writes', () => {
  it('is shown until it is said', async () => {
    const { say } = await enterRoom();
    say({ type: 'chat.typing', sender: 'p2', payload: { typing: true } });
    await waitFor(() => expect(screen.getByTestId('chat-typing').textContent).toBe('Jon is writing…'));
    say({ type: 'chat.message', version: 8, payload: { message: aMessage(1) } });
    await waitFor(() => expect(screen.getByTestId('chat-typing').textContent).toBe(''));
  });

  it('is told while one writes, and that it ended', async () => {
    const { socket } = await enterRoom();
    fireEvent.change(screen.getByTestId('chat-input'), { target: { value: 'h' } });
    fireEvent.change(screen.getByTestId('chat-input'), { target: { value: 'hi' } });
    fireEvent.change(screen.getByTestId('chat-input'), { target: { value: '' } });
    expect(socket.sent.filter(({ type }) => type === 'chat.typing').map(({ payload }) => payload)).toEqual([{ typing: true }, { typing: false }]);
  });
});

describe('lines of the chat', () => {
  const at = (day: number, minute: number): string => new Date(2026, 0, day, 12, minute).toISOString();
  it('keep together what one person says, and set days apart', () => {
    const lines = groups(
      [aMessage(1, { createdAt: at(1, 0) }), aMessage(2, { createdAt: at(1, 1) }), aMessage(3, { createdAt: at(1, 2), author: mia }), aMessage(4, { createdAt: at(2, 0), author: mia })],
      [{ key: 'k', text: 'soon', createdAt: at(2, 1), state: 'sending' }],
      mia,
    );
    expect(lines.map((line) => (line.kind !== 'message' ? line.kind : `${line.author?.displayName ?? ''}${line.first ? '*' : ''}`))).toEqual(['day', 'Jon*', 'Jon', 'Mia*', 'day', 'Mia*', 'Mia']);
    expect(jon.displayName).toBe('Jon');
  });
  it('are each one of its own, also where the clock of the server was set back', () => {
    const lines = groups([aMessage(1, { createdAt: at(1, 0) }), aMessage(2, { createdAt: at(2, 0) }), aMessage(3, { createdAt: at(1, 0) }), aMessage(4, { createdAt: at(2, 0) })], [], mia);
    expect(lines.filter(({ kind }) => kind === 'day')).toHaveLength(4);
    expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length);
  });
});
