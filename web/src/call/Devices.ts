import { createStore, type StoreApi } from 'zustand/vanilla';
import { cameraSize } from './encoding';
import { troubleOf, type Trouble } from './trouble';

export type MicrophoneState = 'off' | 'starting' | 'on' | 'muted';
export type CameraState = 'off' | 'starting' | 'on';
export type DeviceKind = 'microphone' | 'camera';

export interface Device {
  id: string;
  label: string;
}

/** What the browser does to a voice before it is sent. */
export interface Processing {
  echoCancellation: boolean;
  noiseSuppression: boolean;
  autoGainControl: boolean;
}

/** What the person chose; empty means the system's own choice. */
export interface Choice extends Processing {
  microphone: string;
  camera: string;
  speaker: string;
}

export interface DevicesState {
  microphone: MicrophoneState;
  camera: CameraState;
  microphoneTrack: MediaStreamTrack | null;
  cameraTrack: MediaStreamTrack | null;
  /** The camera is off because the person switched it off, and not for another reason. */
  cameraPaused: boolean;
  microphones: readonly Device[];
  cameras: readonly Device[];
  speakers: readonly Device[];
  /** There is a camera at either side, as phones have them. */
  canFlip: boolean;
  trouble: Readonly<Record<DeviceKind, Trouble | null>>;
}

export interface DevicesOptions {
  /** Undefined where the browser has none, as over plain HTTP. */
  media: (Pick<MediaDevices, 'getUserMedia' | 'enumerateDevices' | 'addEventListener' | 'removeEventListener'> & { selectAudioOutput?: () => Promise<Pick<MediaDeviceInfo, 'deviceId'>> }) | undefined;
  choice: StoreApi<Choice>;
}

/** A track that the system silences for a moment is no trouble yet. */
const silencedGrace = 2_000;

const trackOf = { microphone: 'microphoneTrack', camera: 'cameraTrack' } as const;

/**
 * Devices holds this person's microphone and camera: which there are, which is chosen, and whether it is on. A muted microphone is held and
 * silent, so that the next word is not cut off; a camera that is off is given back, so that its light goes out.
 */
export class Devices {
  readonly store: StoreApi<DevicesState>;
  private readonly turn: Record<DeviceKind, number> = { microphone: 0, camera: 0 };
  private readonly silenced: Partial<Record<DeviceKind, ReturnType<typeof setTimeout>>> = {};
  private readonly media: DevicesOptions['media'];
  private readonly choice: StoreApi<Choice>;
  private facing: 'user' | 'environment' = 'user';
  /** With push-to-talk the microphone is heard only while something is held. */
  private push = false;
  private held = false;
  /** For which choice each device was taken. */
  private readonly takenFor: Record<DeviceKind, string> = { microphone: '', camera: '' };
  private readonly listed = (): void => void this.list();

  constructor({ media, choice }: DevicesOptions) {
    this.media = media;
    this.choice = choice;
    this.store = createStore<DevicesState>(() => ({
      microphone: 'off',
      camera: 'off',
      microphoneTrack: null,
      cameraTrack: null,
      cameraPaused: false,
      microphones: [],
      cameras: [],
      speakers: [],
      canFlip: false,
      trouble: { microphone: null, camera: null },
    }));
    media?.addEventListener('devicechange', this.listed);
  }

  /** Push-to-talk, or an open microphone, which stays as it is. */
  setPush(push: boolean): void {
    if (push === this.push) return;
    this.push = push;
    this.held = false;
    if (push && this.store.getState().microphone === 'on') this.mute();
  }

  /** Push-to-talk: what is held lets the person be heard until `letGo`. The first time takes the device. */
  async hold(): Promise<void> {
    this.held = true;
    if (this.store.getState().microphone !== 'on') await this.startMicrophone();
  }

  /** A device that is still waited for comes muted. */
  letGo(): void {
    this.held = false;
    if (this.store.getState().microphone === 'on') this.mute();
  }

  /** Off: takes the device. Muted: is heard again. On: mutes. */
  async toggleMicrophone(): Promise<void> {
    const { microphone } = this.store.getState();
    if (microphone === 'on') this.mute();
    else await this.startMicrophone();
  }

