import type { StatisticsEvent } from '@/api/types';

/** direct: an address of the machine itself. router: one that a router gave on the way. relayed: through a TURN server. */
export type PathKind = 'direct' | 'router' | 'relayed';

export interface StreamNumbers {
  codec: string | null;
  profile: H264Profile | null;
  width: number;
  height: number;
  framesPerSecond: number;
  bitsPerSecond: number;
  /** In milliseconds, as all times here; null while unknown. */
  roundTrip: number | null;
  /** How long the picture waits for its packets and its turn, and how long a frame takes to decode. */
  buffer: number | null;
  decode: number | null;
  /** The share of packets that did not arrive since the reading before. */
  loss: number;
  freezes: number;
  path: { kind: PathKind; protocol: string } | null;
  soundBuffer: number | null;
  /** The share of sound that had to be made up since the reading before. */
  concealed: number | null;
}

export interface H264Profile {
  name: 'constrainedBaseline' | 'baseline' | 'main' | 'high';
  level: string;
}

interface Report {
  forEach(callback: (entry: Record<string, unknown>) => void): void;
}

type Entry = Record<string, unknown>;

/** Counters, which tell something by their difference from one reading to the next. */
const counters = {
  picture: ['jitterBufferDelay', 'jitterBufferEmittedCount', 'totalDecodeTime', 'framesReceived', 'framesDecoded', 'packetsLost', 'packetsReceived', 'freezeCount', 'nackCount'],
  sound: ['jitterBufferDelay', 'jitterBufferEmittedCount', 'concealedSamples', 'silentConcealedSamples', 'totalSamplesReceived'],
} as const;

type Counters<K extends keyof typeof counters> = Record<(typeof counters)[K][number], number>;

interface Before {
  at: number;
  bytes: number;
  picture: Counters<'picture'>;
  sound: Counters<'sound'>;
  freezes: number;
  /** The picture misses something and has not gone on: its freeze is counted when it does. */
  stuck: boolean;
}

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const count = <K extends keyof typeof counters>(kind: K, entry: Entry | undefined): Counters<K> => Object.fromEntries(counters[kind].map((name) => [name, number(entry?.[name])])) as Counters<K>;
const minus = <T extends string>(now: Record<T, number>, before: Record<T, number> | undefined): Record<T, number> =>
  Object.fromEntries((Object.keys(now) as T[]).map((name) => [name, now[name] - (before?.[name] ?? 0)])) as Record<T, number>;
/** Seconds by how often they were spent, in milliseconds. */
const mean = (seconds: number, times: number): number | null => (times > 0 ? (seconds / times) * 1000 : null);
const share = (part: number, whole: number): number => (whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0);

