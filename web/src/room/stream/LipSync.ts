interface Report {
  forEach(callback: (entry: Record<string, unknown>) => void): void;
}

/** What a report says altogether: what pictures, and what samples of sound, have waited for whatever reason, and the sound for the picture alone. */
interface Buffers {
  picture: number;
  frames: number;
  sound: number;
  samples: number;
}

/** What is less, in milliseconds, nobody notices, and the estimates are no better. */
const slack = 8;
/** Of what is off, so much is mended by one reading; they are noisy. */
const gain = 0.5;
/** A picture that comes that much later than it could is worse than a sound that is late. */
const most = 200;
/** So much earlier than its sound a picture has to be until the browser lets a sound come that it holds back: its limit is 30. */
const lead = 40;

/**
 * LipSync holds the picture of whoever watches until its sound is there. Browsers bring the two together themselves, but
 * Chromium lets the sound be up to 30 ms late (its stream synchronization), which is where a network without jitter ends
 * up: a sound has more to wait for than a picture. It reads what the browser itself says is being shown and heard.
 *
 * A sound that the browser holds back for a late picture, as one that the agent has held while packets got lost, is no
 * reason to hold the picture: each would wait for the other from then on. So the picture goes ahead, and the sound follows.
 */
export class LipSync {
  private hold = 0;
  private late: number | null = null;
  private before: Buffers | null = null;

  /** The picture's least delay in milliseconds by one more reading of getStats, null: as the browser likes. */
  hear(report: Report): number | null {
    const received = new Map<unknown, Record<string, unknown>>();
    report.forEach((entry) => entry.type === 'inbound-rtp' && received.set(entry.kind, entry));
    const number = (kind: string, name: string): number => Number(received.get(kind)?.[name] ?? NaN);
    const sum = (kind: string, name: string): number => number(kind, name) * 1000;
    const now = {
      picture: sum('video', 'jitterBufferTargetDelay'),
      frames: number('video', 'jitterBufferEmittedCount'),
      sound: sum('audio', 'jitterBufferTargetDelay') - sum('audio', 'jitterBufferMinimumDelay'),
      samples: number('audio', 'jitterBufferEmittedCount'),
    };
    const { before } = this;
    this.before = now;
    // Of what is on the screen now, and of what is heard now: when it was captured.
    const late = number('video', 'estimatedPlayoutTimestamp') - number('audio', 'estimatedPlayoutTimestamp');
    const frames = now.frames - (before?.frames ?? NaN);
    if (!(frames > 0) || !before || !Number.isFinite(late) || Math.abs(late) > 1_000) return this.target;
    this.late = this.late === null ? late : (this.late + late) / 2;
    const waits = (now.sound - before.sound) / (now.samples - before.samples);
    // How late the sound is by itself.
    const off = waits > slack ? this.late - waits : this.late;
    if (waits > slack && off < 0) {
      this.hold = Math.max(0, this.hold - Math.min(gain * waits, Math.max(0, lead - this.late)));
    } else if (Math.abs(off) >= slack) {
      // Below what the browser holds it back anyway nothing would change.
      const held = (now.picture - before.picture) / frames;
      const least = off > 0 && held > this.hold ? held : this.hold;
      this.hold = Math.min(most, Math.max(0, least + gain * off));
    }
    return this.target;
  }

  private get target(): number | null {
    return this.hold > 0 ? Math.round(this.hold) : null;
  }
}
