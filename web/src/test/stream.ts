import { vi } from 'vitest';
import type { Quality } from '@/api/types';
import { StreamSession, type StreamState } from '@/room/stream/StreamSession';

class FakeReceiver {
  constructor(readonly track: { kind: string }) {}
  jitterBufferTarget: number | null = null;
  playoutDelayHint: number | null = null;
}

class FakeConnection {
  receivers: FakeReceiver[] = [];
  ontrack: ((event: unknown) => void) | null = null;
  ondatachannel: ((event: unknown) => void) | null = null;
  onicecandidate: ((event: unknown) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  connectionState: RTCPeerConnectionState = 'new';
  remote: RTCSessionDescriptionInit | null = null;
  candidates: RTCIceCandidateInit[] = [];
  closed = false;
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.remote = description;
    return Promise.resolve();
  }
  createAnswer(): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: 'answer', sdp: 'answer' });
  }
  setLocalDescription(): Promise<void> {
    return Promise.resolve();
  }
  addIceCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (!this.remote) return Promise.reject(new Error('no description yet'));
    this.candidates.push(candidate);
    return Promise.resolve();
  }
  configuration: RTCConfiguration = {};
  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }
  getReceivers(): FakeReceiver[] {
    return this.receivers;
  }
  receive(kind = 'video'): FakeReceiver {
    const receiver = new FakeReceiver({ kind });
    this.receivers.push(receiver);
    this.ontrack?.({ track: {}, receiver });
    return receiver;
  }
  report: Record<string, unknown>[] = [];
  getStats(): Promise<Record<string, unknown>[]> {
    return Promise.resolve(this.report);
  }
  close(): void {
    this.closed = true;
  }
  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

/** A session whose connections, hub and names are the test's. */
export function setUp() {
  const connections: FakeConnection[] = [];
  const request = vi.fn((_session: string, _target: string) => true);
  const stop = vi.fn((_session: string, _target: string) => true);
  const prefer = vi.fn((_session: string, _quality: string, _hidden: boolean, _target: string) => true);
  const signal = vi.fn();
  const wish = { quality: 'auto' as Quality, hidden: false };
  let n = 0;
  const stream = new StreamSession({
    makePeerConnection: (configuration) => {
      const connection = new FakeConnection();
      connection.configuration = configuration;
      connections.push(connection);
      return connection as unknown as RTCPeerConnection;
    },
    request,
    prefer,
    wish: () => wish,
    stop,
    signal,
    makeSession: () => `s${++n}`,
    random: () => 1,
  });
  const states: StreamState[] = [];
  stream.on('state', (state) => states.push(state));
  const newest = (): FakeConnection => {
    const connection = connections.at(-1);
    if (!connection) throw new Error('no connection');
    return connection;
  };
  const live = async (): Promise<FakeConnection> => {
    stream.setSource({ browser: 'b1', peer: 'vb' });
    await stream.receive({ session: `s${n}`, description: { type: 'offer', sdp: 'offer' } }, 'vb');
    newest().become('connected');
    return newest();
  };
  const want = ({ quality, hidden }: Partial<typeof wish>): void => {
    if (quality !== undefined) {
      wish.quality = quality;
      stream.qualityChanged();
    }
    if (hidden !== undefined) {
      wish.hidden = hidden;
      stream.hiddenChanged();
    }
  };
  return { stream, want, connections, request, prefer, stop, signal, states, newest, live };
}
