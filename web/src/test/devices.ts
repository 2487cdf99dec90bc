import { vi } from 'vitest';

/** A track as a device gives it, whose device the test holds. */
export class FakeTrack extends EventTarget {
  enabled = true;
  muted = false;
  contentHint = '';
  readyState: MediaStreamTrackState = 'live';
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;
  constructor(
    readonly kind: 'audio' | 'video',
    readonly label: string,
  ) {
    super();
  }
  readonly stop = (): void => void (this.readyState = 'ended');
  readonly getSettings = (): MediaTrackSettings => ({});
  /** Pulled out. */
  pull(): void {
    this.readyState = 'ended';
    this.onended?.();
  }
}

/** The microphones and cameras of a machine, by id. */
export class FakeMedia extends EventTarget {
  microphones = ['built-in', 'headset'];
  cameras = ['webcam'];
  /** To which side cameras look, where the browser says so. */
  facing: Record<string, string> = {};
  /** The sound comes with a shared screen. */
  screenSound = true;
  refusal: string | null = null;
  private screens = 0;
  readonly taken: FakeTrack[] = [];
  readonly asked: MediaStreamConstraints[] = [];
  private waiting: (() => void)[] | null = null;

  readonly getUserMedia = vi.fn(async (constraints: MediaStreamConstraints): Promise<MediaStream> => {
    this.asked.push(constraints);
    const { waiting } = this;
    if (waiting) await new Promise<void>((go) => waiting.push(go));
    const kind = constraints.audio === undefined ? 'video' : 'audio';
    const wanted = (constraints.audio ?? constraints.video) as MediaTrackConstraints;
    const exact = (wanted.deviceId as { exact?: string } | undefined)?.exact;
    const list = kind === 'audio' ? this.microphones : this.cameras;
    if (this.refusal !== null) throw new DOMException('', this.refusal);
    const found = exact === undefined ? list[0] : list.find((id) => id === exact);
    if (found === undefined) throw new DOMException('', list.length === 0 ? 'NotFoundError' : 'OverconstrainedError');
    const track = new FakeTrack(kind, found);
    this.taken.push(track);
    return { getTracks: () => [track] } as unknown as MediaStream;
  });

  readonly getDisplayMedia = vi.fn((): Promise<MediaStream> => {
    if (this.refusal !== null) return Promise.reject(new DOMException('', this.refusal));
    const tracks = [new FakeTrack('video', 'screen'), ...(this.screenSound ? [new FakeTrack('audio', 'screen')] : [])];
    this.taken.push(...tracks);
    const of = (kind: string) => () => tracks.filter((track) => track.kind === kind);
    return Promise.resolve({ id: `screen${++this.screens}`, getTracks: () => tracks, getVideoTracks: of('video'), getAudioTracks: of('audio') } as unknown as MediaStream);
  });

  readonly enumerateDevices = (): Promise<MediaDeviceInfo[]> =>
    Promise.resolve([...this.microphones.map((deviceId) => ({ kind: 'audioinput', deviceId, label: deviceId })), ...this.cameras.map((deviceId) => ({ kind: 'videoinput', deviceId, label: deviceId, ...(this.facing[deviceId] === undefined ? {} : { getCapabilities: () => ({ facingMode: [this.facing[deviceId]] }) }) }))] as MediaDeviceInfo[]);

  /** The person takes their time with the browser's question. */
  hold(): () => void {
    const waiting: (() => void)[] = [];
    this.waiting = waiting;
    return () => {
      this.waiting = null;
      for (const go of waiting) go();
    };
  }

  get newest(): FakeTrack {
    const track = this.taken.at(-1);
    if (!track) throw new Error('no device was taken');
    return track;
  }
}
