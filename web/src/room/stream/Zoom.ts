import { createStore } from 'zustand/vanilla';
import { contentRect, type Size } from './letterbox';

export interface Zoomed {
  /** 1, the whole picture, to 4. */
  scale: number;
  /** Where the left upper corner of the video's box is then, in pixels of the stage. */
  x: number;
  y: number;
}

const whole: Zoomed = { scale: 1, x: 0, y: 0 };
const most = 4;
/** What a double tap goes to. */
const near = 2.5;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** How large a part of the picture the stage shows, and which. Places are pixels of the stage, from its left upper corner. */
export class Zoom {
  readonly store = createStore<Zoomed>(() => whole);

  constructor(private readonly sizes: () => { stage: Size; picture: Size }) {}

  /** Makes the picture larger or smaller around a place, and moves it. */
  by(factor: number, at: { x: number; y: number }, dx: number, dy: number): void {
    const before = this.store.getState();
    const scale = clamp(before.scale * factor, 1, most);
    const grown = scale / before.scale;
    this.set({ scale, x: at.x - (at.x - before.x) * grown + dx, y: at.y - (at.y - before.y) * grown + dy });
  }

  toggle(at: { x: number; y: number }): void {
    if (this.store.getState().scale > 1) this.reset();
    else this.by(near, at, 0, 0);
  }

  reset(): void {
    this.store.setState(whole);
  }

  /** Moves the picture so far that a place comes on the stage, that far from its edge. */
  reveal(at: { x: number; y: number }, margin: number): void {
    const { stage } = this.sizes();
    const need = (place: number, length: number): number => clamp(place, Math.min(margin, length / 2), Math.max(length - margin, length / 2)) - place;
    const { scale, x, y } = this.store.getState();
    if (scale > 1) this.set({ scale, x: x + need(at.x, stage.width), y: y + need(at.y, stage.height) });
  }

  /** The stage has another size now. */
  resized(): void {
    this.set(this.store.getState());
  }

  /** Where the picture is wider than the stage it leaves no gap; where it is not it stands in the middle. */
  private set({ scale, x, y }: Zoomed): void {
    const { stage, picture } = this.sizes();
    const { left, top, width, height } = contentRect({ left: 0, top: 0, ...stage }, picture);
    const place = (at: number, start: number, length: number, room: number): number => {
      const low = room - scale * (start + length);
      const high = 0 - scale * start;
      return low <= high ? clamp(at, low, high) : (low + high) / 2;
    };
    // Fingers never come back to exactly the whole.
    this.store.setState(scale < 1.02 ? whole : { scale, x: place(x, left, width, stage.width), y: place(y, top, height, stage.height) });
  }
}
