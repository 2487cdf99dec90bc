import { good, judge, sampleOf, withSides, type Quality, type Sample } from './quality';

export interface QualityWatchOptions {
  /** The connections that carry something just now, by peer. */
  connections: () => Iterable<readonly [peer: string, connection: Pick<RTCPeerConnection, 'getStats'>]>;
  /** Those that are not good, when it has changed. */
  changed: (qualities: Readonly<Record<string, Quality>>) => void;
  /** Each look at each of them. */
  looked?: (peer: string, sample: Sample) => void;
}

const interval = 2_500;

const same = (a: Quality, b: Quality): boolean => a.level === b.level && a.reason === b.reason && a.side === b.side;

/** QualityWatch looks at the connections' statistics every few seconds. What is said is what two looks one after the other agree on: a single hiccup is none of anybody's business. */
export class QualityWatch {
  private readonly samples = new Map<string, Sample>();
  private readonly last = new Map<string, Quality>();
  private shown: Readonly<Record<string, Quality>> = {};
  private timer: ReturnType<typeof setTimeout> | null = null;
  private on = false;
  private turn = 0;

  constructor(private readonly options: QualityWatchOptions) {}

  set(on: boolean): void {
    if (on === this.on) return;
    this.on = on;
    this.turn++;
    if (on) this.wait();
    else this.rest();
  }

  private rest(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.samples.clear();
    this.last.clear();
    this.tell({});
  }

  private wait(): void {
    this.timer = setTimeout(() => void this.look(), interval);
  }

  private async look(): Promise<void> {
    const { turn } = this;
    const judged = new Map<string, Quality>();
    const there = new Set<string>();
    for (const [peer, connection] of this.options.connections()) {
      there.add(peer);
      // One that is closed meanwhile says nothing more.
      const report = await connection.getStats().catch(() => null);
      // A look that began before belongs to nothing any more.
      if (turn !== this.turn) return;
      if (!report) continue;
      const now = sampleOf(report.values());
      const before = this.samples.get(peer);
      this.samples.set(peer, now);
      this.options.looked?.(peer, now);
      if (before) judged.set(peer, judge(before, now));
    }
    if (turn !== this.turn) return;
    for (const peer of [...this.samples.keys()]) if (!there.has(peer)) this.samples.delete(peer);
    const next: Record<string, Quality> = {};
    for (const [peer, quality] of withSides(judged)) {
      const before = this.last.get(peer) ?? good;
      const shown = this.shown[peer] ?? good;
      this.last.set(peer, quality);
      const holds = same(before, quality) ? quality : shown;
      if (holds.level !== 'good') next[peer] = holds;
    }
    this.tell(next);
    this.wait();
  }

  private tell(next: Readonly<Record<string, Quality>>): void {
    const peers = Object.keys(next);
    if (peers.length === Object.keys(this.shown).length && peers.every((peer) => this.shown[peer] && next[peer] && same(this.shown[peer], next[peer]))) return;
    this.shown = next;
    this.options.changed(next);
  }
}
