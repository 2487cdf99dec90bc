import type { DoctorReport, DoctorState, ICEServer } from '@/api/types';
import { allocate } from '@/call/allocate';

/** What only a page can find out: the way from here to the server. */
export type ProbeId = 'relayUdp' | 'relayTcp' | 'webSocket' | 'clock' | 'host';

export interface Probe {
  id: ProbeId;
  state: DoctorState;
  /** Which words tell it, and what stands in them. */
  words: 'ok' | 'wrong' | 'refused' | 'none' | 'unknown';
  values: Readonly<Record<string, string | number>>;
}

export interface Surroundings {
  makePeerConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  openSocket: () => WebSocket;
  /** The server's clock, in milliseconds since 1970. */
  serverTime: () => Promise<number>;
  now: () => number;
  host: string;
  setTimeout: (run: () => void, milliseconds: number) => unknown;
}

/** Chromium gives a TCP connection that nobody answers about as long. */
const patience = 9_000;
/** Two clocks that are kept right differ by less. */
const clockOff = 5_000;

export async function probeAll(report: DoctorReport, around: Surroundings): Promise<Probe[]> {
  const [udp, tcp, ...others] = await Promise.all([probeRelay('udp', report.iceServers, around), probeRelay('tcp', report.iceServers, around), probeSocket(around), probeClock(around)]);
  // One of the two is enough for a picture; none is not.
  const relays = [udp, tcp].every(({ state }) => state === 'warn') ? [udp, tcp].map((probe) => ({ ...probe, state: 'fail' as const })) : [udp, tcp];
  return [...relays, ...others, probeHost(report, around)];
}

/** Whether the relay gives this page an address: it then has answered twice, the second time to a password. */
async function probeRelay(transport: 'udp' | 'tcp', servers: readonly ICEServer[], around: Surroundings): Promise<Probe> {
  const id = transport === 'udp' ? 'relayUdp' : 'relayTcp';
  const own = servers.map((server) => ({ ...server, urls: server.urls.filter((url) => url.startsWith('turn:') && (url.includes('transport=tcp') ? 'tcp' : 'udp') === transport) })).find(({ urls }) => urls.length > 0);
  const url = own?.urls[0];
  if (!own || url === undefined) return { id, state: 'warn', words: 'none', values: {} };
  const values = { at: url.replace(/^turn:|\?.*$/g, '') };
  const error = await allocate({ urls: [url], username: own.username ?? '', credential: own.credential ?? '' }, around);
  if (error === null) return { id, state: 'ok', words: 'ok', values };
  return error === 0 || error === 701 ? { id, state: 'warn', words: 'wrong', values } : { id, state: 'warn', words: 'refused', values: { ...values, code: error } };
}

function probeSocket(around: Surroundings): Promise<Probe> {
  return new Promise((resolve) => {
    const socket = around.openSocket();
    const end = (opened: boolean): void => {
      socket.onopen = socket.onerror = socket.onclose = null;
      socket.close();
      resolve({ id: 'webSocket', state: opened ? 'ok' : 'fail', words: opened ? 'ok' : 'wrong', values: {} });
    };
    socket.onopen = () => end(true);
    socket.onerror = socket.onclose = () => end(false);
    around.setTimeout(() => end(false), patience);
  });
}

async function probeClock({ serverTime, now }: Surroundings): Promise<Probe> {
  try {
    const before = now();
    const theirs = await serverTime();
    const off = Math.abs(theirs - (before + now()) / 2);
    return { id: 'clock', state: off > clockOff ? 'warn' : 'ok', words: off > clockOff ? 'wrong' : 'ok', values: { seconds: Math.round(off / 1000) } };
  } catch {
    return { id: 'clock', state: 'unknown', words: 'unknown', values: {} };
  }
}

/** What the proxies in front made of the address that this page was opened by. */
function probeHost(report: DoctorReport, { host }: Surroundings): Probe {
  const told = report.visit?.host ?? '';
  const same = told.toLowerCase() === host.toLowerCase();
  return { id: 'host', state: same ? 'ok' : 'warn', words: same ? 'ok' : 'wrong', values: { host, told } };
}