  async startMicrophone(): Promise<void> {
    const { microphone, microphoneTrack } = this.store.getState();
    if (microphone === 'muted' && microphoneTrack) {
      microphoneTrack.enabled = true;
      this.store.setState({ microphone: 'on' });
    } else if (microphone === 'off') await this.start('microphone');
  }

  mute(): void {
    const { microphone, microphoneTrack } = this.store.getState();
    if (microphone === 'starting') this.stop('microphone');
    if (microphone !== 'on' || !microphoneTrack) return;
    microphoneTrack.enabled = false;
    this.store.setState({ microphone: 'muted' });
  }

  async toggleCamera(): Promise<void> {
    const { camera } = this.store.getState();
    if (camera === 'off') await this.start('camera');
    else {
      this.stop('camera');
      this.store.setState({ cameraPaused: camera === 'on' });
    }
  }

  /** Gives the device back. */
  stop(kind: DeviceKind): void {
    this.turn[kind]++;
    this.release(kind);
    this.store.setState(kind === 'microphone' ? { microphone: 'off', microphoneTrack: null } : { camera: 'off', cameraTrack: null, cameraPaused: false });
    this.say(kind, null);
  }

  dispose(): void {
    this.stop('microphone');
    this.stop('camera');
    this.media?.removeEventListener('devicechange', this.listed);
  }

  async chooseMicrophone(id: string): Promise<void> {
    this.choice.setState({ microphone: id });
    await this.again('microphone');
  }

  async chooseCamera(id: string): Promise<void> {
    this.choice.setState({ camera: id });
    await this.again('camera');
  }

  chooseSpeaker(id: string): void {
    this.choice.setState({ speaker: id });
  }

  /** The browser asks which one, where it tells of the others only to who has answered that. */
  get asksForSpeaker(): boolean {
    return typeof this.media?.selectAudioOutput === 'function';
  }

  async askForSpeaker(): Promise<void> {
    try {
      const chosen = await this.media?.selectAudioOutput?.();
      if (chosen) this.chooseSpeaker(chosen.deviceId);
    } catch {
      // Who closes the question keeps what they have.
    }
    await this.list();
  }

  async setProcessing(change: Partial<Processing>): Promise<void> {
    this.choice.setState(change);
    // Browsers do not change it on a running track.
    await this.again('microphone');
  }

  /** Takes anew what is in use and was chosen otherwise meanwhile, as in the check. */
  async renew(): Promise<void> {
    for (const kind of ['microphone', 'camera'] as const) if (this.takenFor[kind] !== this.wanted(kind)) await this.again(kind);
  }

  /** The other side of a phone. */
  async flipCamera(): Promise<void> {
    this.facing = this.facing === 'user' ? 'environment' : 'user';
    this.choice.setState({ camera: '' });
    await this.again('camera');
  }

  get facesAway(): boolean {
    return this.facing === 'environment' && this.choice.getState().camera === '';
  }

  dismiss(kind: DeviceKind): void {
    this.say(kind, null);
  }

