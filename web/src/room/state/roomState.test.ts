import { describe, expect, it } from 'vitest';
import { aMessage, anIdentity, aPeer, jon, mia } from '@/test/mockServer';
import { joined } from './messages';
import { applied, emptyRoom, welcomed } from './roomState';

const start = welcomed(emptyRoom, anIdentity({}, { messages: [aMessage(1), aMessage(2)] }), Date.now());

describe('the room as the hub tells it', () => {
  it('knows people who come, change and go', () => {
    let room = applied(start, { type: 'peer.joined', payload: { peer: aPeer('p3', jon) } });
    expect(room.peers.map(({ id }) => id)).toEqual(['p1', 'p2', 'p3']);
    room = applied(room, { type: 'peer.updated', payload: { peer: aPeer('p3', jon, { connected: false }) } });
    expect(room.peers.at(-1)?.connected).toBe(false);
    room = applied(room, { type: 'peer.left', payload: { peer: 'p3', reason: 'left' } });
    expect(room.peers).toHaveLength(2);
  });

  it('shows a message once, however often it comes', () => {
    const twice = applied(applied(start, { type: 'chat.message', payload: { message: aMessage(3) } }), { type: 'chat.stored', payload: { message: aMessage(3) } });
    expect(twice.messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('ignores control of an older epoch', () => {
    const held = applied(start, { type: 'control.changed', payload: { holder: 'p2', epoch: 9, requests: [] } });
    expect(applied(held, { type: 'control.changed', payload: { epoch: 8, requests: [] } }).control.holder).toBe('p2');
  });

  it('goes on where it was after a reconnect, with what was missed', () => {
    const again = welcomed(start, anIdentity({}, { messages: [aMessage(2), aMessage(3)] }), Date.now());
    expect(again.messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('leaves no hole after a long absence: what lies between is fetched again', () => {
    const again = welcomed(start, anIdentity({}, { messages: [aMessage(60), aMessage(61)], moreMessages: true }), Date.now());
    expect(again.messages.map(({ seq }) => seq)).toEqual([60, 61]);
    expect(again.moreMessages).toBe(true);
    for (const messages of [[aMessage(9)], []]) {
      const short = welcomed(start, anIdentity({}, { messages, moreMessages: true }), Date.now());
      expect(short.messages).toEqual(messages);
      expect(short.moreMessages).toBe(true);
    }
  });

  it('keeps what it has where the snapshot is all there is, whatever numbers are missing', () => {
    const again = welcomed(start, anIdentity({}, { messages: [aMessage(9)], moreMessages: false }), Date.now());
    expect(again.messages.map(({ seq }) => seq)).toEqual([1, 2, 9]);
  });

  it('is without what was cleared, whichever way it comes', () => {
    const room = applied(start, { type: 'chat.cleared', payload: { seq: 2 } });
    expect(room.messages).toEqual([]);
    expect(applied(room, { type: 'chat.message', payload: { message: aMessage(2) } }).messages).toEqual([]);
    expect(applied(room, { type: 'chat.changed', payload: { message: aMessage(1, { revision: 1 }) } }).messages).toEqual([]);
    expect(applied(room, { type: 'chat.message', payload: { message: aMessage(3) } }).messages).toHaveLength(1);
    const away = welcomed(start, anIdentity({}, { messages: [aMessage(4)], clearedSeq: 2 }), Date.now());
    expect(away.messages.map(({ seq }) => seq)).toEqual([4]);
    expect(away.moreMessages).toBe(false);
  });

  it('puts older messages before those shown, also where a whisper of others lies between', () => {
    expect(joined([aMessage(1), aMessage(2)], [aMessage(4), aMessage(5)]).map(({ seq }) => seq)).toEqual([1, 2, 4, 5]);
  });

  it('keeps the own role when the room is told to all', () => {
    expect(start.room?.owner).toEqual(mia);
    const { role: _role, ...room } = { ...anIdentity().snapshot.room, title: 'New' };
    const changed = applied(start, { type: 'room.updated', payload: { room } });
    expect(changed.room).toMatchObject({ title: 'New', role: 'owner' });
  });

  it('takes the newer of two revisions, in whichever order they come', () => {
    const edited = aMessage(1, { text: 'second', revision: 2 });
    let room = applied(start, { type: 'chat.changed', payload: { message: edited } });
    room = applied(room, { type: 'chat.changed', payload: { message: aMessage(1, { text: 'first', revision: 1 }) } });
    room = applied(room, { type: 'chat.message', payload: { message: aMessage(1) } });
    expect(room.messages.map(({ text }) => text)).toEqual(['second', 'message 2']);
    expect(welcomed(room, anIdentity({}, { messages: [aMessage(1), aMessage(2)] }), Date.now()).messages[0]?.text).toBe('second');
  });

  it('knows up to which revision nothing is missing', () => {
    const change = (revision: number) => ({ type: 'chat.changed', payload: { message: aMessage(1, { revision }) } }) as const;
    expect(applied(applied(start, change(1)), change(2)).revision).toBe(2);
    expect(applied(applied(start, change(1)), change(3)).revision).toBe(1);
  });

  it('changes a quote with what it quotes, and keeps nothing of what was removed', () => {
    const quote = { seq: 1, author: jon, text: 'message 1' };
    let room = applied(start, { type: 'chat.message', payload: { message: aMessage(3, { replyTo: quote }) } });
    room = applied(room, { type: 'chat.changed', payload: { message: aMessage(1, { text: '', revision: 2, deletedAt: '2026-01-01T13:00:00Z' }) } });
    expect(room.messages.at(-1)?.replyTo).toMatchObject({ seq: 1, text: '', deletedAt: '2026-01-01T13:00:00Z' });
    room = applied(room, { type: 'chat.changed', payload: { message: aMessage(1, { text: 'late', revision: 1 }) } });
    expect(room.messages.at(-1)?.replyTo?.text, 'an older change that is heard late brings nothing back').toBe('');
    const unseen = welcomed(emptyRoom, anIdentity({}, { messages: [aMessage(50, { replyTo: quote })], moreMessages: true }), Date.now());
    const after = applied(unseen, { type: 'chat.changed', payload: { message: aMessage(1, { text: 'ö'.repeat(300), revision: 1 }) } });
    expect(after.messages).toHaveLength(1);
    expect(after.messages[0]?.replyTo?.text).toBe(`${'ö'.repeat(199)}…`);
  });
});
