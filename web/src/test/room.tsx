import { act, screen, waitFor } from '@testing-library/react';
import { expect, vi } from 'vitest';
import type { AgentEvent, ServerMessage } from '@/api/hub/messages';
import { checked } from '@/call/preferences';
// The page loads it when it is needed; here before a test begins, so that no test waits for it.
import '@/room/RoomPage';
import { fetchRest } from '@/ui/later';
import { aJoin, anIdentity, aSession, FakeSocket, type Answer } from './mockServer';
import { open } from './page';

await fetchRest();

/** The agent's end of a peer connection, which a test holds. */
class FakeConnection {
  static last: FakeConnection | undefined;
  ondatachannel: ((event: unknown) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  connectionState: RTCPeerConnectionState = 'new';
  iceConnectionState: RTCIceConnectionState = 'new';
  report: Map<string, unknown> = new Map<string, unknown>();
  readonly sent: string[] = [];
  readonly events = { label: 'events', onmessage: null as ((message: { data: string }) => void) | null };
  constructor() {
    FakeConnection.last = this;
  }
  getReceivers(): never[] {
    return [];
  }
  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(this.report);
  }
  readonly close = (): void => undefined;
  becomeLive(): void {
    for (const label of ['input', 'pointer']) this.ondatachannel?.({ channel: { label, readyState: 'open', bufferedAmount: 0, send: (frame: ArrayBuffer) => label === 'input' && this.sent.push(Buffer.from(frame).toString('hex')) } });
    this.ondatachannel?.({ channel: this.events });
    this.connectionState = 'connected';
    this.onconnectionstatechange?.();
  }
}

/** A person who came into the room, with the other end of the hub in the test's hands. */
export interface Inside extends ReturnType<typeof open> {
  socket: FakeSocket;
  say: (message: ServerMessage) => void;
}

/** Opens the page of a room and comes in. */
export async function enterRoom(snapshot: Parameters<typeof anIdentity>[1] = {}, identity: Parameters<typeof anIdentity>[0] = {}, answers: Record<string, Answer> = {}, firstTime = false, sees = firstTime ? 'check' : 'stage'): Promise<Inside> {
  const made: FakeSocket[] = [];
  vi.stubGlobal(
    'WebSocket',
    class extends FakeSocket {
      constructor() {
        super();
        made.push(this);
        setTimeout(() => this.accept());
      }
    },
  );
  vi.stubGlobal('RTCPeerConnection', FakeConnection);
  checked.setState({ done: !firstTime });
  const page = open('/r/friday-movies', { 'POST /rooms/friday-movies/join': () => aJoin(), 'POST /sessions/refresh': () => aSession(), ...answers });
  await waitFor(() => expect(made.at(-1)?.sent.map(({ type }) => type)).toContain('hello'));
  const socket = made.at(-1);
  if (!socket) throw new Error('no socket was opened');
  const say = (message: ServerMessage): void => act(() => socket.say(message));
  say({ type: 'identity', payload: anIdentity(identity, snapshot) });
  await screen.findByTestId(sees);
  return { ...page, socket, say };
}

/** A browser that runs, in a snapshot. */
export const running = { id: 'b1', state: 'ready', peer: 'vb' } as const;

/** Makes the stream live, and a picture of that size come. */
export function showPicture(width = 1280, height = 720): { hear: (event: AgentEvent) => void; sent: string[]; connection: FakeConnection } {
  const connection = FakeConnection.last;
  if (!connection) throw new Error('nobody asked for the picture');
  const video = screen.getByTestId('stage-video');
  Object.defineProperties(video, { videoWidth: { value: width, configurable: true }, videoHeight: { value: height, configurable: true } });
  act(() => connection.becomeLive());
  act(() => void video.dispatchEvent(new Event('loadeddata')));
  return { hear: (event) => act(() => connection.events.onmessage?.({ data: JSON.stringify(event) })), sent: connection.sent, connection };
}
