import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Voice } from './Playout';

export type EchoState = 'idle' | 'recording' | 'playing' | 'failed';

export interface EchoOptions {
  makeRecorder: (stream: MediaStream) => MediaRecorder;
  makeVoice: () => Voice & Pick<HTMLAudioElement, 'src' | 'onended'>;
  /** The chosen loudspeaker; empty for the system's own. */
  speaker: () => string;
  urls: Pick<typeof URL, 'createObjectURL' | 'revokeObjectURL'>;
}

/** How long a person speaks before they hear themselves. */
export const echoLength = 3_000;

/** Echo lets a person hear themselves as a microphone hears them: it records for three seconds, and plays that on the loudspeaker that was chosen. */
export class Echo {
  readonly store: StoreApi<{ state: EchoState }> = createStore<{ state: EchoState }>(() => ({ state: 'idle' }));
  private undo: (() => void)[] = [];

  constructor(private readonly options: EchoOptions) {}

  start(track: MediaStreamTrack): void {
    this.stop();
    const chunks: Blob[] = [];
    let recorder: MediaRecorder;
    try {
      recorder = this.options.makeRecorder(new MediaStream([track]));
      recorder.ondataavailable = ({ data }) => void chunks.push(data);
      recorder.onstop = () => this.play(new Blob(chunks, { type: recorder.mimeType }));
      recorder.onerror = () => this.fail();
      recorder.start();
    } catch {
      this.fail();
      return;
    }
    const timer = setTimeout(() => recorder.stop(), echoLength);
    this.undo.push(() => {
      clearTimeout(timer);
      recorder.onstop = recorder.ondataavailable = recorder.onerror = null;
      if (recorder.state !== 'inactive') recorder.stop();
    });
    this.store.setState({ state: 'recording' });
  }

  stop(): void {
    for (const undo of this.undo.splice(0)) undo();
    this.store.setState({ state: 'idle' });
  }

  private play(recorded: Blob): void {
    const { urls } = this.options;
    const voice = this.options.makeVoice();
    const url = urls.createObjectURL(recorded);
    voice.src = url;
    voice.onended = () => this.stop();
    this.undo.push(() => {
      voice.onended = null;
      voice.pause();
      urls.revokeObjectURL(url);
    });
    this.store.setState({ state: 'playing' });
    const speaker = this.options.speaker();
    // A loudspeaker that is gone leaves the sound to the system's own.
    const placed = speaker === '' ? undefined : voice.setSinkId?.(speaker).catch(() => undefined);
    void Promise.resolve(placed)
      .then(() => voice.play())
      .catch((error: unknown) => {
        // Stopped in the middle is no failure.
        if (!(error instanceof DOMException && error.name === 'AbortError')) this.fail();
      });
  }

  private fail(): void {
    this.stop();
    this.store.setState({ state: 'failed' });
  }
}
