import { expect, it } from 'vitest';
import type { DoctorReport } from '@/api/types';
import { probeAll, type Surroundings } from './probes';

type Outcome = 'relay' | 'silent' | number;

/** Gathers what a network of a test lets through. */
class FakeConnection {
  static open = 0;
  onicecandidate: ((event: { candidate: { candidate: string } | null }) => void) | null = null;
  onicecandidateerror: ((event: { errorCode: number }) => void) | null = null;
  constructor(private readonly outcome: Outcome) {
    FakeConnection.open++;
  }
  createDataChannel(): void {
    // Gathering wants something to carry.
  }
  setLocalDescription(): Promise<void> {
    queueMicrotask(() => {
      if (this.outcome === 'relay') this.onicecandidate?.({ candidate: { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ relay raddr 0.0.0.0 rport 0' } });
      else if (this.outcome !== 'silent') {
        this.onicecandidateerror?.({ errorCode: this.outcome });
        this.onicecandidate?.({ candidate: null });
      }
    });
    return Promise.resolve();
  }
  close(): void {
    FakeConnection.open--;
  }
}

const report: DoctorReport = {
  checkedAt: '2026-11-21T12:00:00Z',
  version: '1',
  running: true,
  checks: [],
  visit: { host: 'watch.example.org', address: '192.0.2.9', secure: true },
  iceServers: [{ urls: ['stun:watch.example.org:3478'] }, { urls: ['turn:watch.example.org:3478?transport=udp', 'turn:watch.example.org:3478?transport=tcp'], username: 'u', credential: 'c' }],
};

const look = async (outcomes: { udp: Outcome; tcp: Outcome; socket?: boolean; clock?: number | null; host?: string }, about = report) => {
  const around: Surroundings = {
    makePeerConnection: ({ iceServers, iceTransportPolicy }) => {
      expect(iceTransportPolicy).toBe('relay');
      const [url] = iceServers?.[0]?.urls ?? [];
      return new FakeConnection(url?.endsWith('tcp') ? outcomes.tcp : outcomes.udp) as unknown as RTCPeerConnection;
    },
    openSocket: () => {
      const socket = { onopen: null as (() => void) | null, onerror: null as (() => void) | null, close: () => undefined };
      queueMicrotask(() => (outcomes.socket === false ? socket.onerror?.() : socket.onopen?.()));
      return socket as unknown as WebSocket;
    },
    serverTime: () => (outcomes.clock === null ? Promise.reject(new Error('away')) : Promise.resolve(1_000_000 + (outcomes.clock ?? 0))),
    now: () => 1_000_000,
    host: outcomes.host ?? 'watch.example.org',
    setTimeout: (run) => setTimeout(run, 10),
  };
  const probes = await probeAll(about, around);
  expect(FakeConnection.open).toBe(0);
  return Object.fromEntries(probes.map(({ id, state, words }) => [id, `${state} ${words}`]));
};

it('finds nothing where all is right', async () => {
  expect(await look({ udp: 'relay', tcp: 'relay' })).toEqual({ relayUdp: 'ok ok', relayTcp: 'ok ok', webSocket: 'ok ok', clock: 'ok ok', host: 'ok ok' });
});

it('tells which way to the relay is closed, and blames more where both are', async () => {
  expect(await look({ udp: 'silent', tcp: 'relay' })).toMatchObject({ relayUdp: 'warn wrong', relayTcp: 'ok ok' });
  expect(await look({ udp: 'relay', tcp: 701 })).toMatchObject({ relayUdp: 'ok ok', relayTcp: 'warn wrong' });
  expect(await look({ udp: 701, tcp: 'silent' })).toMatchObject({ relayUdp: 'fail wrong', relayTcp: 'fail wrong' });
  expect(await look({ udp: 401, tcp: 'relay' })).toMatchObject({ relayUdp: 'warn refused' });
  expect(await look({ udp: 'relay', tcp: 'relay' }, { ...report, iceServers: [] })).toMatchObject({ relayUdp: 'fail none', relayTcp: 'fail none' });
});

it('sees what a proxy in front does wrong, and clocks that differ', async () => {
  expect(await look({ udp: 'relay', tcp: 'relay', socket: false, clock: -60_000, host: 'elsewhere.example.org' })).toMatchObject({ webSocket: 'fail wrong', clock: 'warn wrong', host: 'warn wrong' });
  expect(await look({ udp: 'relay', tcp: 'relay', clock: null })).toMatchObject({ clock: 'unknown unknown' });
});
