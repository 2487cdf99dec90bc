/** How long to wait before try number `attempt` (from 0): doubling from half a second to fifteen, with jitter so that a room does not come back as one. */
export function backoff(attempt: number, random: () => number): number {
  const ceiling = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}
