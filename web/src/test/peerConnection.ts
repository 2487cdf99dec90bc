/**
 * Peer connections that behave as the standard says, without a network: states of signalling, implicit rollback, offers that are answered
 * once, candidates that belong to a description, ICE restarts. Two that know each other's credentials are connected where the test's network lets them.
 */
export class FakeNetwork {
  readonly connections: FakePeerConnection[] = [];
  /** No packet gets through. */
  cut = false;
  private count = 0;

  readonly make = (configuration: RTCConfiguration): RTCPeerConnection => {
    const made = new FakePeerConnection(this, configuration);
    this.connections.push(made);
    return made as unknown as RTCPeerConnection;
  };

  get open(): FakePeerConnection[] {
    return this.connections.filter(({ connectionState }) => connectionState !== 'closed');
  }

  fresh(): string {
    return `u${++this.count}`;
  }

  /** Every connection loses its way, or finds it again by itself. */
  setCut(cut: boolean): void {
    this.cut = cut;
    for (const connection of this.open) {
      if (cut && connection.connectionState === 'connected') connection.become('disconnected');
      else if (!cut) connection.check();
    }
  }
}

interface Description {
  type: RTCSdpType;
  sdp: string;
}

export class FakeSender {
  /** The stream of a shared screen; voice and camera have none here. */
  stream = '';
  parameters = { encodings: [{}] as Record<string, unknown>[] };
  constructor(
    readonly kind: string,
    public track: MediaStreamTrack | null,
  ) {}
  replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    this.track = track;
    return Promise.resolve();
  }
  getParameters(): unknown {
    return structuredClone(this.parameters);
  }
  setParameters(parameters: { encodings: Record<string, unknown>[] }): Promise<void> {
    this.parameters = parameters;
    return Promise.resolve();
  }
}

const ufragOf = (description: Description | null): string | undefined => /ufrag=(\w+)/.exec(description?.sdp ?? '')?.[1];
const kindsOf = (description: Description): string[] => /kinds=([\w,@]*)/.exec(description.sdp)?.[1]?.split(',').filter(Boolean) ?? [];

/** What a screen is shared by: it goes on being there when nothing is sent. */
export interface FakeTransceiver {
  mid: string;
  sender: FakeSender;
}

export class FakeChannel {
  readyState: RTCDataChannelState = 'connecting';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  other: FakeChannel | null = null;
  send(data: string): void {
    queueMicrotask(() => this.other?.onmessage?.({ data }));
  }
  open(): void {
    if (this.readyState === 'open') return;
    this.readyState = 'open';
    this.onopen?.();
  }
}

