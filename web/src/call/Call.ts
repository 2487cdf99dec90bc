import { createStore, type StoreApi } from 'zustand/vanilla';
import { HubError } from '@/api/hub/HubConnection';
import type { ServerMessage } from '@/api/hub/messages';
import type { ICEServer, Identity, Peer, Permission, Room, SignalPayload } from '@/api/types';
import { Devices, type DevicesOptions } from './Devices';
import { Duck } from './Duck';
import { levelOf, Levels, microphoneLevel } from './Levels';
import { Mesh } from './Mesh';
import { Pace } from './Pace';
import type { LinkState } from './PeerLink';
import { Playout, type Voice } from './Playout';
import { choice, hearing, talking, volumeOf, volumes } from './preferences';
import type { Quality } from './quality';
import { QualityWatch } from './QualityWatch';
import { Screen } from './Screen';
import { isCall } from './session';

/** Another viewer of the room, as the call sees them. */
export interface CallPerson {
  peer: Peer;
  /** Null where nothing connects the two. */
  link: LinkState | null;
  /** What their camera shows, if it is on. */
  picture: MediaStreamTrack | null;
  /** It is on, and shows nothing until a line is better. */
  rests: boolean;
}

/** What the film suffers from at this end: packets get lost, or the line is too narrow for all of it. */
export type FilmTrouble = 'loss' | 'narrow' | null;

/** The screen that somebody of the room shares. */
export interface Share {
  peer: Peer;
  /** This very page shares it. */
  own: boolean;
  /** Null until it comes. */
  picture: MediaStreamTrack | null;
  sound: MediaStreamTrack | null;
}

export interface CallState {
  self: string | null;
  /** The other viewers, in the order of their coming. */
  people: readonly CallPerson[];
  share: Share | null;
  /** With whom it is not good, by peer, and why. */
  quality: Readonly<Record<string, Quality>>;
  /** Somebody has something on, or had a moment ago. */
  active: boolean;
  /** Peers who speak just now. */
  speaking: readonly string[];
  /** The browser wants a click before it lets friends be heard. */
  blocked: boolean;
}

export interface CallOptions {
  makePeerConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  signal: (payload: SignalPayload, target: string) => boolean;
  /** Tells the hub what is on; rejects with its refusal. */
  presence: (media: Peer['media']) => Promise<unknown>;
  /** Shows the person that the hub said no. */
  refused: (code: string, detail: string) => void;
  makeId: () => string;
  media: (DevicesOptions['media'] & Partial<Pick<MediaDevices, 'getDisplayMedia'>>) | undefined;
  makeVoice: (peer: string) => Voice;
}

/** A restarted hub knows of nobody yet: who is not back after this has left. */
const missingGrace = 25_000;
/** The bubbles stay while somebody only catches breath. */
const quietGrace = 30_000;
/** Who looks at another tab for a moment, or turns the phone, goes on being sent pictures. */
const unseenGrace = 1_500;

const off: Peer['media'] = { microphone: false, camera: false };

const same = (a: Peer['media'], b: Peer['media']): boolean => a.microphone === b.microphone && a.camera === b.camera && a.screen === b.screen;

/**
 * Call is one person's part in the talk of a room: their devices, the connections with the others, and what of the others is seen and heard.
 * Only what the hub says is on is played, whatever a peer sends.
 */
