import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { aJoin, aMessage, anIdentity, aPeer, FakeSocket, mia } from '@/test/mockServer';
import { setQuality } from './preferences';
import { RoomSession, type RoomSessionOptions } from './RoomSession';

class FakeConnection {
  onconnectionstatechange: (() => void) | null = null;
  ondatachannel: ((event: unknown) => void) | null = null;
  connectionState: RTCPeerConnectionState = 'new';
  closed = false;
  getReceivers(): never[] {
    return [];
  }
  close(): void {
    this.closed = true;
  }
  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

let copied: string[];
let mayCopy: boolean;
const history = vi.fn<RoomSessionOptions['history']>();

/** Inside a room whose browser runs, driving, with a live picture. */
async function inside() {
  const sockets: FakeSocket[] = [];
  const connections: FakeConnection[] = [];
  const session = new RoomSession({
    room: 'friday-movies',
    person: mia.id,
    join: () => Promise.resolve(aJoin()),
    history,
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    makePeerConnection: () => {
      const connection = new FakeConnection();
      connections.push(connection);
      return connection as unknown as RTCPeerConnection;
    },
    codecs: () => ['H264'],
    storage: sessionStorage,
    copy: (text) => Promise.resolve(mayCopy && copied.push(text) > 0),
  });
  session.enter();
  await vi.advanceTimersByTimeAsync(0);
  const [socket] = sockets;
  if (!socket) throw new Error('no socket was opened');
  socket.accept();
  socket.say({ type: 'identity', payload: anIdentity({}, { browser: { id: 'b1', state: 'ready', peer: 'vb' }, control: { holder: 'p1', epoch: 7, requests: [] } }) });
  const [connection] = connections;
  if (!connection) throw new Error('no connection was made');
  const sent: string[] = [];
  const channel = { label: 'input', readyState: 'open', bufferedAmount: 0, send: (frame: ArrayBuffer) => void sent.push(Buffer.from(frame).toString('hex')) };
  connection.ondatachannel?.({ channel });
  const events = { label: 'events', onmessage: null as ((message: { data: string }) => void) | null };
  connection.ondatachannel?.({ channel: events });
  connection.become('connected');
  const hear = (type: string, payload: unknown): void => events.onmessage?.({ data: JSON.stringify({ type, payload }) });
  return { hear, session, socket, sockets, connection, connections, channel, sent };
}

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
  copied = [];
  mayCopy = true;
  history.mockReset();
});
afterEach(() => {
  setQuality('auto');
  vi.useRealTimers();
});

