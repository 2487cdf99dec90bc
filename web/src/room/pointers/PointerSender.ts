import type { ScreenPoint } from '../stream/letterbox';

/** How often the hub is told, in milliseconds; and where each time is a request. */
const sayEvery = 50;
const sayCostlyEvery = 250;

/** PointerSender tells the hub where this person points: the newest place at most so often, and nothing while it stays the same. */
export class PointerSender {
  private said: ScreenPoint | null = null;
  private newest: ScreenPoint | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  /** `say` answers false where nobody can be told. */
  constructor(
    private readonly say: (at: ScreenPoint | null) => boolean,
    private readonly costly: () => boolean = () => false,
  ) {}

  /** Null takes the pointer away. */
  move(at: ScreenPoint | null): void {
    this.newest = at;
    if (this.timer === null) this.tell();
  }

  /** The hub knows nothing of this pointer any more. */
  forget(): void {
    this.said = null;
  }

  /** Takes the pointer away for good. */
  dispose(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.said !== null) this.say(null);
    this.said = this.newest = null;
  }

  private tell(): void {
    const { newest, said } = this;
    if (newest === said || (newest !== null && newest.x === said?.x && newest.y === said.y)) return;
    if (!this.say(newest)) return;
    this.said = newest;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.tell();
    }, this.costly() ? sayCostlyEvery : sayEvery);
  }
}
