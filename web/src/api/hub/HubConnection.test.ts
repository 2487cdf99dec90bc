import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { aJoin, aMessage, anIdentity, FakeSocket } from '@/test/mockServer';
import { ApiError } from '../problem';
import { HubConnection, type HubStatus } from './HubConnection';
import type { ServerMessage } from './messages';

function setUp(join = vi.fn(() => Promise.resolve(aJoin()))) {
  const sockets: FakeSocket[] = [];
  const hub = new HubConnection({
    room: 'friday-movies',
    join,
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    storage: sessionStorage,
    random: () => 1,
  });
  const statuses: HubStatus['kind'][] = [];
  const messages: ServerMessage[] = [];
  hub.on('status', ({ kind }) => statuses.push(kind));
  hub.on('message', (message) => messages.push(message));
  const newest = (): FakeSocket => {
    const socket = sockets.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  };
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const online = async (change = {}): Promise<FakeSocket> => {
    hub.connect();
    await settle();
    newest().accept();
    newest().say({ type: 'identity', payload: anIdentity(change) });
    return newest();
  };
  return { hub, join, sockets, statuses, messages, newest, settle, online };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('HubConnection', () => {
  it('joins, says hello with the room token and is online with the identity', async () => {
    const { online, statuses, join } = setUp();
    const socket = await online();
    expect(join).toHaveBeenCalledOnce();
    expect(socket.last('hello').payload).toEqual({ token: 'room-token', kind: 'viewer' });
    expect(statuses).toEqual(['connecting', 'online']);
  });

  it('comes back by itself with a fresh token and the key of its seat', async () => {
    const { online, newest, join, statuses, sockets } = setUp();
    const first = await online();
    first.drop(3000);
    expect(statuses.at(-1)).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(1000);
    expect(sockets).toHaveLength(2);
    newest().accept();
    expect(join).toHaveBeenCalledTimes(2);
    expect(newest().last('hello').payload.resume).toEqual({ peer: 'p1', key: 'resume-key' });
    newest().say({ type: 'identity', payload: anIdentity({ resumed: true }) });
    expect(statuses.at(-1)).toBe('online');
  });

  it('keeps the seat over a reload, which is a new connection with the same storage', async () => {
    await setUp().online();
    const { newest, online } = setUp();
    await online();
    expect(newest().last('hello').payload.resume).toEqual({ peer: 'p1', key: 'resume-key' });
  });

  it('says that it held control, which a restarted server does not know', async () => {
    const { online, newest } = setUp();
    const first = await online();
    first.say({ type: 'control.changed', version: 8, payload: { holder: 'p1', epoch: 7, requests: [] } });
    first.drop(3000);
    await vi.advanceTimersByTimeAsync(1000);
    newest().accept();
    expect(newest().last('hello').payload.resume).toEqual({ peer: 'p1', key: 'resume-key', control: true });
    newest().say({ type: 'identity', payload: anIdentity({ resumed: true }) });
    newest().drop(3000);
    await vi.advanceTimersByTimeAsync(10_000);
    newest().accept();
    expect(newest().last('hello').payload.resume).toEqual({ peer: 'p1', key: 'resume-key' });
  });

  it('keeps the key of a seat that it could not give up', async () => {
    const { hub, online } = setUp();
    (await online()).drop();
    hub.leave();
    expect(sessionStorage.getItem('turtus.seat.friday-movies')).not.toBeNull();
    const again = setUp();
    await again.online();
    again.hub.leave();
    expect(again.newest().closedWith).toBe(1000);
    expect(sessionStorage.getItem('turtus.seat.friday-movies')).toBeNull();
  });

  it.each([3500, 3501, 3502, 3503, 3504, 3505, 3506, 3507, 3508])('does not come back after close code %i', async (code) => {
    const { online, hub, sockets } = setUp();
    (await online()).drop(code);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(hub.status).toMatchObject({ kind: 'closed', closeCode: code });
    expect(sockets).toHaveLength(1);
  });

  it('takes a gap in the versions for a lost connection', async () => {
    const { online, statuses, messages } = setUp();
    const socket = await online({ version: 7 });
    socket.say({ type: 'chat.message', version: 8, payload: { message: aMessage(1) } });
    expect(messages).toHaveLength(1);
    socket.say({ type: 'chat.message', version: 10, payload: { message: aMessage(3) } });
    expect(messages).toHaveLength(1);
    expect(statuses.at(-1)).toBe('reconnecting');
  });

  it('drops an increment that is older than the snapshot', async () => {
    const { online, messages } = setUp();
    const socket = await online({ version: 7 });
    socket.say({ type: 'control.changed', version: 5, payload: { epoch: 1, requests: [] } });
    expect(messages).toHaveLength(0);
  });

  it('answers a request by its id, with the error thrown', async () => {
    const { online, hub } = setUp();
    const socket = await online();
    const taken = hub.request('control.take', {});
    const asked = hub.request('control.request', {});
    socket.say({ type: 'ok', re: socket.last('control.request').id ?? '', payload: {} });
    socket.say({ type: 'error', re: socket.last('control.take').id ?? '', payload: { code: 'control_taken', detail: 'no' } });
    await expect(asked).resolves.toMatchObject({ type: 'ok' });
    await expect(taken).rejects.toMatchObject({ code: 'control_taken' });
  });

  it('rejects what waits for an answer when the connection goes', async () => {
    const { online, hub } = setUp();
    const socket = await online();
    const waiting = hub.request('control.take', {});
    socket.drop();
    await expect(waiting).rejects.toMatchObject({ code: 'disconnected' });
  });

  it('stops at a door that says no, and tells why', async () => {
    const { hub, settle, sockets } = setUp(vi.fn(() => Promise.reject(new ApiError('room_password_needed', '', { status: 403 }))));
    hub.connect();
    await settle();
    expect(hub.status).toMatchObject({ kind: 'closed', error: { code: 'room_password_needed' } });
    expect(sockets).toHaveLength(0);
  });

  it('goes on trying while the server is away', async () => {
    const join = vi.fn(() => Promise.resolve(aJoin())).mockRejectedValueOnce(new ApiError('network', '')).mockRejectedValueOnce(new ApiError('unavailable', ''));
    const { hub, sockets } = setUp(join);
    hub.connect();
    await vi.advanceTimersByTimeAsync(5000);
    expect(join).toHaveBeenCalledTimes(3);
    expect(sockets).toHaveLength(1);
  });

  it('waits longer each time when it is dropped right after each welcome, and quickly again after a steady while', async () => {
    const { online, newest, sockets } = setUp();
    const welcomed = (): FakeSocket => {
      newest().accept();
      newest().say({ type: 'identity', payload: anIdentity() });
      return newest();
    };
    (await online()).drop();
    await vi.advanceTimersByTimeAsync(500);
    expect(sockets).toHaveLength(2);
    welcomed().drop();
    await vi.advanceTimersByTimeAsync(500);
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(500);
    expect(sockets).toHaveLength(3);
    const steady = welcomed();
    await vi.advanceTimersByTimeAsync(10_000);
    steady.drop();
    await vi.advanceTimersByTimeAsync(500);
    expect(sockets).toHaveLength(4);
  });

  it('notices a silent network by an echo that nobody answers', async () => {
    const { online, statuses } = setUp();
    const socket = await online();
    socket.say({ type: 'ok', payload: {} });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(socket.last('echo')).toBeTruthy();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(statuses).toContain('reconnecting');
  });
});
