/** How many tries come within the time for which a seat is held (20 s, docs/protocol.md), and how long is waited at most between them. */
const soon = { tries: 12, wait: 4_000 };
const longest = 15_000;

/**
 * How long to wait before try number `attempt` (from 0): doubling from half a second to four, and fifteen when a seat would be gone anyway, with
 * jitter so that a room does not come back as one.
 */
export function backoff(attempt: number, random: () => number): number {
  const ceiling = attempt < soon.tries ? Math.min(soon.wait, 500 * 2 ** attempt) : longest;
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}
