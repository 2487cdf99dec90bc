import { Gestures, type Hand, type Place, type TouchMode } from './Gestures';
import type { InputSender } from './InputSender';
import { fromScreen, inside, toScreen, type Rect, type ScreenPoint } from './letterbox';
import type { Modifiers } from './Modifiers';
import { isOver } from './Pointer';
import { Wheel } from './Wheel';
import type { Zoom } from './Zoom';

/** How many pixels of its screen the room's Firefox scrolls for a notch of 120 (delta_multiplier_y in vb/image/firefox/user.js). */
const notchPixels = 138;
const notch = 120;
/** How near to the edge of the stage the pointer of a trackpad comes before a larger picture moves. */
const margin = 40;

export interface FingersOptions {
  sender: Pick<InputSender, 'move' | 'button' | 'wheel' | 'isDriving'>;
  modifiers: Pick<Modifiers, 'hold' | 'drop'>;
  zoom: Zoom;
  mode: () => Exclude<TouchMode, 'watch'>;
  /** Where the picture is in the page, now. */
  content: () => Rect;
  /** How large the picture is on its screen. */
  screen: () => { width: number; height: number };
  /** A finger has touched: what takes a person's touch may be done now, as playing sound. */
  touched: () => void;
  /** A tap of who only watches. */
  tapped: () => void;
  focus: () => void;
  /** Where the trackpad's pointer is now. */
  pointed: (at: ScreenPoint) => void;
  /** A long press is on here. */
  held: (at: Place | null) => void;
}

/** Fingers turns touches on the stage into gestures, and those into input for the room's browser and a larger picture. */
export class Fingers implements Hand {
  private readonly gestures: Gestures;
  /** The trackpad's pointer, with its fractions. */
  private pointer = { x: 32_768, y: 32_768 };
  private wheelAt: ScreenPoint = { x: 0, y: 0 };
  private readonly wheel = new Wheel((dx, dy) => this.options.sender.wheel(dx, dy, this.wheelAt.x, this.wheelAt.y));
  private stage: HTMLElement | null = null;

  constructor(private readonly options: FingersOptions) {
    this.gestures = new Gestures(this, () => (options.sender.isDriving ? options.mode() : 'watch'));
  }

  attach(stage: HTMLElement): () => void {
    const abort = new AbortController();
    const { signal } = abort;
    const { options } = this;
    this.stage = stage;
    const on = (type: 'pointerdown' | 'pointermove' | 'pointerup' | 'pointercancel' | 'lostpointercapture', heard: (event: PointerEvent, at: Place) => void): void =>
      stage.addEventListener(type, (event) => event.pointerType === 'touch' && heard(event, { x: event.clientX, y: event.clientY }), { signal, passive: false });
    on('pointerdown', (event, at) => {
      if (isOver(event)) return;
      if (options.sender.isDriving) {
        // Beside the picture is nothing to touch.
        if (!inside(options.content(), at.x, at.y) && options.mode() === 'touch') return;
        event.preventDefault();
        options.focus();
      }
      stage.setPointerCapture(event.pointerId);
      this.gestures.down(event.pointerId, at);
    });
    on('pointermove', (event, at) => this.gestures.move(event.pointerId, at));
    on('pointerup', (event) => {
      options.touched();
      this.gestures.up(event.pointerId);
    });
    on('pointercancel', (event) => this.gestures.cancel(event.pointerId));
    // What the picture itself loses goes to the stage.
    on('lostpointercapture', (event) => event.target === stage && this.gestures.cancel(event.pointerId));
    const left = (): void => this.gestures.abort();
    window.addEventListener('blur', left, { signal });
    document.addEventListener('visibilitychange', () => document.hidden && left(), { signal });
    return () => {
      abort.abort();
      this.wheel.stop();
      this.gestures.abort();
    };
  }

  /** Control came or went. */
  forget(): void {
    this.gestures.forget();
    this.wheel.forget();
  }

  get at(): ScreenPoint {
    return { x: Math.round(this.pointer.x), y: Math.round(this.pointer.y) };
  }

  tapped(): void {
    this.options.tapped();
  }

  press(button: number, at?: Place): void {
    this.options.modifiers.hold();
    this.button(button, true, at);
  }

  lift(button: number, at?: Place): void {
    this.button(button, false, at);
    this.options.modifiers.drop();
  }

  private button(button: number, down: boolean, at?: Place): void {
    // Where a finger was the trackpad's pointer is too.
    if (at) this.pointer = this.onScreen(at);
    const { x, y } = this.at;
    this.options.sender.button(button, down, x, y);
  }

  drag(at: Place): void {
    const { x, y } = this.onScreen(at);
    this.options.sender.move(x, y);
  }

  point(dx: number, dy: number): void {
    const content = this.options.content();
    const along = (value: number, part: number, length: number): number => Math.min(65_535, Math.max(0, value + (part / (length || 1)) * 65_535));
    this.pointer = { x: along(this.pointer.x, dx, content.width), y: along(this.pointer.y, dy, content.height) };
    const { x, y } = this.at;
    this.options.sender.move(x, y);
    this.options.zoom.reveal(this.onStage(fromScreen(content, this.at)), margin);
    this.options.pointed(this.at);
  }

  scroll(dx: number, dy: number, at?: Place): void {
    const content = this.options.content();
    const screen = this.options.screen();
    this.wheelAt = at ? this.onScreen(at) : this.at;
    // The page stays under the finger.
    const units = (moved: number, length: number, shown: number): number => ((-moved * length) / (shown || 1) / notchPixels) * notch;
    this.wheel.turn(units(dx, screen.width, content.width), units(dy, screen.height, content.height));
  }

  zoom(factor: number, centre: Place, dx: number, dy: number): void {
    this.options.zoom.by(factor, this.onStage({ left: centre.x - dx, top: centre.y - dy }), dx, dy);
  }

  toggleZoom(at: Place): void {
    this.options.zoom.toggle(this.onStage({ left: at.x, top: at.y }));
  }

  held(at: Place | null): void {
    this.options.held(at && this.onStage({ left: at.x, top: at.y }));
    // Safari has none.
    if (at && 'vibrate' in navigator) navigator.vibrate(15);
  }

  private onScreen(at: Place): ScreenPoint {
    return toScreen(this.options.content(), at.x, at.y);
  }

  private onStage({ left, top }: { left: number; top: number }): Place {
    const box = this.stage?.getBoundingClientRect();
    return { x: left - (box?.left ?? 0), y: top - (box?.top ?? 0) };
  }
}