export class FakePeerConnection {
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: unknown) => void) | null = null;
  ontrack: ((event: unknown) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  signalingState: RTCSignalingState = 'stable';
  connectionState: RTCPeerConnectionState = 'new';
  localDescription: Description | null = null;
  remoteDescription: Description | null = null;
  readonly senders: FakeSender[] = [];
  readonly transceivers: FakeTransceiver[] = [];
  readonly received = new Map<string, { receiver: unknown; track: MediaStreamTrack }>();
  /** The other end's candidates that were taken. */
  readonly added: string[] = [];
  /** How often ICE was restarted, and how often this end's own offer was taken back. */
  restarts = 0;
  rollbacks = 0;
  offers = 0;
  private before: Description | null = null;
  private ufrag: string;
  private restarting = false;
  private needed = false;
  private negotiated = '';
  private candidates = 0;

  constructor(
    private readonly network: FakeNetwork,
    public configuration: RTCConfiguration,
  ) {
    this.ufrag = network.fresh();
  }

  addTrack(track: MediaStreamTrack): FakeSender {
    const sender = new FakeSender(track.kind, track);
    this.senders.push(sender);
    this.need();
    return sender;
  }

  addTransceiver(track: MediaStreamTrack, { streams }: { streams: MediaStream[] }): FakeTransceiver {
    const sender = new FakeSender(track.kind, track);
    sender.stream = streams[0]?.id ?? '';
    const made = { mid: 'screen', sender };
    this.transceivers.push(made);
    this.need();
    return made;
  }

  /** What this end sends: kinds, with the stream where there is one. */
  private get sending(): string {
    const shared = this.transceivers.map(({ sender }) => `${sender.kind}@${sender.stream}`);
    return [...this.senders.map(({ kind }) => kind), ...shared].join(',');
  }

  /** What the two ends say by the channel that both have opened. */
  readonly channel = new FakeChannel();

  createDataChannel(): FakeChannel {
    return this.channel;
  }

  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(new Map<string, unknown>());
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  restartIce(): void {
    this.restarts++;
    this.restarting = true;
    this.need();
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    this.mustBeOpen();
    if (this.restarting || (this.signalingState === 'have-remote-offer' && this.candidates === 0 && this.localDescription !== null)) {
      this.ufrag = this.network.fresh();
      this.restarting = false;
    }
    const kinds = this.sending;
    if (this.signalingState === 'stable') {
      this.offers++;
      this.before = this.localDescription;
      this.localDescription = { type: 'offer', sdp: `ufrag=${this.ufrag} kinds=${kinds} offer=${this.ufrag}.${this.offers}` };
      this.signalingState = 'have-local-offer';
    } else if (this.signalingState === 'have-remote-offer') {
      const answers = /offer=(\S+)/.exec(this.remoteDescription?.sdp ?? '')?.[1] ?? '';
      this.localDescription = { type: 'answer', sdp: `ufrag=${this.ufrag} kinds=${kinds} answers=${answers}` };
      this.settle(kinds);
    } else throw new DOMException('', 'InvalidStateError');
    const { ufrag } = this;
    for (const n of [1, 2]) {
      setTimeout(() => {
        const candidate = { candidate: `candidate ${n} of ${ufrag}`, sdpMid: '0', sdpMLineIndex: 0, usernameFragment: ufrag };
        // What was gathered is part of the description from then on.
        if (ufragOf(this.localDescription) === ufrag && this.localDescription) this.localDescription = { ...this.localDescription, sdp: `${this.localDescription.sdp} gathered=${n}` };
        if (this.connectionState !== 'closed') this.onicecandidate?.({ candidate: { ...candidate, toJSON: () => candidate } });
      }, n);
    }
  }

  async setRemoteDescription(description: Description): Promise<void> {
    await Promise.resolve();
    this.mustBeOpen();
    if (description.type === 'offer') {
      if (this.signalingState === 'have-local-offer') {
        this.rollbacks++;
        this.localDescription = this.before;
        this.needed = true;
      }
      this.remote(description);
      this.signalingState = 'have-remote-offer';
    } else {
      if (this.signalingState !== 'have-local-offer') throw new DOMException('', 'InvalidStateError');
      const asked = /offer=(\S+)/.exec(this.localDescription?.sdp ?? '')?.[1];
      if (/answers=(\S+)/.exec(description.sdp)?.[1] !== asked) throw new DOMException('an answer to another offer', 'InvalidAccessError');
      this.remote(description);
      this.settle(kindsOf(this.localDescription ?? description).join(','));
    }
  }

  async addIceCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    await Promise.resolve();
    this.mustBeOpen();
    if (!this.remoteDescription) throw new DOMException('no description', 'InvalidStateError');
    if (candidate.usernameFragment !== ufragOf(this.remoteDescription)) throw new DOMException('another description', 'OperationError');
    this.candidates++;
    this.added.push(candidate.candidate ?? '');
    this.check();
  }

  close(): void {
    this.connectionState = 'closed';
    this.signalingState = 'closed';
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  /** Connects both ends where all that it takes is there. */
  check(): void {
    const other = this.network.open.find((connection) => connection !== this && connection.ufrag === ufragOf(this.remoteDescription));
    if (this.network.cut || !other || ufragOf(other.remoteDescription) !== this.ufrag) return;
    for (const one of [this, other]) if (one.signalingState !== 'stable' || one.candidates === 0) return;
    this.channel.other = other.channel;
    other.channel.other = this.channel;
    for (const one of [this, other]) if (one.connectionState !== 'connected') one.become('connected');
    for (const one of [this, other]) one.channel.open();
  }

  private remote(description: Description): void {
    if (ufragOf(description) !== ufragOf(this.remoteDescription)) this.candidates = 0;
    this.remoteDescription = description;
    if (description.sdp.includes('gathered=')) this.candidates++;
    for (const which of kindsOf(description)) {
      if (this.received.has(which)) continue;
      const [kind, stream] = which.split('@');
      const track = { kind } as MediaStreamTrack;
      const receiver = { track, getSynchronizationSources: () => [] };
      this.received.set(which, { receiver, track });
      this.ontrack?.({ receiver, track, streams: stream === undefined ? [] : [{ id: stream }], transceiver: { mid: which } });
    }
  }

  private settle(kinds: string): void {
    this.signalingState = 'stable';
    this.negotiated = kinds;
    const again = this.restarting || this.sending !== this.negotiated;
    this.needed = false;
    if (again) this.need();
    this.check();
  }

  private need(): void {
    if (this.needed) return;
    this.needed = true;
    queueMicrotask(() => {
      if (this.signalingState !== 'stable' || !this.needed) return;
      this.needed = false;
      this.onnegotiationneeded?.();
    });
  }

  private mustBeOpen(): void {
    if (this.connectionState === 'closed') throw new DOMException('', 'InvalidStateError');
  }
}

export const aTrack = (kind: 'audio' | 'video', label: string = kind): MediaStreamTrack => Object.assign(new EventTarget(), { kind, label, id: label, enabled: true, stop: () => undefined, getSettings: () => ({}) }) as unknown as MediaStreamTrack;
