import { describe, expect, it } from 'vitest';
import { LipSync } from './LipSync';

/** A receiver whose sound is played `sound` ms after its capture, and whose picture as soon as it can, but not before it is asked to. */
class Receiver {
  private readonly sync = new LipSync();
  private at = 0;
  private frames = 0;
  private waited = 0;
  target: number | null = null;

  constructor(
    public sound: number,
    public picture = 25,
  ) {}

  get late(): number {
    return this.sound - Math.max(this.picture, this.target ?? 0);
  }

  read({ frames = 60, noise = 0, stats = {}, audio = {} }: { frames?: number; noise?: number; stats?: object; audio?: object } = {}): number | null {
    this.at += 2_000;
    this.frames += frames;
    this.waited += (frames * Math.max(this.picture, this.target ?? 0)) / 1_000;
    const entries = [
      { type: 'inbound-rtp', kind: 'video', estimatedPlayoutTimestamp: this.at + this.late + noise, jitterBufferTargetDelay: this.waited, jitterBufferEmittedCount: this.frames, ...stats },
      { type: 'inbound-rtp', kind: 'audio', estimatedPlayoutTimestamp: this.at, ...audio },
      { type: 'candidate-pair' },
    ];
    this.target = this.sync.hear({ forEach: (callback) => entries.forEach(callback) });
    return this.target;
  }
}

/** The same in a browser that, as Chromium does, brings together what is 30 ms apart or more, step by step; a picture waits for `floor` ms at least. */
class Chromium extends Receiver {
  floor = 0;
  private waits = 0;
  private mean = 0;
  private heard = 0;
  private held = 0;

  constructor(private readonly need: number) {
    super(need);
  }

  second(): void {
    this.picture = Math.max(25, this.floor);
    this.mean = (3 * this.mean + this.late) / 4;
    if (Math.abs(this.mean) >= 30) {
      this.waits = Math.max(0, this.waits - this.mean / 2);
      this.mean = 0;
    }
    this.sound = this.need + this.waits;
  }

  override read(): number | null {
    this.second();
    this.second();
    this.heard += 96_000;
    this.held += 96 * this.sound;
    const audio = { jitterBufferTargetDelay: this.held, jitterBufferMinimumDelay: 96 * this.need * (this.heard / 96_000), jitterBufferEmittedCount: this.heard };
    return super.read({ audio });
  }
}

describe('LipSync', () => {
  it('lets go of a picture whose sound waits for it alone', () => {
    const receiver = new Chromium(60);
    for (let i = 0; i < 10; i++) receiver.read();
    expect(Math.abs(receiver.late)).toBeLessThanOrEqual(20);
    receiver.floor = 180; // the agent holds pictures while packets get lost
    for (let i = 0; i < 10; i++) receiver.read();
    expect(Math.abs(receiver.late)).toBeLessThanOrEqual(30);
    expect(receiver.sound).toBeGreaterThan(140);
    receiver.floor = 0;
    for (let i = 0; i < 20; i++) receiver.read();
    expect(Math.abs(receiver.late)).toBeLessThanOrEqual(20);
    expect(receiver.sound).toBeLessThan(80);
  });

  it('holds the picture until the sound is there, and no longer', () => {
    const receiver = new Receiver(75);
    for (let i = 0; i < 12; i++) receiver.read();
    expect(Math.abs(receiver.late)).toBeLessThanOrEqual(10);
    receiver.sound = 40;
    for (let i = 0; i < 12; i++) receiver.read();
    expect(Math.abs(receiver.late)).toBeLessThanOrEqual(10);
  });

  it('stays calm among noisy readings', () => {
    const receiver = new Receiver(75);
    const seen: number[] = [];
    for (let i = 0; i < 40; i++) {
      receiver.read({ noise: i % 2 === 0 ? 12 : -12 });
      if (i > 12) seen.push(receiver.late);
    }
    expect(Math.max(...seen.map(Math.abs))).toBeLessThanOrEqual(20);
  });

  it('leaves alone what is together, what is later as a picture, and what no reading tells', () => {
    const together = new Receiver(30);
    const later = new Receiver(20, 60);
    const still = new Receiver(75);
    const mute = new Receiver(75);
    for (let i = 0; i < 5; i++) {
      expect(together.read()).toBeNull();
      expect(later.read()).toBeNull();
      expect(still.read({ frames: 0 })).toBeNull();
      expect(mute.read({ stats: { estimatedPlayoutTimestamp: undefined } })).toBeNull();
    }
  });

  it('works by what the browser tells, where it does not tell all', () => {
    const receiver = new Receiver(75);
    for (let i = 0; i < 12; i++) receiver.read({ stats: { jitterBufferTargetDelay: undefined } });
    expect(Math.abs(receiver.late)).toBeLessThanOrEqual(10);
  });

  it('holds no picture for long', () => {
    const receiver = new Receiver(900);
    for (let i = 0; i < 30; i++) receiver.read();
    expect(receiver.target).toBe(200);
  });
});