export class Call {
  readonly store: StoreApi<CallState>;
  readonly devices: Devices;
  readonly screen: Screen;
  /** What the film's volume is to be multiplied with just now. */
  ducked = 1;
  private readonly mesh: Mesh;
  private readonly levels: Levels;
  private readonly playout: Playout;
  private readonly duck: Duck;
  private readonly duckListeners = new Set<(factor: number) => void>();
  private readonly watch: QualityWatch;
  private readonly ends: (() => void)[];
  private readonly peers = new Map<string, Peer>();
  private readonly missing = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly voices = new Map<string, RTCRtpReceiver>();
  private permissions: readonly Permission[] = [];
  private welcomed = false;
  private disposed = false;
  /** What the hub knows to be on here; null while it can't be told. */
  private said: Peer['media'] | null = null;
  private telling = false;
  private refusal: ReturnType<typeof setTimeout> | null = null;
  private measuring: { track: MediaStreamTrack; end: () => void } | null = null;
  private quiet: ReturnType<typeof setTimeout> | null = null;
  /** How much of the friends' pictures this line has place for beside the film. */
  private readonly yielding = new Pace();
  private side: number | null = null;
  private unseen: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly options: CallOptions) {
    this.store = createStore<CallState>(() => ({ self: null, people: [], share: null, quality: {}, active: false, speaking: [], blocked: false }));
    this.devices = new Devices({ media: options.media, choice });
    this.screen = new Screen({ media: options.media });
    this.mesh = new Mesh({ makePeerConnection: options.makePeerConnection, signal: options.signal, makeId: options.makeId, changed: () => this.show() });
    this.duck = new Duck({
      changed: (factor) => {
        this.ducked = factor;
        for (const listener of this.duckListeners) listener(factor);
      },
    });
    this.levels = new Levels({
      changed: (speaking) => {
        this.store.setState({ speaking });
        this.hush();
      },
    });
    this.watch = new QualityWatch({ connections: () => this.connected(), looked: (peer, sample) => this.mesh.link(peer)?.hear(sample), changed: (quality) => this.store.setState({ quality }) });
    this.playout = new Playout({ makeVoice: options.makeVoice, blocked: (blocked) => this.store.setState({ blocked }) });
    this.playout.setSink(choice.getState().speaker);
    this.devices.setPush(talking.getState().push);
    this.ends = [
      this.devices.store.subscribe(() => this.devicesChanged()),
      this.screen.store.subscribe(() => this.screenChanged()),
      talking.subscribe(({ push }) => this.devices.setPush(push)),
      choice.subscribe(({ speaker }) => this.playout.setSink(speaker)),
      hearing.subscribe(() => {
        this.setVolumes();
        this.hush();
      }),
      volumes.subscribe(() => this.setVolumes()),
    ];
  }

  /** Hears each change of `ducked`. */
  onDuck(listener: (factor: number) => void): () => void {
    this.duckListeners.add(listener);
    return () => this.duckListeners.delete(listener);
  }

  /** How large friends are shown here: the side of a bubble in the screen's own pixels, 0 where nobody sees them. Nobody sends more than that. */
  setShown(side: number): void {
    if (this.unseen !== null) clearTimeout(this.unseen);
    this.unseen = null;
    if (side === this.side || this.disposed) return;
    if (side > 0 || this.side === null) this.see(side);
    else this.unseen = setTimeout(() => this.see(0), unseenGrace);
  }

  /** How the film goes here, every few seconds; undefined where there is none. Where it suffers friends are asked for smaller pictures, and at last for none. */
  filmGoes(trouble: FilmTrouble | undefined): void {
    if (this.disposed) return;
    // A line that only loses packets may do so for no want of width: small pictures stay.
    if (trouble === undefined ? this.yielding.reset() : this.yielding.hear(trouble !== null, trouble === 'narrow')) this.wish();
  }

  /** What this seat was given to find its way by. */
  get iceServers(): readonly ICEServer[] {
    return this.mesh.servers;
  }

  may(kind: 'voice' | 'video' | 'screen'): boolean {
    return this.permissions.includes(kind);
  }

  /** The hub has given a seat, or given it again. */
  identity({ peer: self, permissions, snapshot, iceServers, resumed }: Identity): void {
    if (this.disposed) return;
    const first = !this.welcomed;
    this.welcomed = true;
    this.permissions = permissions;
    const before = this.store.getState().self;
    const sameSeat = before === self;
    if (before !== null && !sameSeat) this.measure(before, null);
    for (const id of this.peers.keys()) {
      if (snapshot.peers.some((peer) => peer.id === id)) continue;
      // After a restart of the server the others come back one by one; their media has gone on all the time.
      if (sameSeat && this.mesh.link(id)) this.miss(id);
      else this.peers.delete(id);
    }
    for (const peer of snapshot.peers) this.found(peer);
    this.said = this.peers.get(self)?.media ?? off;
    // For another seat nobody knows yet what its screen is.
    if (!sameSeat) this.mesh.setScreen(null, this.screen.store.getState().hint);
    this.telling = false;
    this.forgetRefusal();
    this.store.setState({ self });
    this.mesh.setIceServers(iceServers);
    this.obeyRoom(snapshot.room);
    this.seatsChanged();
    this.mesh.hubBack(first && resumed);
    this.devicesChanged();
  }

  /** An increment, or a signal of a call. */
  receive(message: ServerMessage): void {
    if (this.disposed) return;
    switch (message.type) {
      case 'signal':
        if (message.sender !== undefined && isCall(message.payload.session)) this.mesh.receive(message.payload, message.sender);
        break;
      case 'peer.joined':
      case 'peer.updated':
        this.found(message.payload.peer);
        if (message.payload.peer.id === this.store.getState().self) this.obey(message.payload.peer.media);
        this.seatsChanged();
        break;
      case 'peer.left':
        this.lose(message.payload.peer);
        break;
      case 'ice.servers':
        this.mesh.setIceServers(message.payload.iceServers);
        break;
      case 'room.updated':
        this.obeyRoom(message.payload.room);
        break;
      case 'self.updated':
        this.permissions = message.payload.permissions;
        if (!this.may('voice')) this.devices.stop('microphone');
        if (!this.may('video')) this.devices.stop('camera');
        if (!this.may('screen')) this.screen.stop();
        break;
      default:
        break;
    }
  }

  /** Nothing of this person is sent any more, and nothing is held of their devices. */
  quit(): void {
    this.devices.stop('microphone');
    this.devices.stop('camera');
    this.screen.stop();
  }

  /** The hub has closed the door: the person is no part of this room any more. */
  shutOut(): void {
    this.said = null;
    this.quit();
    for (const id of [...this.peers.keys()]) this.lose(id);
  }

  /** After a click: friends may be heard. */
  unblock(): void {
    this.playout.unblock();
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.forgetRefusal();
    for (const end of this.ends) end();
    for (const timer of this.missing.values()) clearTimeout(timer);
    if (this.quiet !== null) clearTimeout(this.quiet);
    if (this.unseen !== null) clearTimeout(this.unseen);
    this.measuring?.end();
    this.mesh.dispose();
    this.screen.stop();
    this.devices.dispose();
    this.levels.dispose();
    this.watch.set(false);
    this.duck.dispose();
    this.playout.dispose();
  }

  private see(side: number): void {
    this.side = side;
    this.wish();
  }

  private wish(): void {
    if (this.side === null) return;
    this.mesh.setWish({ side: this.side, share: this.yielding.share });
    this.show();
  }

  private found(peer: Peer): void {
    clearTimeout(this.missing.get(peer.id));
    this.missing.delete(peer.id);
    if (peer.kind === 'viewer') this.peers.set(peer.id, peer);
  }

  private miss(id: string): void {
    const peer = this.peers.get(id);
    if (peer) this.peers.set(id, { ...peer, connected: false });
    if (!this.missing.has(id)) this.missing.set(id, setTimeout(() => this.lose(id), missingGrace));
  }

  private lose(id: string): void {
    clearTimeout(this.missing.get(id));
    this.missing.delete(id);
    if (this.peers.delete(id)) this.seatsChanged();
  }

  private seatsChanged(): void {
    const { self } = this.store.getState();
    if (self !== null) this.mesh.setSeats(self, [...this.peers.values()]);
    this.show();
  }

  private devicesChanged(): void {
    const { microphone, microphoneTrack, cameraTrack } = this.devices.store.getState();
    const { self } = this.store.getState();
    // The others hear of it before what is sent reaches them, for they play nothing else.
    void this.tell();
    this.mesh.setTracks({ audio: microphoneTrack, video: cameraTrack });
    if (self !== null) this.measure(self, microphone === 'on' ? microphoneTrack : null);
    this.show();
  }

  /** The others hear of a screen before it comes, for that is how they know it; that it has ended they see by themselves. */
  private screenChanged(): void {
    const { stream, hint } = this.screen.store.getState();
    if (stream === null || stream.id === this.said?.screen) this.mesh.setScreen(stream, hint);
    void this.tell();
    this.show();
  }

  private get media(): Peer['media'] {
    const { microphone, camera } = this.devices.store.getState();
    const { stream } = this.screen.store.getState();
    return { microphone: microphone === 'on', camera: camera === 'on', ...(stream ? { screen: stream.id } : {}) };
  }

  private measure(self: string, track: MediaStreamTrack | null): void {
    if (track === (this.measuring?.track ?? null)) return;
    this.measuring?.end();
    const measured = track ? microphoneLevel(track) : null;
    this.measuring = track && measured ? { track, end: measured.end } : null;
    this.levels.set(self, measured?.level ?? null);
  }

  /** Tells the hub what is on, one word after the other; it hears the newest only. */
  private async tell(): Promise<void> {
    const { said, media } = this;
    if (this.telling || this.refusal !== null || said === null || same(said, media)) return;
    this.telling = true;
    try {
      await this.options.presence(media);
      if (this.said === said) this.said = media;
      if (!this.disposed) this.shareWhatWasSaid();
    } catch (error) {
      if (this.disposed || this.said !== said) return; // a new seat has begun meanwhile
      const code = error instanceof HubError ? error.code : 'internal';
      // Said again with the next identity.
      if (code === 'disconnected') this.said = null;
      else {
        // A refused switching-off is said again, but not without a pause.
        this.refusal = setTimeout(() => {
          this.refusal = null;
          void this.tell();
        }, Math.max(1, error instanceof HubError ? (error.retryAfter ?? 0) : 0) * 1_000);
        const speaks = media.microphone && !said.microphone;
        const films = media.camera && !said.camera;
        if (speaks) this.devices.stop('microphone');
        if (films) this.devices.stop('camera');
        const shares = media.screen !== undefined && media.screen !== said.screen;
        if (shares) this.screen.stop();
        if (speaks || films || shares) this.options.refused(code, error instanceof HubError ? error.message : '');
      }
    } finally {
      this.telling = false;
    }
    if (!this.disposed) await this.tell();
  }

  private shareWhatWasSaid(): void {
    const { stream, hint } = this.screen.store.getState();
    if (stream && stream.id === this.said?.screen) this.mesh.setScreen(stream, hint);
  }

  private forgetRefusal(): void {
    if (this.refusal !== null) clearTimeout(this.refusal);
    this.refusal = null;
  }

  /** Where nobody is to learn another's address, the relay alone carries the talk. */
  private obeyRoom({ relayOnly }: Pick<Room, 'relayOnly'>): void {
    this.mesh.setTransportPolicy(relayOnly ? 'relay' : 'all');
  }

  /** What the hub has switched off here is off, also where the person did not do it. */
  private obey(media: Peer['media']): void {
    if (this.telling || this.said === null) return;
    if (this.said.microphone && !media.microphone) this.devices.mute();
    if (this.said.camera && !media.camera) this.devices.stop('camera');
    if (this.said.screen !== undefined && media.screen === undefined) this.screen.stop();
    this.said = media;
  }

  /** Lets be seen and heard what may be. */
  private show(): void {
    if (this.disposed) return;
    const { self, people: before } = this.store.getState();
    const others = [...this.peers.values()].filter(({ id }) => id !== self).sort((a, b) => a.joinedAt.localeCompare(b.joinedAt));
    const people = others.map((peer): CallPerson => {
      const link = this.mesh.link(peer.id);
      const voice = peer.media.microphone ? (link?.received.audio ?? null) : null;
      this.hear(peer.id, voice);
      const rests = peer.media.camera && link?.rests === true;
      const next = { peer, link: link?.state ?? null, picture: peer.media.camera && !rests ? (link?.received.video?.track ?? null) : null, rests };
      const known = before.find((person) => person.peer.id === peer.id);
      return known?.peer === next.peer && known.link === next.link && known.picture === next.picture && known.rests === rests ? known : next;
    });
    for (const { peer } of before) {
      if (!this.peers.has(peer.id)) this.hear(peer.id, null);
    }
    this.setVolumes();
    this.watch.set(people.some(({ link }) => link !== null));
    this.store.setState({ people, share: this.shareOf(others) });
    this.breathe();
  }

  private connected(): (readonly [string, RTCPeerConnection])[] {
    return this.store.getState().people.flatMap(({ peer }) => {
      const link = this.mesh.link(peer.id);
      return link?.state === 'connected' ? [[peer.id, link.connection] as const] : [];
    });
  }

  /** Who shares a screen is the hub's word, as all else. */
  private shareOf(others: readonly Peer[]): Share | null {
    const { self, share: before } = this.store.getState();
    const { stream } = this.screen.store.getState();
    const own = self === null ? undefined : this.peers.get(self);
    const peer = stream && own ? own : others.find(({ media }) => media.screen !== undefined);
    if (!peer) return null;
    const came = peer === own ? undefined : this.mesh.link(peer.id)?.shownIn(peer.media.screen ?? '');
    const next: Share =
      peer === own ? { peer, own: true, picture: stream?.getVideoTracks()[0] ?? null, sound: null } : { peer, own: false, picture: came?.video?.track ?? null, sound: came?.audio?.track ?? null };
    return before?.peer === next.peer && before.own === next.own && before.picture === next.picture && before.sound === next.sound ? before : next;
  }

  private hear(peer: string, voice: RTCRtpReceiver | null): void {
    if ((this.voices.get(peer) ?? null) === voice) return;
    if (voice) this.voices.set(peer, voice);
    else this.voices.delete(peer);
    this.playout.set(peer, voice?.track ?? null);
    this.levels.set(peer, voice ? levelOf(voice) : null);
  }

  /** The bubbles do not go the moment the last one mutes. */
  private breathe(): void {
    const { microphone, camera } = this.devices.store.getState();
    const active = microphone !== 'off' || camera !== 'off' || [...this.peers.values()].some(({ media }) => media.microphone || media.camera);
    if (active) {
      if (this.quiet !== null) clearTimeout(this.quiet);
      this.quiet = null;
      this.store.setState({ active });
    } else if (this.store.getState().active) this.quiet ??= setTimeout(() => this.store.setState({ active: false }), quietGrace);
  }

  private setVolumes(): void {
    for (const { id, person } of this.peers.values()) this.playout.setVolume(id, volumeOf(person?.id));
  }

  private hush(): void {
    const { speaking, self } = this.store.getState();
    this.duck.set(hearing.getState().duck && speaking.some((peer) => peer !== self));
  }
}
