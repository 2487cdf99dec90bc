export interface DuckOptions {
  /** What the film's volume is to be multiplied with. */
  changed: (factor: number) => void;
}

const soft = 0.4;
const step = 0.1;
const interval = 40;
/** A film that goes up and down with every word is worse than one that stays soft for the whole sentence. */
const hold = 1_500;

/** Duck makes the film softer while friends speak: quickly down, and up again when they have finished. */
export class Duck {
  private factor = 1;
  private target = 1;
  private ramp: ReturnType<typeof setInterval> | null = null;
  private rest: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly options: DuckOptions) {}

  set(speaking: boolean): void {
    if (speaking) {
      this.clearRest();
      this.go(soft);
    } else if (this.target !== 1) this.rest ??= setTimeout(() => this.go(1), hold);
  }

  dispose(): void {
    this.clearRest();
    this.clearRamp();
  }

  private go(target: number): void {
    this.clearRest();
    if (target === this.target) return;
    this.target = target;
    this.ramp ??= setInterval(() => {
      const rest = this.target - this.factor;
      this.factor = Math.abs(rest) <= step ? this.target : this.factor + Math.sign(rest) * step;
      if (this.factor === this.target) this.clearRamp();
      this.options.changed(this.factor);
    }, interval);
  }

  private clearRest(): void {
    if (this.rest !== null) clearTimeout(this.rest);
    this.rest = null;
  }

  private clearRamp(): void {
    if (this.ramp !== null) clearInterval(this.ramp);
    this.ramp = null;
  }
}
