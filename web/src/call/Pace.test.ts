import { expect, it, vi } from 'vitest';
import { Pace } from './Pace';

/** A pace that hears every two seconds how it goes, and the shares that it went through. */
function setUp() {
  let now = 0;
  const pace = new Pace(() => now);
  const hear = (seconds: number, narrow: boolean, altogether = true): number[] => {
    const went: number[] = [];
    for (const end = now + seconds * 1_000; now < end; ) {
      now += 2_000;
      if (pace.hear(narrow, altogether)) went.push(pace.share);
    }
    return went;
  };
  return { pace, hear };
}

it('gives way at once, a step at a time, until nothing is left', () => {
  const { pace, hear } = setUp();
  expect(pace.share).toBe(1);
  expect(hear(2, true)).toEqual([0.6]);
  expect(hear(2, true), 'what a step has helped shows a moment later').toEqual([]);
  expect(hear(20, true)).toEqual([0.35, 0.2, 0]);
});

it('keeps the smallest where it need not give way altogether', () => {
  const { hear } = setUp();
  expect(hear(60, true, false)).toEqual([0.6, 0.35, 0.2]);
});

it('comes back slowly, a step at a time', () => {
  const { hear } = setUp();
  hear(6, true);
  expect(hear(8, false)).toEqual([]);
  expect(hear(2, false)).toEqual([0.6]);
  expect(hear(8, false)).toEqual([]);
  expect(hear(2, false)).toEqual([1]);
});

it('waits longer each time that it came back too early, up to two minutes, and forgets that after two good ones', () => {
  const { hear } = setUp();
  hear(2, true);
  const waited: number[] = [];
  for (let n = 0; n < 6; n++) {
    let seconds = 0;
    while (hear(2, false).length === 0) seconds += 2;
    waited.push(seconds + 2);
    hear(4, true);
  }
  expect(waited).toEqual([10, 20, 40, 80, 120, 120]);
  hear(120, false);
  hear(120, false);
  hear(2, true);
  expect(hear(10, false)).toEqual([1]);
});

it('is whole again at once where there is nothing to give way to', () => {
  const { pace, hear } = setUp();
  hear(20, true);
  expect([pace.reset(), pace.share, pace.reset()]).toEqual([true, 1, false]);
});

it('goes by no clock that somebody may put back', () => {
  vi.useFakeTimers();
  try {
    const pace = new Pace();
    expect(pace.hear(true)).toBe(true);
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(5_000);
    expect(pace.hear(true)).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
