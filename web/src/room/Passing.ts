/** What passes in a room and is kept nowhere: who writes at this moment, and what floats over the picture. */
export interface PassingOptions {
  send: (typing: boolean) => void;
  changed: (typing: readonly string[]) => void;
}

/** Somebody who has not said again that they write has stopped. */
const writesFor = 6_000;
/** How often it is said while one writes. */
const sayEvery = 3_000;

type ReactionListener = (emoji: string, peer: string) => void;

export class Passing {
  private readonly writing = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly listeners = new Set<ReactionListener>();
  private said: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly options: PassingOptions) {}

  /** The person here has written something, or stopped. */
  write(on: boolean): void {
    if (on === (this.said !== null)) return;
    if (this.said) clearTimeout(this.said);
    this.said = on ? setTimeout(() => (this.said = null), sayEvery) : null;
    this.options.send(on);
  }

  /** What was written has been sent, which the others hear by itself. */
  sent(): void {
    if (this.said) clearTimeout(this.said);
    this.said = null;
  }

  /** A peer writes, or has stopped: it said so, has sent what it wrote, or left. */
  heard(peer: string, typing: boolean): void {
    const timer = this.writing.get(peer);
    if (timer !== undefined) clearTimeout(timer);
    else if (!typing) return;
    this.writing.delete(peer);
    if (typing) this.writing.set(peer, setTimeout(() => this.heard(peer, false), writesFor));
    if (typing !== (timer !== undefined)) this.options.changed([...this.writing.keys()]);
  }

  onReaction(listener: ReactionListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  reaction(emoji: string, peer: string): void {
    for (const listener of this.listeners) listener(emoji, peer);
  }

  dispose(): void {
    if (this.said) clearTimeout(this.said);
    for (const timer of this.writing.values()) clearTimeout(timer);
    this.writing.clear();
    this.listeners.clear();
  }
}