describe('RoomSession', () => {
  it('lets go of the stream with the room, and makes no other', async () => {
    const { session, socket, connections } = await inside();
    const { payload } = socket.last('stream.request');
    session.dispose();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.sent.filter(({ type }) => type === 'stream.stop')).toMatchObject([{ target: 'vb', payload: { session: payload.session } }]);
    expect(connections.map(({ closed }) => closed)).toEqual([true]);
    expect(session.store.getState().stream).toBe('idle');
  });

  it('gives up seat and control when the person leaves, after the stream', async () => {
    const { session, socket, connections, sent } = await inside();
    session.leave();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toEqual(['0500000007']);
    expect(socket.sent.at(-1)?.type).toBe('stream.stop');
    expect(socket.closedWith).toBe(1000);
    expect(sessionStorage.getItem('turtus.seat.friday-movies')).toBeNull();
    expect(connections).toHaveLength(1);
  });

  it('keeps nothing that is done while the picture is interrupted, and lets go of everything on return', async () => {
    const { session, connection, sent } = await inside();
    session.input.key(0x61, true);
    expect(sent.splice(0)).toEqual(['04000000070000006101']);
    connection.become('disconnected');
    expect(session.input.isDriving).toBe(false);
    session.input.key(0x61, false);
    session.input.button(1, true, 1, 1);
    expect(sent).toEqual([]);
    connection.become('connected');
    session.input.key(0x62, true);
    expect(sent).toEqual(['0500000007', '04000000070000006201']);
  });

  it('presses nothing while only the sound is wanted, for nobody sees what it would hit', async () => {
    const { session, socket, sent } = await inside();
    setQuality('sound');
    session.input.key(0x61, true);
    expect(sent).toEqual(['0500000007']);
    expect(socket.last('stream.prefer')).toMatchObject({ target: 'vb', payload: { quality: 'sound', hidden: false } });
    expect(session.store.getState().driving).toBe(false);
    setQuality('auto');
    session.input.key(0x61, true);
    expect(sent.at(-1)).toBe('04000000070000006101');
  });

  it('says again what is wanted of the picture when the agent is back, for the hub passes nothing to one that is away', async () => {
    const { socket } = await inside();
    const agent = { ...aPeer('vb', mia), kind: 'vb' as const };
    socket.say({ type: 'peer.updated', version: 8, payload: { peer: { ...agent, connected: false } } });
    setQuality('low');
    const before = socket.sent.length;
    socket.say({ type: 'peer.updated', version: 9, payload: { peer: { ...agent, connected: true } } });
    socket.say({ type: 'peer.updated', version: 10, payload: { peer: { ...agent, connected: true } } });
    expect(socket.sent.slice(before)).toMatchObject([{ type: 'stream.prefer', target: 'vb', payload: { quality: 'low', hidden: false } }]);
  });

  it('leaves control to the others when only the sound is wanted, and asks for it no more', async () => {
    const { socket } = await inside();
    setQuality('sound');
    expect(socket.last('control.release').payload).toEqual({});
    setQuality('high');
    socket.say({ type: 'control.changed', version: 8, payload: { holder: 'p2', epoch: 8, requests: ['p1'] } });
    setQuality('sound');
    expect(socket.last('control.cancel').payload).toEqual({});
    expect(socket.sent.filter(({ type }) => type === 'control.release')).toHaveLength(1);
  });

  it('drives while control is held and the picture comes', async () => {
    const { session, socket, connection } = await inside();
    const driving = (): boolean => session.store.getState().driving;
    expect(driving()).toBe(true);
    connection.become('disconnected');
    expect(driving()).toBe(false);
    connection.become('connected');
    expect(driving()).toBe(true);
    socket.say({ type: 'control.changed', version: 8, payload: { holder: 'p2', epoch: 8, requests: [] } });
    expect(driving()).toBe(false);
  });

  it('shows the picture again after the browser of a paused picture has ended', async () => {
    const { session, socket, connections } = await inside();
    session.setPaused(true);
    socket.say({ type: 'browser.changed', version: 8, payload: { browser: { state: 'stopped' } } });
    expect(session.store.getState().paused).toBe(false);
    socket.say({ type: 'browser.changed', version: 9, payload: { browser: { id: 'b2', state: 'ready', peer: 'vb2' } } });
    expect(connections).toHaveLength(2);
  });

  it('tells whoever drove that somebody took control, and not whoever gave it', async () => {
    const { session, socket } = await inside();
    const taken = (): string | undefined => session.store.getState().taken?.name;
    const control = (epoch: number, holder?: string): void => socket.say({ type: 'control.changed', version: epoch, payload: { ...(holder === undefined ? {} : { holder }), epoch, requests: [] } });
    control(8);
    control(9, 'p2');
    expect(taken()).toBeUndefined();
    control(10, 'p1');
    void session.ask('control.give', { peer: 'p2' });
    control(11, 'p2');
    expect(taken()).toBeUndefined();
    control(12, 'p1');
    control(13, 'p2');
    expect(taken()).toBe('Jon');
  });

  it('copies here what was copied in the browser, or keeps it for a click where that is not allowed', async () => {
    const { session, socket, hear } = await inside();
    hear('clipboard', { text: 'one' });
    await vi.advanceTimersByTimeAsync(0);
    expect(copied).toEqual(['one']);
    expect(session.store.getState().copied).toBeNull();
    mayCopy = false;
    hear('clipboard', { text: 'two' });
    await vi.advanceTimersByTimeAsync(0);
    expect(session.store.getState().copied).toBe('two');
    socket.say({ type: 'control.changed', version: 8, payload: { epoch: 8, requests: [] } });
    expect(session.store.getState().copied).toBeNull();
  });

  it('offers nothing that was copied under a control which has gone on meanwhile', async () => {
    const { session, socket, hear } = await inside();
    mayCopy = false;
    hear('clipboard', { text: 'one' });
    socket.say({ type: 'control.changed', version: 8, payload: { holder: 'p2', epoch: 8, requests: [] } });
    await vi.advanceTimersByTimeAsync(0);
    expect(session.store.getState().copied).toBeNull();
  });

  it('asks after a reconnect what changed in the older messages meanwhile', async () => {
    const { session, socket, sockets } = await inside();
    socket.say({ type: 'chat.message', version: 8, payload: { message: aMessage(1) } });
    socket.say({ type: 'chat.message', version: 9, payload: { message: aMessage(2) } });
    history.mockResolvedValueOnce({ messages: [aMessage(1, { text: 'edited', revision: 1 })], more: true }).mockResolvedValueOnce({ messages: [aMessage(2, { text: 'too', revision: 4 })], more: false });
    socket.drop();
    await vi.advanceTimersByTimeAsync(20_000);
    sockets.at(-1)?.accept();
    sockets.at(-1)?.say({ type: 'identity', payload: anIdentity({}, { messages: [aMessage(3)], moreMessages: true, revision: 4 }) });
    await vi.advanceTimersByTimeAsync(0);
    expect(history.mock.calls.map(([, query]) => query)).toEqual([{ changedAfter: 0 }, { changedAfter: 1 }]);
    expect(session.store.getState().messages.map(({ text }) => text)).toEqual(['edited', 'too', 'message 3']);
    expect(session.store.getState().revision).toBe(4);
  });

  it('reads anew what is shown where too much has changed since', async () => {
    const { session, socket, sockets } = await inside();
    for (const seq of [1, 2, 3]) socket.say({ type: 'chat.message', version: 7 + seq, payload: { message: aMessage(seq) } });
    let asked = 0;
    history.mockImplementation((_room, query) => Promise.resolve('before' in query ? { messages: [aMessage(2, { text: 'anew', revision: 5 }), aMessage(3)], more: true } : { messages: [aMessage(1, { revision: ++asked })], more: true }));
    socket.drop();
    await vi.advanceTimersByTimeAsync(20_000);
    sockets.at(-1)?.accept();
    sockets.at(-1)?.say({ type: 'identity', payload: anIdentity({}, { messages: [aMessage(4)], moreMessages: true, revision: 4_000 }) });
    await vi.advanceTimersByTimeAsync(0);
    expect(history.mock.calls.map(([, query]) => query)).toEqual([...Array.from({ length: 10 }, (_, i) => ({ changedAfter: i })), { before: Number.MAX_SAFE_INTEGER }]);
    const { messages, moreMessages, revision } = session.store.getState();
    expect(messages.map(({ text }) => text)).toEqual(['anew', 'message 3', 'message 4']);
    expect(moreMessages).toBe(true);
    expect(revision).toBe(4_000);
  });

  it('asks again for what changed when the server does not answer at first, and no more once the person is gone', async () => {
    const { session, socket, sockets } = await inside();
    socket.say({ type: 'chat.message', version: 8, payload: { message: aMessage(1) } });
    socket.drop();
    await vi.advanceTimersByTimeAsync(20_000);
    sockets.at(-1)?.accept();
    history.mockRejectedValueOnce(new Error('away')).mockResolvedValueOnce({ messages: [aMessage(1, { text: '', revision: 1, deletedAt: '2026-01-01T13:00:00Z' })], more: false });
    sockets.at(-1)?.say({ type: 'identity', payload: anIdentity({}, { messages: [aMessage(2)], moreMessages: true, revision: 1 }) });
    await vi.advanceTimersByTimeAsync(0);
    expect(session.store.getState().messages[0]?.text).toBe('message 1');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(session.store.getState().messages.map(({ text }) => text)).toEqual(['', 'message 2']);
    expect(history).toHaveBeenCalledTimes(2);
    history.mockRejectedValue(new Error('away'));
    sockets.at(-1)?.say({ type: 'identity', payload: anIdentity({}, { messages: [aMessage(2)], moreMessages: true, revision: 2 }) });
    await vi.advanceTimersByTimeAsync(0);
    expect(history).toHaveBeenCalledTimes(3);
    session.dispose();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(history).toHaveBeenCalledTimes(3);
  });

  it('keeps what changes while older messages are fetched', async () => {
    const { session, socket } = await inside();
    socket.say({ type: 'identity', payload: anIdentity({}, { messages: [aMessage(5)], moreMessages: true }) });
    let answer: (page: Awaited<ReturnType<typeof history>>) => void = () => undefined;
    history.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const fetched = session.older();
    socket.say({ type: 'chat.changed', version: 8, payload: { message: aMessage(3, { text: '', revision: 1, deletedAt: '2026-01-01T13:00:00Z' }) } });
    answer({ messages: [aMessage(3), aMessage(4, { replyTo: { seq: 3, author: mia, text: 'message 3' } })], more: false });
    expect(await fetched).toBe(true);
    const { messages } = session.store.getState();
    expect(messages.map(({ text }) => text)).toEqual(['', 'message 4', 'message 5']);
    expect(messages[1]?.replyTo?.text).toBe('');
  });

  it('fetches the newest where whispers of others are all that was remembered', async () => {
    const { session, socket } = await inside();
    socket.say({ type: 'identity', payload: anIdentity({}, { messages: [], moreMessages: true }) });
    history.mockResolvedValueOnce({ messages: [aMessage(3), aMessage(4)], more: false });
    expect(await session.older()).toBe(true);
    expect(history).toHaveBeenLastCalledWith(expect.any(String), { before: Number.MAX_SAFE_INTEGER });
    expect(session.store.getState().messages.map(({ seq }) => seq)).toEqual([3, 4]);
  });

  it('puts older messages before those shown, once', async () => {
    const { session, socket } = await inside();
    socket.say({ type: 'identity', payload: anIdentity({}, { messages: [aMessage(5)], moreMessages: true }) });
    history.mockResolvedValueOnce({ messages: [aMessage(3), aMessage(4)], more: false });
    expect(await session.older()).toBe(true);
    expect(history).toHaveBeenLastCalledWith(expect.any(String), { before: 5 });
    expect(session.store.getState().messages.map(({ seq }) => seq)).toEqual([3, 4, 5]);
    expect(await session.older()).toBe(false);
  });
});
