import type { InputSender } from './InputSender';
import { toScreen, type Rect } from './letterbox';
import { Wheel, wheelUnits } from './Wheel';

/** X11's numbers for MouseEvent.button. */
const buttons: Readonly<Record<number, number>> = { 0: 1, 1: 2, 2: 3, 3: 8, 4: 9 };

export interface PointerOptions {
  sender: Pick<InputSender, 'move' | 'button' | 'wheel' | 'isDriving'>;
  /** Where the picture is in the page, now. */
  content: () => Rect;
  /** The picture was clicked while the person does not drive. */
  clicked: () => void;
  focus: () => void;
}

/** What stands over the picture, as a question with its buttons, is the page's own. */
export function isOver(event: Event): boolean {
  return event.target instanceof Element && event.target.closest('button, a, [data-over-stage]') !== null;
}

/** Pointer turns what a mouse or a pen does on the stage into moves, buttons and turns of the wheel. Fingers are not its own: see Fingers. */
export class Pointer {
  private readonly pressed = new Set<number>();
  private wheelAt = { clientX: 0, clientY: 0 };
  private readonly wheel = new Wheel((dx, dy) => {
    const { x, y } = this.at(this.wheelAt);
    this.options.sender.wheel(dx, dy, x, y);
  });

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
    stage.addEventListener('pointercancel', (event) => this.up(event), active);
    stage.addEventListener('wheel', (event) => this.turned(event), active);
    for (const type of ['mousedown', 'mouseup', 'auxclick', 'contextmenu', 'dragstart'] as const) {
      stage.addEventListener(type, (event) => this.options.sender.isDriving && !isOver(event) && event.preventDefault(), active);
    }
    return () => {
      abort.abort();
      this.wheel.stop();
    };
  }

  /** Control was lost: the agent has released all, so only forget. */
  forget(): void {
    this.pressed.clear();
    this.wheel.forget();
  }

  private at(event: { clientX: number; clientY: number }): { x: number; y: number } {
    return toScreen(this.options.content(), event.clientX, event.clientY);
  }

  private down(event: PointerEvent, stage: HTMLElement): void {
    if (event.pointerType === 'touch' || isOver(event)) return;
    if (!this.options.sender.isDriving) {
      if (event.button === 0) this.options.clicked();
      return;
    }
    event.preventDefault();
    this.options.focus();
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
    if (event.pointerType === 'touch' || !this.options.sender.isDriving) return;
    // A second button pressed while one is held comes as a move (Pointer Events, "chorded buttons").
    this.chord(event);
    // The event itself is where the newest of those that it stands for was.
    const { x, y } = this.at(event);
    this.options.sender.move(x, y);
  }

  private chord(event: PointerEvent): void {
    if (event.button === -1) return;
    const button = buttons[event.button];
    const bit = { 0: 1, 1: 4, 2: 2, 3: 8, 4: 16 }[event.button];
    if (button === undefined || bit === undefined) return;
    if ((event.buttons & bit) !== 0 && !this.pressed.has(button)) this.press(button, event);
    else if ((event.buttons & bit) === 0) this.lift(button, event);
  }

  private up(event: PointerEvent): void {
    if (event.pointerType === 'touch') return;
    for (const button of [...this.pressed]) this.lift(button, event);
  }

  private turned(event: WheelEvent): void {
    if (!this.options.sender.isDriving || isOver(event)) return;
    event.preventDefault();
    this.wheelAt = { clientX: event.clientX, clientY: event.clientY };
    this.wheel.turn(wheelUnits(event.deltaX, event.deltaMode), wheelUnits(event.deltaY, event.deltaMode));
  }
}
