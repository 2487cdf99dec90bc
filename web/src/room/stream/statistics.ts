export interface StreamNumbers {
  codec: string | null;
  width: number;
  height: number;
  framesPerSecond: number;
  bitsPerSecond: number;
  roundTrip: number | null;
  buffer: number | null;
  lost: number;
  relayed: boolean | null;
}

interface Report {
  forEach(callback: (entry: Record<string, unknown>) => void): void;
}

interface Before {
  at: number;
  bytes: number;
  delay: number;
  emitted: number;
}

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Reads getStats (W3C webrtc-stats) into the few numbers that tell a person how well it goes; differences need the reading before. */
export function readStatistics(report: Report, before: Before | null): { numbers: StreamNumbers; next: Before } | null {
  const entries = new Map<string, Record<string, unknown>>();
  report.forEach((entry) => entries.set(String(entry.id), entry));
  const all = [...entries.values()];
  const video = all.find((entry) => entry.type === 'inbound-rtp' && entry.kind === 'video');
  if (!video) return null;
  const transport = all.find((entry) => entry.type === 'transport');
  const pair = entries.get(String(transport?.selectedCandidatePairId)) ?? all.find((entry) => entry.type === 'candidate-pair' && entry.nominated === true && entry.state === 'succeeded');
  const codec = entries.get(String(video.codecId));
  const ends = [entries.get(String(pair?.localCandidateId)), entries.get(String(pair?.remoteCandidateId))];
  const next: Before = {
    at: number(video.timestamp),
    bytes: all.filter((entry) => entry.type === 'inbound-rtp').reduce((sum, entry) => sum + number(entry.bytesReceived), 0),
    delay: number(video.jitterBufferDelay),
    emitted: number(video.jitterBufferEmittedCount),
  };
  const seconds = before ? (next.at - before.at) / 1000 : 0;
  const emitted = before ? next.emitted - before.emitted : next.emitted;
  return {
    next,
    numbers: {
      codec: typeof codec?.mimeType === 'string' ? codec.mimeType.replace(/^video\//i, '') : null,
      width: number(video.frameWidth),
      height: number(video.frameHeight),
      framesPerSecond: number(video.framesPerSecond),
      bitsPerSecond: before && seconds > 0 ? ((next.bytes - before.bytes) * 8) / seconds : 0,
      roundTrip: typeof pair?.currentRoundTripTime === 'number' ? pair.currentRoundTripTime * 1000 : null,
      buffer: emitted > 0 ? ((next.delay - (before?.delay ?? 0)) / emitted) * 1000 : null,
      lost: number(video.packetsLost),
      relayed: pair ? ends.some((end) => end?.candidateType === 'relay') : null,
    },
  };
}
