import { fireEvent, screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { aMessage } from '@/test/mockServer';
import { enterRoom } from '@/test/room';
// The page loads them when they are wanted; here before a test begins, so that no test waits for it.
import './EmojiPicker';
import './ReactDialog';
import { emojiKinds, emojiOf, findEmoji } from './emojiList';

describe('the emoji', () => {
  it('are each there once, with a name', () => {
    const all = emojiKinds.flatMap((kind) => emojiOf[kind]);
    expect(all.length).toBeGreaterThan(350);
    expect(new Set(all.map(({ emoji }) => emoji)).size).toBe(all.length);
    expect(all.filter(({ emoji, name }) => emoji === '' || name === '')).toEqual([]);
  });

  it('are found by the beginning of any of their words', () => {
    expect(findEmoji('turtl').map(({ emoji }) => emoji)).toEqual(['🐢']);
    expect(findEmoji('Birthday CAKE').map(({ emoji }) => emoji)).toEqual(['🎂']);
    expect(findEmoji('urtle')).toEqual([]);
  });

  it('go into the text at the caret, by the keyboard alone', async () => {
    await enterRoom();
    const input = screen.getByTestId<HTMLTextAreaElement>('chat-input');
    fireEvent.change(input, { target: { value: 'slow  fast' } });
    input.setSelectionRange(5, 5);
    fireEvent.click(screen.getByTestId('emoji-open'));
    const search = await screen.findByTestId('emoji-search');
    fireEvent.keyDown(search, { key: 'ArrowDown' });
    const all = screen.getAllByTestId('emoji');
    expect(document.activeElement).toBe(all[0]);
    fireEvent.keyDown(all[0] ?? search, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(all[8]);
    fireEvent.change(search, { target: { value: 'turtle' } });
    fireEvent.keyDown(search, { key: 'Enter' });
    expect(input.value).toBe('slow 🐢 fast');
    await waitFor(() => expect(screen.queryByTestId('emoji-picker')).toBeNull());
  });

  it('are a reaction, any of them', async () => {
    const { socket } = await enterRoom({ messages: [aMessage(1)] }, { permissions: ['chat', 'react'] });
    fireEvent.click(screen.getByTestId('chat-message'));
    fireEvent.click(screen.getByTestId('chat-react-more'));
    fireEvent.change(await screen.findByTestId('emoji-search'), { target: { value: 'unicorn' } });
    fireEvent.click(screen.getByTestId('emoji'));
    expect(socket.last('chat.react').payload).toEqual({ seq: 1, emoji: '🦄', on: true });
  });
});
