import { expect, it } from 'vitest';
import { readStatistics } from './statistics';

const report = (timestamp: number, bytes: number): Map<string, Record<string, unknown>> =>
  new Map(
    [
      { id: 'v', type: 'inbound-rtp', kind: 'video', timestamp, bytesReceived: bytes, framesPerSecond: 30, frameWidth: 1280, frameHeight: 720, codecId: 'c', packetsLost: 2, jitterBufferDelay: timestamp / 1000, jitterBufferEmittedCount: timestamp / 10 },
      { id: 'c', type: 'codec', mimeType: 'video/H264' },
      { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
      { id: 'p', type: 'candidate-pair', currentRoundTripTime: 0.012, localCandidateId: 'l', remoteCandidateId: 'r' },
      { id: 'l', type: 'local-candidate', candidateType: 'host' },
      { id: 'r', type: 'remote-candidate', candidateType: 'relay' },
    ].map((entry) => [entry.id, entry]),
  );

it('says codec, rate, delay and path from two readings', () => {
  const first = readStatistics(report(1000, 0), null);
  const second = readStatistics(report(2000, 125_000), first?.next ?? null);
  expect(second?.numbers).toEqual({ codec: 'H264', width: 1280, height: 720, framesPerSecond: 30, bitsPerSecond: 1_000_000, roundTrip: 12, buffer: 10, lost: 2, relayed: true });
});