  /** Names are told by browsers only to those who were let in once. */
  async list(): Promise<void> {
    const found = await this.media?.enumerateDevices().catch(() => []);
    if (!found) return;
    const of = (wanted: MediaDeviceKind): Device[] => found.filter(({ kind, deviceId }) => kind === wanted && deviceId !== '').map(({ deviceId, label }) => ({ id: deviceId, label }));
    this.store.setState({ microphones: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput'), canFlip: ['user', 'environment'].every((side) => found.some((device) => faces(device, side))) });
  }

  /** Takes the device anew if it is in use, for another choice. Until the new one is there the old one is heard; cameras can't be two at once on phones. */
  private async again(kind: DeviceKind): Promise<void> {
    const state = this.store.getState();
    if (state[kind] === 'off') return;
    if (kind === 'camera') this.release(kind);
    await this.start(kind);
  }

  /** False when something else was wanted before the device had answered. */
  private async start(kind: DeviceKind): Promise<boolean> {
    const turn = ++this.turn[kind];
    if (this.store.getState()[trackOf[kind]] === null) this.set(kind, 'starting', null);
    let track: MediaStreamTrack | undefined;
    let trouble: Trouble | null = null;
    try {
      track = await this.take(kind);
    } catch (error) {
      trouble = troubleOf(error, this.media !== undefined);
    }
    if (turn !== this.turn[kind]) {
      track?.stop();
      return false;
    }
    this.release(kind);
    if (!track) {
      this.set(kind, 'off', null);
      this.say(kind, trouble ?? 'unknown');
      return true;
    }
    // Who was muted while the device was waited for stays so.
    const muted = this.store.getState().microphone === 'muted' || (this.push && !this.held);
    if (kind === 'microphone') track.enabled = !muted;
    else track.contentHint = 'motion';
    this.watch(kind, track);
    this.say(kind, null);
    this.set(kind, kind === 'microphone' && muted ? 'muted' : 'on', track);
    await this.list();
    return true;
  }

  private wanted(kind: DeviceKind): string {
    const { microphone, camera, echoCancellation, noiseSuppression, autoGainControl } = this.choice.getState();
    return kind === 'camera' ? camera : [microphone, echoCancellation, noiseSuppression, autoGainControl].join();
  }

  private async take(kind: DeviceKind): Promise<MediaStreamTrack | undefined> {
    this.takenFor[kind] = this.wanted(kind);
    if (!this.media) throw new DOMException('', 'SecurityError');
    try {
      return await this.capture(kind, this.choice.getState()[kind]);
    } catch (error) {
      // The chosen one is not there any more: whichever is.
      if (!(error instanceof DOMException) || (error.name !== 'OverconstrainedError' && error.name !== 'NotFoundError')) throw error;
      return await this.capture(kind, '');
    }
  }

  private async capture(kind: DeviceKind, id: string): Promise<MediaStreamTrack | undefined> {
    const device = id === '' ? {} : { deviceId: { exact: id } };
    const { echoCancellation, noiseSuppression, autoGainControl } = this.choice.getState();
    const { width, height, frameRate } = cameraSize;
    const stream = await this.media?.getUserMedia(
      kind === 'microphone'
        ? { audio: { ...device, echoCancellation, noiseSuppression, autoGainControl, channelCount: { ideal: 1 } } }
        : { video: { ...device, ...(id === '' ? { facingMode: { ideal: this.facing } } : {}), width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: frameRate, max: 30 } } },
    );
    return stream?.getTracks()[0];
  }

  private watch(kind: DeviceKind, track: MediaStreamTrack): void {
    track.onended = () => {
      if (this.store.getState()[trackOf[kind]] === track) void this.lost(kind);
    };
    track.onmute = () => {
      this.silenced[kind] = setTimeout(() => this.say(kind, 'taken'), silencedGrace);
    };
    track.onunmute = () => {
      clearTimeout(this.silenced[kind]);
      if (this.store.getState().trouble[kind] === 'taken') this.say(kind, null);
    };
  }

  /** Pulled out, or no longer allowed. Another one takes its place where there is one, and the person is told. */
  private async lost(kind: DeviceKind): Promise<void> {
    if (!(await this.start(kind))) return;
    const { [kind]: state, trouble } = this.store.getState();
    if (state === 'off') this.say(kind, trouble[kind] === 'denied' ? 'denied' : 'unplugged');
    else this.say(kind, 'replaced');
  }

  private release(kind: DeviceKind): void {
    clearTimeout(this.silenced[kind]);
    const track = this.store.getState()[trackOf[kind]];
    if (!track) return;
    track.onended = track.onmute = track.onunmute = null;
    track.stop();
  }

  private set(kind: DeviceKind, state: CameraState | MicrophoneState, track: MediaStreamTrack | null): void {
    this.store.setState(kind === 'microphone' ? { microphone: state, microphoneTrack: track } : { camera: state as CameraState, cameraTrack: track, cameraPaused: false });
  }

  private say(kind: DeviceKind, trouble: Trouble | null): void {
    if (this.store.getState().trouble[kind] !== trouble) this.store.setState((state) => ({ trouble: { ...state.trouble, [kind]: trouble } }));
  }
}

const sideNames: Record<string, RegExp> = { user: /front|user/i, environment: /back|rear|environment/i };

/** Whether a camera looks to that side: by what the browser says, and where it says nothing by the camera's name. */
function faces(device: MediaDeviceInfo & Partial<Pick<InputDeviceInfo, 'getCapabilities'>>, side: string): boolean {
  if (device.kind !== 'videoinput') return false;
  const { facingMode } = device.getCapabilities?.() ?? {};
  return facingMode ? facingMode.includes(side) : (sideNames[side]?.test(device.label) ?? false);
}
