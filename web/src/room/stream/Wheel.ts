const notch = 120;

/** How far a wheel turned, in 120ths of a notch. */
export function wheelUnits(delta: number, mode: number): number {
  if (mode === 1) return (delta / 3) * notch; // lines, three to a notch
  if (mode === 2) return delta * notch * 5; // pages
  return (delta / 100) * notch; // pixels
}

const clamp = (value: number): number => Math.max(-32_767, Math.min(32_767, Math.trunc(value)));

/** Wheel gathers turns until the next frame, and keeps what is less than a 120th. */
export class Wheel {
  private rest = { x: 0, y: 0 };
  private frame: number | null = null;

  constructor(private readonly turned: (dx: number, dy: number) => void) {}

  turn(dx: number, dy: number): void {
    this.rest.x += dx;
    this.rest.y += dy;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      const whole = { x: clamp(this.rest.x), y: clamp(this.rest.y) };
      this.rest.x -= whole.x;
      this.rest.y -= whole.y;
      if (whole.x !== 0 || whole.y !== 0) this.turned(whole.x, whole.y);
    });
  }

  forget(): void {
    this.rest = { x: 0, y: 0 };
  }

  stop(): void {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.frame = null;
  }
}
