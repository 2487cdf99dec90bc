import { describe, expect, it } from 'vitest';
import { aMessage, anIdentity, aPeer, jon, mia } from '@/test/mockServer';
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
  });

  it('keeps the own role when the room is told to all', () => {
    expect(start.room?.owner).toEqual(mia);
    const { role: _role, ...room } = { ...anIdentity().snapshot.room, title: 'New' };
    const changed = applied(start, { type: 'room.updated', payload: { room } });
    expect(changed.room).toMatchObject({ title: 'New', role: 'owner' });
  });
});
