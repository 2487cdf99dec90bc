import { copyFrame } from './input';

/** When a frame goes again, in milliseconds after it: what loses a packet often loses those right behind it too. */
const after = [10, 40] as const;

/**
 * InputCopies sends each frame of the channel `input` twice more on the channel `pointer`, whose packets wait for no lost
 * one: a click that the network loses would be sent again only after some 500 ms, and hold up all that follows it. The
 * agent takes whichever comes first. One is for one channel `input`, from its first frame on.
 */
export class InputCopies {
  private number = 0;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(private readonly send: (copy: ArrayBuffer) => void) {}

  /** A frame has gone. */
  sent(frame: ArrayBuffer): void {
    const copy = copyFrame(frame, this.number);
    this.number = (this.number + 1) >>> 0;
    if (!copy) return;
    for (const delay of after) {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        this.send(copy);
      }, delay);
      this.timers.add(timer);
    }
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