/** Reads getStats (W3C webrtc-stats) into the few numbers that tell a person how well it goes; differences need the reading before. */
export function readStatistics(report: Report, last: Before | null): { numbers: StreamNumbers; next: Before } | null {
  const entries = new Map<string, Entry>();
  report.forEach((entry) => entries.set(String(entry.id), entry));
  const all = [...entries.values()];
  const received = all.filter((entry) => entry.type === 'inbound-rtp');
  const video = received.find((entry) => entry.kind === 'video');
  const audio = received.find((entry) => entry.kind === 'audio');
  if (!video) return null;
  const bytes = received.reduce((sum, entry) => sum + number(entry.bytesReceived), 0);
  // Another connection counts from zero.
  const before = last && last.bytes <= bytes ? last : null;
  const picture = count('picture', video);
  const sound = count('sound', audio);
  const pictured = minus(picture, before?.picture);
  const sounded = minus(sound, before?.sound);
  // A still page sends no frames, which looks like a freeze to the browser: it counts one, and asks for a keyframe, which
  // says nothing either. Only a picture that misses packets freezes, or one whose frames come and are not shown; one frame
  // may be on its way through the decoder.
  const missed = pictured.nackCount > 0 || pictured.packetsLost > 0 || (pictured.framesDecoded === 0 && pictured.framesReceived > 1);
  const stuck = missed || before?.stuck === true;
  const next: Before = {
    at: number(video.timestamp), bytes, picture, sound,
    freezes: (before?.freezes ?? 0) + (before && stuck ? Math.max(0, pictured.freezeCount) : 0),
    stuck: stuck && pictured.framesDecoded === 0,
  };
  const seconds = before ? (next.at - before.at) / 1000 : 0;
  const transport = all.find((entry) => entry.type === 'transport');
  const pair = entries.get(String(transport?.selectedCandidatePairId)) ?? all.find((entry) => entry.type === 'candidate-pair' && entry.nominated === true && entry.state === 'succeeded');
  const codec = entries.get(String(video.codecId));
  const name = typeof codec?.mimeType === 'string' ? codec.mimeType.replace(/^video\//i, '') : null;
  return {
    next,
    numbers: {
      codec: name,
      profile: typeof codec?.sdpFmtpLine === 'string' ? h264Profile(codec.sdpFmtpLine) : null,
      width: number(video.frameWidth),
      height: number(video.frameHeight),
      framesPerSecond: number(video.framesPerSecond),
      bitsPerSecond: before && seconds > 0 ? ((bytes - before.bytes) * 8) / seconds : 0,
      roundTrip: typeof pair?.currentRoundTripTime === 'number' ? pair.currentRoundTripTime * 1000 : null,
      buffer: mean(pictured.jitterBufferDelay, pictured.jitterBufferEmittedCount),
      decode: mean(pictured.totalDecodeTime, pictured.framesDecoded),
      loss: share(pictured.packetsLost, pictured.packetsLost + pictured.packetsReceived),
      freezes: next.freezes,
      path: pair ? pathOf([entries.get(String(pair.localCandidateId)), entries.get(String(pair.remoteCandidateId))]) : null,
      soundBuffer: mean(sounded.jitterBufferDelay, sounded.jitterBufferEmittedCount),
      concealed: sounded.totalSamplesReceived > 0 ? share(sounded.concealedSamples - sounded.silentConcealedSamples, sounded.totalSamplesReceived) : null,
    },
  };
}

function pathOf(ends: readonly (Entry | undefined)[]): { kind: PathKind; protocol: string } {
  const types = ends.map((end) => end?.candidateType);
  const [local] = ends;
  // To a TURN server of our own the way may be another than from there.
  const protocol = typeof local?.relayProtocol === 'string' ? local.relayProtocol : typeof local?.protocol === 'string' ? local.protocol : '';
  const kind = types.includes('relay') ? 'relayed' : types.includes('srflx') || types.includes('prflx') ? 'router' : 'direct';
  return { kind, protocol: protocol.toUpperCase() };
}

/** The profile and level of profile-level-id (RFC 6184 section 8.1). */
function h264Profile(line: string): H264Profile | null {
  const [, profile, constraints, level] = /profile-level-id=([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(line) ?? [];
  if (profile === undefined || constraints === undefined || level === undefined) return null;
  const constrained = (parseInt(constraints, 16) & 0x40) !== 0;
  const name = { '42': constrained ? 'constrainedBaseline' : 'baseline', '4d': 'main', '64': 'high' } as const;
  const found = name[profile.toLowerCase() as keyof typeof name] as H264Profile['name'] | undefined;
  return found === undefined ? null : { name: found, level: (parseInt(level, 16) / 10).toFixed(1) };
}

/** How old the picture is when it is shown, in parts: on the server, on the way, waiting here, being decoded here. */
export interface Delay {
  server: number;
  way: number;
  waiting: number;
  decoding: number;
  total: number;
}

/** Null while nothing moves, or nothing is known of the server's part. */
export function delayOf(numbers: StreamNumbers, agent: StatisticsEvent | null): Delay | null {
  if (!agent || numbers.buffer === null) return null;
  const server = agent.delay;
  const way = (numbers.roundTrip ?? agent.roundTrip) / 2;
  const waiting = numbers.buffer;
  const decoding = numbers.decode ?? 0;
  return { server, way, waiting, decoding, total: server + way + waiting + decoding };
}
