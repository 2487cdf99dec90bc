/** The part of an audio element that the playout uses. */
export type Voice = Pick<HTMLAudioElement, 'srcObject' | 'volume' | 'play' | 'pause'> & { setSinkId?: (id: string) => Promise<void> };

export interface PlayoutOptions {
  makeVoice: (peer: string) => Voice;
  /** The browser wants a click before anybody is heard, or no longer. */
  blocked: (blocked: boolean) => void;
}

/** Playout lets the friends be heard: one element each, with a volume of its own, on the loudspeaker that was chosen. */
export class Playout {
  private readonly voices = new Map<string, { voice: Voice; track: MediaStreamTrack }>();
  private readonly volumes = new Map<string, number>();
  private readonly waiting = new Set<string>();
  private sink = '';

  constructor(private readonly options: PlayoutOptions) {}

  /** Plays a peer's voice, or no more. */
  set(peer: string, track: MediaStreamTrack | null): void {
    const playing = this.voices.get(peer);
    if (playing?.track === track || (!playing && !track)) return;
    if (playing) {
      playing.voice.pause();
      playing.voice.srcObject = null;
      this.voices.delete(peer);
      this.allowed(peer);
    }
    if (!track) return;
    const voice = this.options.makeVoice(peer);
    voice.srcObject = new MediaStream([track]);
    voice.volume = this.volumes.get(peer) ?? 1;
    if (this.sink !== '') void voice.setSinkId?.(this.sink).catch(() => undefined);
    this.voices.set(peer, { voice, track });
    this.play(peer, voice);
  }

  /** From 0 to 1. */
  setVolume(peer: string, volume: number): void {
    this.volumes.set(peer, volume);
    const playing = this.voices.get(peer);
    if (playing) playing.voice.volume = volume;
  }

  /** The loudspeaker; empty for the system's own choice. */
  setSink(id: string): void {
    if (id === this.sink) return;
    this.sink = id;
    // One that is gone leaves the sound where it was.
    for (const { voice } of this.voices.values()) void voice.setSinkId?.(id).catch(() => undefined);
  }

  /** After a click: what the browser held back may be heard. */
  unblock(): void {
    for (const peer of [...this.waiting]) {
      const playing = this.voices.get(peer);
      if (playing) this.play(peer, playing.voice);
    }
  }

  dispose(): void {
    for (const peer of [...this.voices.keys()]) this.set(peer, null);
  }

  private play(peer: string, voice: Voice): void {
    voice.play().then(
      () => this.allowed(peer),
      (error: unknown) => {
        if (this.voices.get(peer)?.voice !== voice || !(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
        this.waiting.add(peer);
        this.options.blocked(true);
      },
    );
  }

  private allowed(peer: string): void {
    if (this.waiting.delete(peer) && this.waiting.size === 0) this.options.blocked(false);
  }
}
