import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { crowded, good, judge, sampleOf, withSides, type Quality, type Sample } from './quality';
import { QualityWatch } from './QualityWatch';

const start: Sample = { received: 1_000, lost: 0, lostThere: 0, roundTrip: 0.05, limited: false, available: null };
const after = (change: Partial<Sample>): Sample => ({ ...start, received: 1_100, ...change });

describe('a connection', () => {
  it.each<[string, Partial<Sample>, Quality['level'], Quality['reason']]>([
    ['all arrives', {}, 'good', null],
    ['the odd packet is lost', { lost: 1 }, 'good', null],
    ['some of what comes is lost', { lost: 6 }, 'fair', 'loss'],
    ['much of it is lost', { lost: 20 }, 'poor', 'loss'],
    ['what is sent does not arrive', { lostThere: 0.2 }, 'poor', 'loss'],
    ['it takes long', { roundTrip: 0.5 }, 'fair', 'delay'],
    ['it takes so long that one talks into the other', { roundTrip: 1.2 }, 'poor', 'delay'],
    ['little is lost and it takes very long', { lost: 6, roundTrip: 1.2 }, 'poor', 'delay'],
    ['nothing comes because nobody speaks', { received: 1_000 }, 'good', null],
    ['a connection that was made anew counts from the beginning', { received: 10, lost: 0 }, 'good', null],
  ])('where %s', (_what, change, level, reason) => {
    expect(judge(start, after(change))).toEqual({ level, reason, side: null });
  });

  it('is narrow where the camera has been made smaller for it twice', () => {
    expect(judge(start, after({ limited: true }))).toEqual(good);
    expect(judge({ ...start, limited: true }, after({ limited: true }))).toEqual({ level: 'fair', reason: 'bandwidth', side: null });
  });
});

const bad: Quality = { level: 'poor', reason: 'loss', side: null };

it.each<[Quality[], (Quality['side'] | undefined)[]]>([
  [[bad], [null]],
  [[bad, bad], ['mine', 'mine']],
  [[bad, good, good], ['theirs', null, null]],
  [[bad, bad, good], ['mine', 'mine', null]],
  [[bad, good], [null, null]],
])('of %j the sides are %j', (qualities, sides) => {
  const found = withSides(new Map(qualities.map((quality, n) => [`p${n}`, quality])));
  expect([...found.values()].map(({ side }) => side)).toEqual(sides);
});

it.each<[string, Partial<Sample>, boolean]>([
  ['carries all', { available: 300_000 }, false],
  ['is not known', {}, false],
  ['carries half of it', { available: 150_000 }, true],
  ['loses much', { lostThere: 0.15, available: 300_000 }, true],
  ['loses a little', { lostThere: 0.05 }, false],
])('a line that %s is crowded: %j, %s', (_what, change, is) => {
  expect(crowded(after(change), 300_000)).toBe(is);
});

it('reads what a browser’s statistics say', () => {
  const report = [
    { type: 'inbound-rtp', packetsReceived: 90, packetsLost: 10 },
    { type: 'inbound-rtp', packetsReceived: 10, packetsLost: -2 },
    { type: 'remote-inbound-rtp', fractionLost: 0.1 },
    { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.2, availableOutgoingBitrate: 300_000 },
    { type: 'candidate-pair', nominated: false, state: 'failed', currentRoundTripTime: 9 },
    { type: 'outbound-rtp', qualityLimitationReason: 'bandwidth' },
    { type: 'codec' },
  ];
  expect(sampleOf(report)).toEqual({ received: 100, lost: 10, lostThere: 0.1, roundTrip: 0.2, limited: true, available: 300_000 });
});

it.each([
  [55_000, 0.2],
  [1_000, 0],
])('reads of what the other end misses only what it said lately: at %i of 60000', (timestamp, lostThere) => {
  expect(sampleOf([{ type: 'remote-inbound-rtp', fractionLost: 0.2, timestamp }, { type: 'transport', timestamp: 60_000 }])).toMatchObject({ lostThere });
});

describe('what is said', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function setUp() {
    let received = 0;
    let lost = 0;
    let rate = 0;
    const connection = {
      getStats: () => {
        received += 100;
        lost += rate;
        return Promise.resolve(new Map([['a', { type: 'inbound-rtp', packetsReceived: received, packetsLost: lost }]]) as unknown as RTCStatsReport);
      },
    };
    const changed = vi.fn();
    const watch = new QualityWatch({ connections: () => [['p2', connection]], changed });
    watch.set(true);
    return { watch, changed, lose: (share: number) => (rate = share), pass: (looks: number) => vi.advanceTimersByTimeAsync(looks * 2_500) };
  }

  it('is what two looks agree on, and ends when it does', async () => {
    const { changed, lose, pass } = setUp();
    await pass(3);
    expect(changed).not.toHaveBeenCalled();
    lose(30);
    await pass(1);
    expect(changed).not.toHaveBeenCalled();
    await pass(1);
    expect(changed).toHaveBeenLastCalledWith({ p2: { level: 'poor', reason: 'loss', side: null } });
    lose(0);
    await pass(2);
    expect(changed).toHaveBeenLastCalledWith({});
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it('is looked for by one clock, also where a talk ends and begins within one look', async () => {
    const answers: (() => void)[] = [];
    const connection = { getStats: () => new Promise<RTCStatsReport>((resolve) => answers.push(() => resolve(new Map()))) };
    const watch = new QualityWatch({ connections: () => [['p2', connection]], changed: vi.fn() });
    watch.set(true);
    await vi.advanceTimersByTimeAsync(2_500);
    watch.set(false);
    watch.set(true);
    for (const answer of answers) answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('is nothing any more when nobody talks', async () => {
    const { watch, changed, lose, pass } = setUp();
    lose(30);
    await pass(4);
    watch.set(false);
    expect(changed).toHaveBeenLastCalledWith({});
    await pass(4);
    expect(vi.getTimerCount()).toBe(0);
  });
});
