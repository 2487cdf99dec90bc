import { expect, it } from 'vitest';
import { backoff } from './backoff';

/** When each try comes, in milliseconds after the connection was lost. */
function tries(random: () => number, until: number): number[] {
  const at: number[] = [];
  for (let attempt = 0, now = 0; now < until; attempt++) at.push((now += backoff(attempt, random)));
  return at;
}

it('tries soon again as long as a seat is held, whenever the server comes back', () => {
  for (const luck of [0, 0.3, 0.7, 1]) {
    const at = tries(() => luck, 60_000);
    for (let back = 0; back <= 14_000; back += 500) expect(at.find((time) => time >= back), `${back} ms, luck ${luck}`).toBeLessThan(19_000);
  }
});

it('tries seldom when the server is away for long', () => {
  expect(backoff(12, () => 0)).toBe(7_500);
  expect(backoff(10_000, () => 1)).toBe(15_000);
});

it('begins at once, and not with all others', () => {
  expect(backoff(0, () => 0)).toBe(250);
  expect(backoff(0, () => 1)).toBe(500);
});
