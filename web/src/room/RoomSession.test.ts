import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { aJoin, anIdentity, FakeSocket } from '@/test/mockServer';
import { RoomSession } from './RoomSession';

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

/** Inside a room whose browser runs, driving, with a live picture. */
async function inside() {
  const sockets: FakeSocket[] = [];
  const connections: FakeConnection[] = [];
  const session = new RoomSession({
    room: 'friday-movies',
    join: () => Promise.resolve(aJoin()),
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
  connection.become('connected');
  return { session, socket, sockets, connection, connections, channel, sent };
}

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
});
afterEach(() => vi.useRealTimers());

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
});
