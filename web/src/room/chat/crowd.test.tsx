import { fireEvent, screen, waitFor } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { aMessage, aRoom, mia } from '@/test/mockServer';
import { enterRoom } from '@/test/room';
import { groups, lastOf } from './lines';
import type * as Mentions from './mentions';
import { withMentions } from './mentions';

vi.mock('./mentions', async (load) => {
  const whole = await load<typeof Mentions>();
  return { ...whole, withMentions: vi.fn(whole.withMentions) };
});

const many = 10_000;
const messages = Array.from({ length: many }, (_, i) => aMessage(i + 1));

const articles = (): HTMLElement[] => screen.getAllByTestId('chat-message');
const lineOf = (seq: number): HTMLElement | undefined => articles().find(({ dataset }) => dataset.seq === String(seq));

/** A list with something to scroll, which jsdom has not. */
const scrollTo = (top: number): void => {
  const list = screen.getByTestId('chat-list');
  Object.defineProperties(list, { scrollHeight: { value: 9_000, configurable: true }, clientHeight: { value: 600, configurable: true }, scrollTop: { value: top, writable: true, configurable: true } });
  fireEvent.scroll(list);
};

describe('ten thousand messages', () => {
  it('are drawn as far as somebody reads, and no further', async () => {
    const answer = aMessage(many + 1, { replyTo: { seq: 9_500, author: mia, text: 'far back' } });
    const { say } = await enterRoom({ messages });
    expect(articles()).toHaveLength(200);
    expect(lineOf(many)).toBeTruthy();

    const drawn = vi.mocked(withMentions);
    drawn.mockClear();
    say({ type: 'chat.message', version: 8, payload: { message: answer } });
    expect(drawn.mock.calls.length).toBeGreaterThan(0);
    expect(drawn.mock.calls.length).toBeLessThan(20);
    expect(articles().length).toBeLessThan(210);

    scrollTo(0);
    expect(articles().length).toBeGreaterThan(390);
    expect(articles().length).toBeLessThan(420);
    expect(lineOf(many - 350)).toBeTruthy();
    scrollTo(8_400);
    expect(articles().length).toBeLessThan(210);

    fireEvent.click(screen.getByTestId('chat-quote'));
    await waitFor(() => expect(document.activeElement).toBe(lineOf(9_500)));
    expect(lineOf(9_400)).toBeTruthy();
    expect(lineOf(9_000)).toBeUndefined();
  });

  it('stay where they are read, whatever comes at either end', async () => {
    const { say } = await enterRoom({ messages });
    scrollTo(0);
    const first = articles()[0];
    for (const seq of [1, 2, 3]) say({ type: 'chat.message', version: 7 + seq, payload: { message: aMessage(many + seq) } });
    expect(lineOf(many + 3)).toBeTruthy();
    expect(articles()[0]).toBe(first);
  });

  it('are drawn when they were fetched', async () => {
    const here = messages.slice(100, 299); // with the day two hundred lines
    await enterRoom({ messages: here, moreMessages: true }, {}, { [`GET /rooms/${aRoom().id}/messages`]: () => ({ messages: messages.slice(0, 100), more: false }) });
    expect(articles()).toHaveLength(199);
    scrollTo(0);
    await waitFor(() => expect(lineOf(1)).toBeTruthy());
    expect(articles()).toHaveLength(299);
  });

  it('begin with a line that says whose it is', () => {
    const all = groups(messages.slice(0, 10), [], mia);
    expect(lastOf(all, 2).map((line) => line.kind === 'message' && line.first)).toEqual([true, false]);
    expect(lastOf(all, 100)).toBe(all);
  });
});
