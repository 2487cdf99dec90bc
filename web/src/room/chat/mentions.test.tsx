import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { aMessage, aPeer, jon, mia, uuid } from '@/test/mockServer';
import { enterRoom } from '@/test/room';
import { chime, setChatSound } from './alerts';
import { completing, matching, withMentions } from './mentions';

const ann = { id: uuid(7), displayName: 'Ann Lee', avatarColor: 'blue', guest: false } as const;
const people = [aPeer('p1', mia), aPeer('p2', jon), aPeer('p3', ann)];

const hide = (hidden: boolean): void => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  act(() => void document.dispatchEvent(new Event('visibilitychange')));
};
afterEach(() => {
  Reflect.deleteProperty(document, 'hidden');
});

describe('names in a message', () => {
  it('are marked where the server found them, and the rest stays text', () => {
    const { container } = render(<p>{withMentions('<b>@Ann Lee</b> @Ann https://a.test @nobody', [{ id: ann.id, name: 'Ann Lee' }, { id: mia.id, name: 'Ann' }], mia.id)}</p>);
    expect(container.textContent).toBe('<b>@Ann Lee</b> @Ann https://a.test @nobody');
    expect(screen.getAllByTestId('chat-mention').map((node) => [node.textContent, node.dataset.me])).toEqual([['@Ann Lee', undefined], ['@Ann', 'true']]);
    expect(screen.getAllByRole('link')).toHaveLength(1);
    expect(container.querySelector('b')).toBeNull();
  });

  it('are whole words, in upper or lower case, and no part of a link', () => {
    const { container } = render(<p>{withMentions('@Ann https://a.test/@Ann/x joe@Ann @Annabel @ann, @annさん', [{ id: ann.id, name: 'Ann' }], ann.id)}</p>);
    expect(screen.getByRole('link').getAttribute('href')).toBe('https://a.test/@Ann/x');
    expect(screen.getAllByTestId('chat-mention').map((node) => [node.textContent, node.dataset.me])).toEqual([['@Ann', 'true'], ['@ann', 'true'], ['@ann', 'true']]);
    expect(container.textContent).toBe('@Ann https://a.test/@Ann/x joe@Ann @Annabel @ann, @annさん');
  });

  it('mark the whole message of whom they mean', async () => {
    await enterRoom({ messages: [aMessage(1, { text: 'hi @Mia', mentions: [{ id: mia.id, name: 'Mia' }] }), aMessage(2, { text: 'hi @Jon', mentions: [{ id: jon.id, name: 'Jon' }] })] });
    expect(screen.getAllByTestId('chat-message').map(({ dataset }) => dataset.mine)).toEqual(['true', undefined]);
  });
});

describe('completion', () => {
  it('knows what stands before the caret', () => {
    expect(completing('hi @an', 6)).toEqual({ from: 3, query: 'an' });
    expect(completing('hi @an there', 6)).toEqual({ from: 3, query: 'an' });
    expect(completing('me@an', 5)).toBeNull();
    expect(completing('@an\nx', 5)).toBeNull();
    expect(completing('hi', 2)).toBeNull();
    expect(completing('@an', 0)).toBeNull();
    expect(matching([jon, ann], 'l')).toEqual([ann]);
    expect(matching([jon, ann], '')).toEqual([jon, ann]);
  });

  const names = (options: readonly HTMLElement[]): unknown[] => options.map((option) => option.querySelector('[dir]')?.textContent);
  const type = (value: string): HTMLTextAreaElement => {
    const input = screen.getByTestId<HTMLTextAreaElement>('chat-input');
    fireEvent.change(input, { target: { value } });
    input.setSelectionRange(value.length, value.length);
    fireEvent.select(input);
    return input;
  };

  it('by the keyboard: arrows, Enter, Escape', async () => {
    const { socket } = await enterRoom({ peers: people });
    const input = type('hi @');
    expect(names(screen.getAllByRole('option'))).toEqual(['Ann Lee', 'Jon']);
    fireEvent.keyDown(input, { key: 'ArrowDown' });
    expect(names([screen.getByRole('option', { selected: true })])).toEqual(['Jon']);
    expect(input.getAttribute('aria-activedescendant')).toBe(screen.getByRole('option', { selected: true }).id);
    fireEvent.keyDown(input, { key: 'Enter' });
    expect(input.value).toBe('hi @Jon ');
    expect(screen.queryByTestId('chat-completion')).toBeNull();
    expect(socket.sent.some(({ type: sent }) => sent === 'chat.send')).toBe(false);
    type('hi @Jon @a');
    fireEvent.keyDown(input, { key: 'Escape' });
    expect(screen.queryByTestId('chat-completion')).toBeNull();
    fireEvent.keyDown(input, { key: 'Enter' });
    expect(socket.last('chat.send').payload).toMatchObject({ text: 'hi @Jon @a' });
    type('hi @Jon @a');
    expect(screen.getAllByRole('option')).toHaveLength(1);
  });

  it('by touch, and never of oneself', async () => {
    await enterRoom({ peers: people });
    const input = type('@m');
    expect(screen.queryByTestId('chat-completion')).toBeNull();
    type('@j');
    fireEvent.click(screen.getByTestId('chat-completion-option'));
    expect(input.value).toBe('@Jon ');
  });
});

