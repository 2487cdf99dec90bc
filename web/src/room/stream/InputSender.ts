import { clipboardFrame, encodeInput, type Input } from './input';
import { controlLeft, letterV } from './keysyms';
import type { StreamSession } from './StreamSession';

/** Moves go out at most this often, 250 a second: a mouse speaks a thousand times, and more than a screen's pictures nobody sees. */
const moveInterval = 4;

/**
 * InputSender turns what the person does into frames of the present control epoch. A move goes at once; those that come
 * too fast, or while the network is behind, are thinned to the newest. Nothing leaves while somebody else holds control (the agent would drop it anyway). What the stream refuses is not kept:
 * when it takes frames again, everything is let go of first.
 */
export class InputSender {
  private epoch = 0;
  private driving = false;
  /** Something did not get through, perhaps the end of a press: a release has to go before whatever is next. */
  private owed = false;
  private sequence = 0;
  private lastMove = -Infinity;
  private last: { x: number; y: number } | null = null;
  private pending: { x: number; y: number } | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly stream: Pick<StreamSession, 'send'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Called with each change of control; losing it lets go of everything first. */
  setControl(driving: boolean, epoch: number): void {
    if (this.driving && !driving) this.release();
    this.driving = driving;
    this.last = null;
    this.epoch = epoch;
    if (!driving) this.cancelMove();
    else if (this.owed) this.release();
  }

  get isDriving(): boolean {
    return this.driving;
  }

  move(x: number, y: number): void {
    if (!this.driving || (!this.pending && this.last?.x === x && this.last.y === y)) return;
    this.pending = { x, y };
    const wait = this.lastMove + moveInterval - this.now();
    if (wait <= 0) this.flushMove();
    else this.timer ??= setTimeout(() => this.flushMove(), wait);
  }

  button(button: number, down: boolean, x: number, y: number): void {
    this.cancelMove(); // the frame says where; an older move must not follow it
    this.last = null;
    this.send({ op: 'button', button, down, x, y });
  }

  wheel(dx: number, dy: number, x: number, y: number): void {
    this.send({ op: 'wheel', dx, dy, x, y });
  }

  key(keysym: number, down: boolean): void {
    this.send({ op: 'key', keysym, down });
  }

  press(keysym: number): void {
    this.key(keysym, true);
    this.key(keysym, false);
  }

  /** Lays a text on the clipboard of the room's browser. False when it is too long for it. */
  clipboard(text: string): boolean {
    const frame = clipboardFrame(this.epoch, text);
    if (!frame) return false;
    if (!this.driving) return true;
    if (this.owed) this.release();
    this.owed ||= !this.stream.send('input', frame);
    return true;
  }

  /** Pastes a text: the clipboard, then the keys that any page knows for it. False when it is too long. */
  paste(text: string): boolean {
    if (!this.clipboard(text)) return false;
    this.key(controlLeft, true);
    this.press(letterV);
    this.key(controlLeft, false);
    return true;
  }

  release(): void {
    if (this.driving) this.owed = !this.stream.send('input', encodeInput({ op: 'release' }, this.epoch));
  }

  dispose(): void {
    this.setControl(false, this.epoch);
  }

  private send(input: Input): void {
    if (!this.driving) return;
    if (this.owed) this.release();
    this.owed ||= !this.stream.send('input', encodeInput(input, this.epoch));
  }

  private flushMove(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (!this.pending || !this.driving) return;
    const { x, y } = this.pending;
    this.lastMove = this.now();
    if (!this.stream.send('pointer', encodeInput({ op: 'move', x, y, sequence: (this.sequence + 1) >>> 0 }, this.epoch))) {
      this.timer = setTimeout(() => this.flushMove(), moveInterval);
      return;
    }
    this.sequence = (this.sequence + 1) >>> 0;
    this.pending = null;
    this.last = { x, y };
  }

  private cancelMove(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.pending = null;
  }
}
