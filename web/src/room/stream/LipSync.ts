interface Report {
  forEach(callback: (entry: Record<string, unknown>) => void): void;
}

interface Buffer {
  delay: number;
  frames: number;
}

/** What is less, in milliseconds, nobody notices, and the estimates are no better. */
const slack = 8;
/** Of what is off, so much is mended by one reading; they are noisy. */
const gain = 0.5;
/** A picture that comes that much later than it could is worse than a sound that is late. */
const most = 200;

/**
 * LipSync holds the picture of whoever watches until its sound is there. Browsers bring the two together themselves, but
 * Chromium lets the sound be up to 30 ms late (its stream synchronization), which is where a network without jitter ends
 * up: a sound has more to wait for than a picture. It reads what the browser itself says is being shown and heard.
 */
export class LipSync {
  private hold = 0;
  private late: number | null = null;
  private before: Buffer | null = null;

  /** The picture's least delay in milliseconds by one more reading of getStats, null: as the browser likes. */
  hear(report: Report): number | null {
    const received = new Map<unknown, Record<string, unknown>>();
    report.forEach((entry) => entry.type === 'inbound-rtp' && received.set(entry.kind, entry));
    const number = (kind: string, name: string): number => Number(received.get(kind)?.[name] ?? NaN);
    const now = { delay: number('video', 'jitterBufferTargetDelay') * 1000, frames: number('video', 'jitterBufferEmittedCount') };
    const { before } = this;
    this.before = now;
    // Of what is on the screen now, and of what is heard now: when it was captured.
    const late = number('video', 'estimatedPlayoutTimestamp') - number('audio', 'estimatedPlayoutTimestamp');
    const frames = now.frames - (before?.frames ?? NaN);
    if (!(frames > 0) || !before || !Number.isFinite(late) || Math.abs(late) > 1_000) return this.target;
    this.late = this.late === null ? late : (this.late + late) / 2;
    if (Math.abs(this.late) < slack) return this.target;
    // Below what the browser holds it back anyway nothing would change.
    const least = this.late > 0 ? Math.max(this.hold, (now.delay - before.delay) / frames) : this.hold;
    this.hold = Math.min(most, Math.max(0, least + gain * this.late));
    return this.target;
  }

  private get target(): number | null {
    return this.hold > 0 ? Math.round(this.hold) : null;
  }
}