describe('what comes while nobody looks', () => {
  const started = vi.fn();
  const audio = { state: 'running', currentTime: 0, resume: () => Promise.resolve() };
  beforeEach(() => {
    started.mockClear();
    audio.currentTime += 10;
    vi.stubGlobal(
      'AudioContext',
      class {
        get state() {
          return audio.state;
        }
        get currentTime() {
          return audio.currentTime;
        }
        resume = () => audio.resume();
        destination = {};
        createOscillator = () => ({ frequency: {}, connect: (to: unknown) => to, start: started, stop: () => undefined });
        createGain = () => ({ gain: { setValueAtTime: () => undefined, exponentialRampToValueAtTime: () => undefined }, connect: (to: unknown) => to });
      },
    );
  });
  afterEach(() => act(() => setChatSound('mentions')));

  it.each([
    ['off', 0, 0],
    ['mentions', 0, 2],
    ['all', 2, 2],
  ] as const)('with the sound %s', async (setting, plain, meant) => {
    act(() => setChatSound(setting));
    const { say } = await enterRoom({ messages: [aMessage(1)] });
    say({ type: 'chat.message', version: 8, payload: { message: aMessage(2) } });
    expect(started).not.toHaveBeenCalled();
    hide(true);
    say({ type: 'chat.message', version: 9, payload: { message: aMessage(3) } });
    expect(started).toHaveBeenCalledTimes(plain);
    started.mockClear();
    audio.currentTime += 10;
    say({ type: 'chat.message', version: 10, payload: { message: aMessage(4, { text: '@Mia', mentions: [{ id: mia.id, name: 'Mia' }] }) } });
    expect(started).toHaveBeenCalledTimes(meant);
    started.mockClear();
    audio.currentTime += 10;
    say({ type: 'chat.message', payload: { message: aMessage(5, { to: mia }) } });
    expect(started).toHaveBeenCalledTimes(meant);
    started.mockClear();
    audio.currentTime += 10;
    say({ type: 'chat.stored', version: 11, payload: { message: aMessage(6, { author: mia }) } });
    expect(started).not.toHaveBeenCalled();
  });

  it('sounds once, however much comes at a time', async () => {
    const { say } = await enterRoom({ messages: [aMessage(1)] });
    hide(true);
    for (const seq of [2, 3, 4]) say({ type: 'chat.message', payload: { message: aMessage(seq, { to: mia }) } });
    expect(started).toHaveBeenCalledTimes(2);
    chime(true);
    expect(started).toHaveBeenCalledTimes(4);
  });

  it('does not sound long after, when the browser lets it', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      let allow: () => void = () => undefined;
      const allowed = new Promise<void>((resolve) => (allow = resolve));
      Object.assign(audio, { state: 'suspended', resume: () => allowed });
      chime();
      vi.advanceTimersByTime(5_000);
      chime(true);
      allow();
      await allowed;
      expect(started).toHaveBeenCalledTimes(2);
    } finally {
      vi.useRealTimers();
      Object.assign(audio, { state: 'running', resume: () => Promise.resolve() });
    }
  });

  it('is counted in the title, and stands under a line until one has answered', async () => {
    const { say } = await enterRoom({ messages: [aMessage(1)] });
    hide(true);
    say({ type: 'chat.message', version: 8, payload: { message: aMessage(2) } });
    await waitFor(() => expect(document.title).toMatch(/^\(1\) /));
    say({ type: 'chat.message', version: 9, payload: { message: aMessage(3, { text: '@Mia', mentions: [{ id: mia.id, name: 'Mia' }] }) } });
    await waitFor(() => expect(document.title).toMatch(/^\(@2\) /));
    hide(false);
    await waitFor(() => expect(document.title).not.toMatch(/^\(/));
    const line = await screen.findByTestId('chat-unread-line');
    const list = screen.getByTestId('chat-list');
    const order = [...list.querySelectorAll('[data-testid="chat-unread-line"], article')].map((node) => (node as HTMLElement).dataset.seq ?? 'line');
    expect(order).toEqual(['1', 'line', '2', '3']);
    expect(within(line).getByText('New')).toBeTruthy();
    say({ type: 'chat.stored', version: 10, payload: { message: aMessage(4, { author: mia }) } });
    await waitFor(() => expect(screen.queryByTestId('chat-unread-line')).toBeNull());
  });
});
