import type { InputSender } from './InputSender';
import { toScreen, type Rect } from './letterbox';

/** X11's numbers for MouseEvent.button. */
const buttons: Readonly<Record<number, number>> = { 0: 1, 1: 2, 2: 3, 3: 8, 4: 9 };
const notch = 120;
const longPress = 500;
/** A finger that moved this many pixels is no tap any more. */
const slop = 10;

export interface PointerOptions {
  sender: Pick<InputSender, 'move' | 'button' | 'wheel' | 'isDriving'>;
  /** Where the picture is in the page, now. */
  content: () => Rect;
  /** The picture was clicked while the person does not drive. */
  clicked: () => void;
  focus: () => void;
}

/** What stands over the picture, as a question with its buttons, is the page's own. */
function isOver(event: Event): boolean {
  return event.target instanceof Element && event.target.closest('button, a, [data-over-stage]') !== null;
}

/** How far a wheel turned, in 120ths of a notch. */
export function wheelUnits(delta: number, mode: number): number {
  if (mode === 1) return (delta / 3) * notch; // lines, three to a notch
  if (mode === 2) return delta * notch * 5; // pages
  return (delta / 100) * notch; // pixels
}

/** Pointer turns pointer events on the stage into moves, buttons, wheel turns and, for fingers, taps, long presses and scrolls. */
export class Pointer {
  private readonly pressed = new Set<number>();
  private readonly fingers = new Map<number, { x: number; y: number }>();
  private wheelRest = { x: 0, y: 0 };
  private wheelAt: { clientX: number; clientY: number } | null = null;
  private frame: number | null = null;
  private touch: { id: number; x: number; y: number; moved: boolean; dragging: boolean; timer: ReturnType<typeof setTimeout> | null } | null = null;
  private scrolling = false;

  constructor(private readonly options: PointerOptions) {}

  attach(stage: HTMLElement): () => void {
    const abort = new AbortController();
    const { signal } = abort;
    const active = { signal, passive: false };
    stage.addEventListener('pointerdown', (event) => this.down(event, stage), active);
    // pointerrawupdate comes as often as the mouse speaks; pointermove only once a frame.
    // (Only in secure contexts; the sender drops what says the same again.)
    stage.addEventListener('pointerrawupdate', (event) => this.move(event as PointerEvent), active);
    stage.addEventListener('pointermove', (event) => this.move(event), active);
    stage.addEventListener('pointerup', (event) => this.up(event), active);
    stage.addEventListener('pointercancel', (event) => this.cancel(event), active);
    stage.addEventListener('wheel', (event) => this.wheel(event), active);
    for (const type of ['mousedown', 'mouseup', 'auxclick', 'contextmenu', 'dragstart'] as const) {
      stage.addEventListener(type, (event) => this.options.sender.isDriving && !isOver(event) && event.preventDefault(), active);
    }
    return () => {
      abort.abort();
      if (this.frame !== null) cancelAnimationFrame(this.frame);
      this.endTouch();
    };
  }

  /** Control was lost: the agent has released all, so only forget. */
  forget(): void {
    this.pressed.clear();
    this.fingers.clear();
    this.endTouch();
    this.wheelRest = { x: 0, y: 0 };
  }

  /** What the fingers were about is over. */
  private endTouch(): void {
    if (this.touch?.timer) clearTimeout(this.touch.timer);
    this.touch = null;
    this.scrolling = false;
  }

  private at(event: { clientX: number; clientY: number }): { x: number; y: number } {
    return toScreen(this.options.content(), event.clientX, event.clientY);
  }

  private down(event: PointerEvent, stage: HTMLElement): void {
    if (isOver(event)) return;
    if (!this.options.sender.isDriving) {
      if (event.button === 0 && event.pointerType !== 'touch') this.options.clicked();
      else if (event.pointerType === 'touch') this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      return;
    }
    event.preventDefault();
    this.options.focus();
    if (event.pointerType === 'touch') {
      this.touchDown(event, stage);
      return;
    }
    const button = buttons[event.button];
    if (button === undefined) return;
    stage.setPointerCapture(event.pointerId);
    this.press(button, event);
  }

  private press(button: number, event: { clientX: number; clientY: number }): void {
    const { x, y } = this.at(event);
    this.pressed.add(button);
    this.options.sender.button(button, true, x, y);
  }

  private lift(button: number, event: { clientX: number; clientY: number }): void {
    if (!this.pressed.delete(button)) return;
    const { x, y } = this.at(event);
    this.options.sender.button(button, false, x, y);
  }

  private move(event: PointerEvent): void {
    if (!this.options.sender.isDriving) return;
    if (event.pointerType === 'touch') {
      this.touchMove(event);
      return;
    }
    // A second button pressed while one is held comes as a move (Pointer Events, "chorded buttons").
    this.chord(event);
    // The event itself is where the newest of those that it stands for was.
    const { x, y } = this.at(event);
    this.options.sender.move(x, y);
  }

