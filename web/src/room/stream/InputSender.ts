import { clipboardFrame, encodeInput, type Input } from './input';
import { controlLeft, isModifier, letterV } from './keysyms';
import type { StreamSession } from './StreamSession';

/** Moves go out at most this often, 250 a second: a mouse speaks a thousand times, and more than a screen's pictures nobody sees. */
const moveInterval = 4;

/** What became of a text that was to be pasted; all but `sent` have pasted nothing. */
export type Pasted = 'sent' | 'tooLong' | 'notDriving' | 'behind';

/**
 * InputSender turns what the person does into frames of the present control epoch. A move goes at once; those that come
 * too fast, or while the network is behind, are thinned to the newest. Nothing leaves while somebody else holds control (the agent would drop it anyway). What the stream refuses is not kept:
 * when it takes frames again, everything is let go of first, and the modifiers still held are pressed again.
 */
export class InputSender {
  private epoch = 0;
  private driving = false;
  /** Something did not get through, perhaps the end of a press: a release has to go before whatever is next. */
  private owed = false;
  private readonly modifiers = new Set<number>();
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
    else this.settle();
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
    if (!down) this.modifiers.delete(keysym);
    this.send({ op: 'key', keysym, down });
    if (down && this.driving && isModifier(keysym)) this.modifiers.add(keysym);
  }

  press(keysym: number): void {
    this.key(keysym, true);
    this.key(keysym, false);
  }

  /** Lays a text on the clipboard of the room's browser. */
  clipboard(text: string): Pasted {
    const frame = clipboardFrame(this.epoch, text);
    if (!frame) return 'tooLong';
    if (!this.driving) return 'notDriving';
    return this.settle() && this.stream.send('input', frame) ? 'sent' : 'behind';
  }

  /** Pastes a text: the clipboard, then the keys that any page knows for it. */
  paste(text: string): Pasted {
    const laid = this.clipboard(text);
    if (laid !== 'sent') return laid;
    this.key(controlLeft, true);
    this.press(letterV);
    this.key(controlLeft, false);
    return this.owed ? 'behind' : 'sent';
  }

  /** Lets go of everything that is held. */
  release(): void {
    this.modifiers.clear();
    if (this.driving) this.put({ op: 'release' });
  }

  dispose(): void {
    this.setControl(false, this.epoch);
  }

  private send(input: Input): void {
    if (this.driving && this.settle()) this.put(input);
  }

  private put(input: Input): boolean {
    const sent = this.stream.send('input', encodeInput(input, this.epoch));
    this.owed = !sent;
    return sent;
  }

  /** Pays the release that is owed; the hand has not let go of its modifiers, so they are pressed again. False while the stream refuses. */
  private settle(): boolean {
    if (!this.owed) return true;
    return this.put({ op: 'release' }) && [...this.modifiers].every((keysym) => this.put({ op: 'key', keysym, down: true }));
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
