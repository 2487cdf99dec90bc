import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StatisticsEvent } from '@/api/types';
import { delayOf, readStatistics } from './statistics';
import { StatisticsLog } from './StatisticsLog';
import { Judge, troubleOf, type Circumstances, type Trouble } from './trouble';

type Entries = Record<string, Record<string, unknown>>;

/** A report of getStats after so many seconds of a stream of 1 Mbit/s. */
function report(seconds: number, change: Entries = {}): Map<string, Record<string, unknown>> {
  const entries: Entries = {
    v: {
      type: 'inbound-rtp', kind: 'video', timestamp: seconds * 1000, bytesReceived: seconds * 125_000, framesPerSecond: 30, frameWidth: 1280, frameHeight: 720, codecId: 'c',
      packetsLost: 0, packetsReceived: seconds * 100, jitterBufferDelay: seconds * 0.6, jitterBufferEmittedCount: seconds * 30, totalDecodeTime: seconds * 0.09, framesReceived: seconds * 30, framesDecoded: seconds * 30, freezeCount: 0, nackCount: 0, pliCount: 0,
    },
    a: { type: 'inbound-rtp', kind: 'audio', jitterBufferDelay: seconds * 1920, jitterBufferEmittedCount: seconds * 48_000, concealedSamples: seconds * 4800, silentConcealedSamples: seconds * 4320, totalSamplesReceived: seconds * 48_000 },
    c: { type: 'codec', mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f' },
    t: { type: 'transport', selectedCandidatePairId: 'p' },
    p: { type: 'candidate-pair', currentRoundTripTime: 0.012, localCandidateId: 'l', remoteCandidateId: 'r' },
    l: { type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
    r: { type: 'remote-candidate', candidateType: 'host', protocol: 'udp' },
  };
  return new Map(Object.entries(entries).map(([id, entry]) => [id, { id, ...entry, ...change[id] }]));
}

const agent: StatisticsEvent = { codec: 'H264', layer: 'high', framesPerSecond: 30, bitsPerSecond: 1e6, estimate: 2e6, loss: 0, roundTrip: 14, delay: 9 };

const second = (change: Entries = {}) => {
  const first = readStatistics(report(1), null);
  const result = readStatistics(report(2, change), first?.next ?? null);
  if (!result) throw new Error('nothing was read');
  return result.numbers;
};

describe('readStatistics', () => {
  it('says all of picture, sound and path from two readings', () => {
    expect(second()).toEqual({
      codec: 'H264', profile: { name: 'constrainedBaseline', level: '3.1' }, width: 1280, height: 720, framesPerSecond: 30, bitsPerSecond: 1_000_000, roundTrip: 12, buffer: expect.closeTo(20) as number,
      decode: expect.closeTo(3) as number, loss: 0, freezes: 0, path: { kind: 'direct', protocol: 'UDP' }, soundBuffer: expect.closeTo(40) as number, concealed: expect.closeTo(0.01) as number,
    });
  });

  it('says nothing while there is no picture to read of', () => {
    expect(readStatistics(new Map(), null)).toBeNull();
  });

  it('takes the share of packets that were lost since the reading before', () => {
    expect(second({ v: { packetsLost: 25, packetsReceived: 175 } }).loss).toBeCloseTo(0.25);
  });

  it('takes a page that stands still for no freeze, and a picture that misses packets for one', () => {
    expect(second({ v: { freezeCount: 2 } }).freezes).toBe(0);
    // After three seconds without a frame Chromium asks for a keyframe.
    expect(second({ v: { freezeCount: 2, pliCount: 2 } }).freezes).toBe(0);
    expect(second({ v: { freezeCount: 2, nackCount: 3 } }).freezes).toBe(2);
  });

  it.each<[string, Record<string, number>, number]>([
    ['whose frames come and are not shown', { framesReceived: 60 }, 1],
    ['which misses packets', { nackCount: 3 }, 1],
    ['whose one frame is being decoded', { framesReceived: 31 }, 0],
  ])('counts the freeze of a picture %s when it goes on', (_name, v, freezes) => {
    let last = readStatistics(report(1), null);
    last = readStatistics(report(2, { v: { framesDecoded: 30, ...v } }), last?.next ?? null);
    expect(last?.numbers.freezes).toBe(0);
    const on = { framesReceived: 90, framesDecoded: 90, nackCount: v.nackCount ?? 0 };
    last = readStatistics(report(3, { v: { ...on, freezeCount: 1 } }), last?.next ?? null);
    expect(last?.numbers.freezes).toBe(freezes);
    last = readStatistics(report(4, { v: { ...on, framesReceived: 91, framesDecoded: 91, freezeCount: 2 } }), last?.next ?? null);
    expect(last?.numbers.freezes).toBe(freezes);
  });

  it.each([
    [{ l: { candidateType: 'prflx' } }, { kind: 'router', protocol: 'UDP' }],
    [{ r: { candidateType: 'srflx' } }, { kind: 'router', protocol: 'UDP' }],
    [{ l: { candidateType: 'relay', relayProtocol: 'tls' } }, { kind: 'relayed', protocol: 'TLS' }],
    [{ r: { candidateType: 'relay' } }, { kind: 'relayed', protocol: 'UDP' }],
    [{ l: { protocol: 'tcp' } }, { kind: 'direct', protocol: 'TCP' }],
  ])('tells the path of %j', (change, path) => {
    expect(second(change).path).toEqual(path);
  });

  it('counts from zero with another connection', () => {
    const long = readStatistics(report(100), null);
    expect(readStatistics(report(1), long?.next ?? null)?.numbers).toMatchObject({ bitsPerSecond: 0, loss: 0, buffer: expect.closeTo(20) as number });
  });
});

describe('delayOf', () => {
  it('adds up the server, half the round trip, the waiting and the decoding', () => {
    expect(delayOf(second(), agent)).toEqual({ server: 9, way: 6, waiting: expect.closeTo(20) as number, decoding: expect.closeTo(3) as number, total: expect.closeTo(38) as number });
  });

  it('is unknown while nothing moves', () => {
    const still = second({ v: { jitterBufferDelay: 0.6, jitterBufferEmittedCount: 30 } });
    expect(delayOf(still, agent)).toBeNull();
  });
});

describe('trouble', () => {
  const calm: Circumstances = { quality: 'auto', hidden: false, driving: false };
  const lossy = { v: { packetsLost: 8, packetsReceived: 192 } };

  it.each<[string, Entries, Partial<StatisticsEvent>, Partial<Circumstances>, Trouble | null]>([
    ['all is well', {}, {}, {}, null],
    ['a little is lost, which is mended', { v: { packetsLost: 3, packetsReceived: 197 } }, {}, {}, null],
    ['much is lost', lossy, {}, {}, { kind: 'loss', share: 0.08, smaller: false }],
    ['the smaller picture comes, for packets are lost', {}, { layer: 'low', loss: 0.06 }, {}, { kind: 'loss', share: 0.06, smaller: true }],
    ['the smaller picture comes, for no more gets through', {}, { layer: 'low', estimate: 8e5 }, {}, { kind: 'narrow', bits: 8e5 }],
    ['the smaller picture was chosen', {}, { layer: 'low' }, { quality: 'low' }, null],
    ['answers take long for whoever drives', { p: { currentRoundTripTime: 0.4 } }, {}, { driving: true }, { kind: 'slow', roundTrip: 400 }],
    ['answers take long for who only watches', { p: { currentRoundTripTime: 0.4 } }, {}, {}, null],
    ['nobody sees it', lossy, { layer: 'none' }, { hidden: true }, null],
    ['only the sound is wanted', lossy, { layer: 'none' }, { quality: 'sound' }, null],
  ])('%s', (_name, change, told, circumstances, expected) => {
    const found = troubleOf(second(change), { ...agent, ...told }, { ...calm, ...circumstances });
    expect(found && 'share' in found ? { ...found, share: Number(found.share.toFixed(3)) } : found).toEqual(expected);
  });

  it('is said when it lasts, and over when that lasts', () => {
    const judge = new Judge();
    const slow: Trouble = { kind: 'slow', roundTrip: 300 };
    const slower: Trouble = { kind: 'slow', roundTrip: 500 };
    expect([slow, null, slow, slow, slow, slower, null, null, slower, null, null, null].map((found) => judge.hear(found))).toEqual([null, null, null, null, slow, slower, slower, slower, slower, slower, slower, null]);
  });
});

describe('StatisticsLog', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('keeps the last readings while there is a stream, and forgets them with it', async () => {
    let seconds = 0;
    const statistics = vi.fn(() => Promise.resolve(report((seconds += 2)) as unknown as RTCStatsReport));
    const log = new StatisticsLog({ statistics, agent: () => agent, circumstances: () => ({ quality: 'auto', hidden: false, driving: false }) });
    log.start();
    log.start();
    await vi.advanceTimersByTimeAsync(200_000);
    expect(statistics).toHaveBeenCalledTimes(101);
    expect(log.store.getState().readings).toHaveLength(60);
    expect(log.store.getState().readings.at(-1)?.delay?.server).toBe(9);
    log.stop();
    await vi.advanceTimersByTimeAsync(200_000);
    expect(statistics).toHaveBeenCalledTimes(101);
    expect(log.store.getState()).toEqual({ readings: [], trouble: null });
  });

  it('goes on when a reading fails with its connection', async () => {
    let fails = true;
    const log = new StatisticsLog({ statistics: () => (fails ? Promise.reject(new Error('closed')) : Promise.resolve(report(1) as unknown as RTCStatsReport)), agent: () => null, circumstances: () => ({ quality: 'auto', hidden: false, driving: false }) });
    log.start();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(log.store.getState().readings).toEqual([]);
    fails = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(log.store.getState().readings).toHaveLength(1);
    log.stop();
  });
});
