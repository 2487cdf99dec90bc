import type { PointersMoved } from '@/api/types';
import type { ScreenPoint } from '../stream/letterbox';

/** No more are shown, as the hub tells of no more. */
const most = 24;
/** A pointer that rests fades after so long, and is gone after that, in milliseconds. */
export const fadesAfter = 3_000;
export const goneAfter = 5_000;

interface Shown {
  from: ScreenPoint;
  to: ScreenPoint;
  /** When it was told where it is now. */
  moved: number;
  /** How long it takes there. */
  lasts: number;
}

/** Glide knows where the pointers of others are at a moment: on their way from where they were to where the hub last said. */
export class Glide {
  private readonly shown = new Map<string, Shown>();

  get peers(): readonly string[] {
    return [...this.shown.keys()];
  }

  /** Says whether others have a pointer now than before. With `still` they jump. */
  take(said: PointersMoved, own: (peer: string) => boolean, now: number, still: boolean): boolean {
    let changed = false;
    for (const peer of said.gone ?? []) changed = this.drop(peer) || changed;
    for (const { peer, x, y } of said.moved) {
      if (own(peer)) continue;
      const to = { x, y };
      const from = this.at(peer, now);
      if (from === null) {
        this.makePlace();
        changed = true;
      }
      this.shown.set(peer, { from: from ?? to, to, moved: now, lasts: still ? 0 : said.interval });
    }
    return changed;
  }

  drop(peer: string): boolean {
    return this.shown.delete(peer);
  }

  /** Takes away what has not moved for long, and says whether there was any. */
  expire(now: number): boolean {
    const before = this.shown.size;
    for (const [peer, { moved }] of this.shown) if (now - moved >= goneAfter) this.shown.delete(peer);
    return this.shown.size < before;
  }

  at(peer: string, now: number): (ScreenPoint & { rests: boolean }) | null {
    const one = this.shown.get(peer);
    if (!one) return null;
    const { from, to, moved, lasts } = one;
    const way = lasts <= 0 ? 1 : Math.min(1, Math.max(0, (now - moved) / lasts));
    return { x: from.x + (to.x - from.x) * way, y: from.y + (to.y - from.y) * way, rests: now - moved >= fadesAfter };
  }

  private makePlace(): void {
    if (this.shown.size < most) return;
    const [oldest] = [...this.shown].sort(([, a], [, b]) => a.moved - b.moved);
    if (oldest) this.shown.delete(oldest[0]);
  }
}