  private chord(event: PointerEvent): void {
    if (event.button === -1 || event.pointerType === 'touch' || !this.options.sender.isDriving) return;
    const button = buttons[event.button];
    const bit = { 0: 1, 1: 4, 2: 2, 3: 8, 4: 16 }[event.button];
    if (button === undefined || bit === undefined) return;
    if ((event.buttons & bit) !== 0 && !this.pressed.has(button)) this.press(button, event);
    else if ((event.buttons & bit) === 0) this.lift(button, event);
  }

  private up(event: PointerEvent): void {
    if (event.pointerType === 'touch') {
      this.touchUp(event);
      return;
    }
    for (const button of [...this.pressed]) this.lift(button, event);
  }

  private cancel(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    this.endTouch();
    for (const button of [...this.pressed]) this.lift(button, event);
  }

  private wheel(event: WheelEvent): void {
    if (!this.options.sender.isDriving || isOver(event)) return;
    event.preventDefault();
    this.turn(wheelUnits(event.deltaX, event.deltaMode), wheelUnits(event.deltaY, event.deltaMode), event);
  }

  /** Gathers turns until the next frame, and keeps what is less than a 120th. */
  private turn(dx: number, dy: number, at: { clientX: number; clientY: number }): void {
    this.wheelRest.x += dx;
    this.wheelRest.y += dy;
    this.wheelAt = { clientX: at.clientX, clientY: at.clientY };
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      const clamp = (value: number): number => Math.max(-32_767, Math.min(32_767, Math.trunc(value)));
      const whole = { x: clamp(this.wheelRest.x), y: clamp(this.wheelRest.y) };
      this.wheelRest.x -= whole.x;
      this.wheelRest.y -= whole.y;
      if ((whole.x === 0 && whole.y === 0) || !this.wheelAt) return;
      const { x, y } = this.at(this.wheelAt);
      this.options.sender.wheel(whole.x, whole.y, x, y);
    });
  }

  private touchDown(event: PointerEvent, stage: HTMLElement): void {
    stage.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.fingers.size > 1) {
      this.scrolling = true;
      if (this.touch?.timer) clearTimeout(this.touch.timer);
      if (this.touch?.dragging) this.lift(1, event);
      this.touch = null;
      return;
    }
    const { x, y } = this.at(event);
    this.options.sender.move(x, y);
    const touch = { id: event.pointerId, x: event.clientX, y: event.clientY, moved: false, dragging: false, timer: null as ReturnType<typeof setTimeout> | null };
    touch.timer = setTimeout(() => {
      if (this.touch !== touch || touch.moved) return;
      touch.moved = true; // no tap any more
      this.press(3, { clientX: touch.x, clientY: touch.y });
      this.lift(3, { clientX: touch.x, clientY: touch.y });
      // Safari has none.
      if ('vibrate' in navigator) navigator.vibrate(15);
    }, longPress);
    this.touch = touch;
  }

  private touchMove(event: PointerEvent): void {
    const finger = this.fingers.get(event.pointerId);
    if (!finger) return;
    const moved = { x: event.clientX - finger.x, y: event.clientY - finger.y };
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.scrolling) {
      // Each finger brings its half; the page follows the fingers.
      this.turn(wheelUnits(-moved.x / this.fingers.size, 0) * 1.6, wheelUnits(-moved.y / this.fingers.size, 0) * 1.6, event);
      return;
    }
    const { touch } = this;
    if (touch?.id !== event.pointerId) return;
    if (!touch.dragging && Math.hypot(event.clientX - touch.x, event.clientY - touch.y) > slop && !touch.moved) {
      touch.moved = touch.dragging = true;
      if (touch.timer) clearTimeout(touch.timer);
      this.press(1, { clientX: touch.x, clientY: touch.y });
    }
    const { x, y } = this.at(event);
    if (touch.dragging) this.options.sender.move(x, y);
  }

  private touchUp(event: PointerEvent): void {
    const started = this.fingers.get(event.pointerId);
    this.fingers.delete(event.pointerId);
    if (!this.options.sender.isDriving) {
      this.endTouch();
      if (started && Math.hypot(event.clientX - started.x, event.clientY - started.y) < slop) this.options.clicked();
      return;
    }
    if (this.fingers.size === 0 && this.scrolling) {
      this.endTouch();
      return;
    }
    const { touch } = this;
    if (touch?.id !== event.pointerId) return;
    this.endTouch();
    if (touch.dragging) this.lift(1, event);
    else if (!touch.moved) {
      this.press(1, event);
      this.lift(1, event);
    }
  }
}
