/** How much of a picture is sent where the line is narrow: all of it, ever less, and none. Sound goes on meanwhile. */
export const shares = [1, 0.6, 0.35, 0.2, 0] as const;
const last = shares.length - 1;

/** In milliseconds: until a step down shows what it has helped. */
const settle = 4_000;
/** How long it must go well before a step up, at first; doubled each time that the step was too early. */
const calm = 10_000;
const longestCalm = 120_000;

/** Pace lets a camera's picture give way at once where the line is narrow, and come back slowly. It hears every few seconds how it goes. */
export class Pace {
  private step = 0;
  private changed = -Infinity;
  private narrowAt = -Infinity;
  private wait = calm;
  /** The last step was one up, and has not held yet. */
  private rising = false;

  constructor(private readonly now: () => number = () => performance.now()) {}

  get share(): number {
    return shares[this.step] ?? 0;
  }

  /** True where the share has changed. What need not give way altogether keeps its smallest picture. */
  hear(narrow: boolean, altogether = true): boolean {
    const now = this.now();
    if (narrow) {
      this.narrowAt = now;
      if (this.step >= (altogether ? last : last - 1) || now - this.changed < settle) return false;
      if (this.rising) this.wait = Math.min(this.wait * 2, longestCalm);
      return this.go(this.step + 1, now);
    }
    const well = now - Math.max(this.changed, this.narrowAt);
    if (this.step === 0) {
      if (well < longestCalm) return false;
      this.wait = calm;
      this.rising = false;
      return false;
    }
    return well >= this.wait && this.go(this.step - 1, now);
  }

  /** There is nothing any more that it gave way to. */
  reset(): boolean {
    const changed = this.step > 0;
    this.step = 0;
    this.changed = this.narrowAt = -Infinity;
    this.wait = calm;
    this.rising = false;
    return changed;
  }

  private go(step: number, now: number): boolean {
    this.rising = step < this.step;
    this.step = step;
    this.changed = now;
    return true;
  }
}
