import { createStore, type StoreApi } from 'zustand/vanilla';

export type ScreenHint = 'detail' | 'motion';

export interface ScreenState {
  state: 'off' | 'starting' | 'on';
  stream: MediaStream | null;
  /** Sharp text, or smooth pictures where not both are to be had. */
  hint: ScreenHint;
  /** The browser or the system said no for another reason than the person's change of mind. */
  trouble: boolean;
}

export interface ScreenOptions {
  /** Undefined where the browser shares no screens, as on phones and over plain HTTP. */
  media: Partial<Pick<MediaDevices, 'getDisplayMedia'>> | undefined;
}

/** What a screen is asked for. More than the film's own size costs every friend's line and shows nothing more. */
const constraints = {
  video: { width: { max: 1920 }, height: { max: 1080 }, frameRate: { ideal: 30, max: 30 } },
  // A film's sound is no voice: nothing is to be taken out of it.
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: { ideal: 2 } },
  systemAudio: 'include',
  surfaceSwitching: 'include',
  selfBrowserSurface: 'exclude',
};

/** Screen holds the screen, window or tab that this person shares, with its sound where the browser gives it. */
export class Screen {
  readonly store: StoreApi<ScreenState> = createStore<ScreenState>(() => ({ state: 'off', stream: null, hint: 'detail', trouble: false }));
  private turn = 0;
  /** The one stream of all screens of this page: by its id the others know what comes as a screen, and Chromium takes no other for a sender that it has. */
  private readonly carrier = new MediaStream();

  constructor(private readonly options: ScreenOptions) {}

  get possible(): boolean {
    return typeof this.options.media?.getDisplayMedia === 'function';
  }

  /** Has the browser ask which. It does so only for a press. */
  async start(): Promise<void> {
    if (this.store.getState().state !== 'off') return;
    const turn = ++this.turn;
    this.store.setState({ state: 'starting', trouble: false });
    let stream: MediaStream | undefined;
    let trouble = false;
    try {
      stream = await this.options.media?.getDisplayMedia?.(constraints);
    } catch (error) {
      // Who closes the browser's question has thought better of it.
      trouble = !(error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'AbortError'));
    }
    const picture = stream?.getVideoTracks()[0];
    if (turn !== this.turn || !stream || !picture) {
      for (const track of stream?.getTracks() ?? []) track.stop();
      if (turn === this.turn) this.store.setState({ state: 'off', trouble });
      return;
    }
    // The browser's own bar ends it too, and so does the window that is closed. The sound may end before.
    picture.onended = () => this.stop();
    // With sound it is rather a film than a text.
    const hint = stream.getAudioTracks().length > 0 ? 'motion' : 'detail';
    picture.contentHint = hint;
    for (const sound of stream.getAudioTracks()) sound.contentHint = 'music';
    for (const track of stream.getTracks()) this.carrier.addTrack(track);
    this.store.setState({ state: 'on', stream: this.carrier, hint });
  }

  setHint(hint: ScreenHint): void {
    const picture = this.store.getState().stream?.getVideoTracks()[0];
    if (picture) picture.contentHint = hint;
    this.store.setState({ hint });
  }

  stop(): void {
    this.turn++;
    const { stream, state } = this.store.getState();
    if (state === 'off') return;
    for (const track of stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
      this.carrier.removeTrack(track);
    }
    this.store.setState({ state: 'off', stream: null });
  }
}
