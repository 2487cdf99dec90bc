export interface LevelsOptions {
  /** Who speaks, when it has changed. */
  changed: (speaking: readonly string[]) => void;
  now?: () => number;
}

/** From 0 to 1. What is softer is breath and rooms. */
const threshold = 0.015;
/** Between two words nobody has stopped speaking. */
const hold = 450;
const interval = 100;

/**
 * Levels says who speaks. It reads what each source knows already, ten times a second: the receiver's own measure of what it plays, or the
 * microphone's; it decodes nothing.
 */
export class Levels {
  private readonly sources = new Map<string, () => number>();
  private readonly heard = new Map<string, number>();
  private speaking: readonly string[] = [];
  private timer: ReturnType<typeof setInterval> | null = null;
  private readonly now: () => number;

  constructor(private readonly options: LevelsOptions) {
    this.now = options.now ?? Date.now;
  }

  /** Listens to a source, or no more. */
  set(name: string, level: (() => number) | null): void {
    if (level) this.sources.set(name, level);
    else {
      this.sources.delete(name);
      this.heard.delete(name);
    }
    if (this.sources.size > 0) this.timer ??= setInterval(() => this.measure(), interval);
    else this.stop();
    if (!level) this.tell();
  }

  dispose(): void {
    this.sources.clear();
    this.heard.clear();
    this.stop();
  }

  private stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  private measure(): void {
    const now = this.now();
    for (const [name, level] of this.sources) if (level() > threshold) this.heard.set(name, now);
    this.tell();
  }

  private tell(): void {
    const now = this.now();
    const speaking = [...this.heard].filter(([, at]) => now - at < hold).map(([name]) => name);
    if (speaking.length === this.speaking.length && speaking.every((name) => this.speaking.includes(name))) return;
    this.speaking = speaking;
    this.options.changed(speaking);
  }
}

/** How loud a receiver is just now, by its last packet; where none came since the last reading it is silent. */
export function levelOf(receiver: RTCRtpReceiver): () => number {
  let before = 0;
  return () => {
    const [source] = receiver.getSynchronizationSources();
    if (!source || source.timestamp === before) return 0;
    before = source.timestamp;
    return source.audioLevel ?? 0;
  };
}

/** How loud the microphone is just now, and the end of measuring it. Null where the page may not measure. */
export function microphoneLevel(track: MediaStreamTrack): { level: () => number; end: () => void } | null {
  if (typeof AudioContext === 'undefined') return null;
  // Nothing of it is to be heard: where a browser knows how, no loudspeaker is opened for it.
  const audio = new AudioContext({ latencyHint: 'playback', sinkId: { type: 'none' } } as AudioContextOptions);
  void audio.resume();
  const analyser = audio.createAnalyser();
  analyser.fftSize = 512;
  audio.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  return {
    level: () => {
      analyser.getFloatTimeDomainData(wave);
      return Math.sqrt(wave.reduce((sum, sample) => sum + sample * sample, 0) / wave.length);
    },
    end: () => void audio.close(),
  };
}
