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

  read({ frames = 60, noise = 0, stats = {} }: { frames?: number; noise?: number; stats?: object } = {}): number | null {
    this.at += 2_000;
    this.frames += frames;
    this.waited += (frames * Math.max(this.picture, this.target ?? 0)) / 1_000;
    const entries = [
      { type: 'inbound-rtp', kind: 'video', estimatedPlayoutTimestamp: this.at + this.late + noise, jitterBufferTargetDelay: this.waited, jitterBufferEmittedCount: this.frames, ...stats },
      { type: 'inbound-rtp', kind: 'audio', estimatedPlayoutTimestamp: this.at },
      { type: 'candidate-pair' },
    ];
    this.target = this.sync.hear({ forEach: (callback) => entries.forEach(callback) });
    return this.target;
  }
}

describe('LipSync', () => {
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

  it('holds no picture for long', () => {
    const receiver = new Receiver(900);
    for (let i = 0; i < 30; i++) receiver.read();
    expect(receiver.target).toBe(200);
  });
});
