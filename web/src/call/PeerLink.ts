import type { SignalPayload } from '@/api/types';
import { cameraEncodings, cameraSize, preferRedundancy, speechBitrate, tune, type PictureEncoding, type Sent } from './encoding';
import { Pace } from './Pace';
import { crowded, type Sample } from './quality';
import type { ScreenHint } from './Screen';
import { withSpeech } from './sdp';
import { callSession } from './session';
import { wishChannel, Wishes, type Said, type Wish } from './wish';

export type LinkState =
  /** No media has flowed yet. */
  | 'connecting'
  | 'connected'
  /** It did flow, and is being mended. */
  | 'interrupted';

export type Kind = 'audio' | 'video';

interface Received {
  kind: Kind;
  receiver: RTCRtpReceiver;
  /** The stream that it came in; that of a shared screen is named by the hub. */
  stream: string;
  mid: () => string | null;
}

export interface LinkOptions {
  /** This end's name for the connection; the other's comes with its first signal. */
  id: string;
  /** Gives way when both offer at once. Of the two ends one is, the other is not. */
  polite: boolean;
  configuration: RTCConfiguration;
  makePeerConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  /** False when it could not be sent. */
  signal: (payload: SignalPayload) => boolean;
  /** The hub relays an offer just now. While it does not, nothing is negotiated or mended. */
  mayOffer: () => boolean;
  changed: () => void;
  /** The connection can't be mended; only another one could help. */
  broken: () => void;
}

/** Who waits lets the network come back by itself; the two ends wait differently, so that one restart is enough. */
const grace = { impolite: 2_000, polite: 5_000 };
const failedGrace = { impolite: 0, polite: 3_000 };
/** How long until an attempt counts as lost, the first and the longest; and how many there are. */
const patience = 10_000;
const longestPatience = 30_000;
const attempts = 4;

/**
 * PeerLink is one peer connection of a call, negotiated as the W3C's "perfect negotiation": each end offers whenever it wants
 * to, and of two offers that cross the polite end takes its own back. Signals are handled one after the other. It restarts ICE by itself,
 * and says what was not heard once more when the hub is back.
 */
export class PeerLink {
  state: LinkState = 'connecting';
  /** The other end's name for the connection. */
  remote: string | null = null;
  readonly connection: RTCPeerConnection;
  private readonly senders: Partial<Record<Sent, RTCRtpSender>> = {};
  private readonly shared: Partial<Record<Kind, RTCRtpTransceiver>> = {};
  private readonly arrived: Received[] = [];
  /** Streams of the other end that are, or were, a shared screen. */
  private readonly screens = new Set<string>();
  private readonly stream = new MediaStream();
  private friends = 0;
  private screen: PictureEncoding | null = null;
  private readonly wishes: Wishes;
  private readonly pace = new Pace();
  /** What the other end wants of the camera here, and this end of theirs. */
  private theirWish: Wish | null = null;
  private wish: Wish | null = null;
  private theirsRests = false;
  private tuning = false;
  private untuned = false;
  private hint: ScreenHint = 'detail';
  private queue: Promise<void> = Promise.resolve();
  private early: RTCIceCandidateInit[] = [];
  private ignoring = false;
  /** Something is to be negotiated that no description has said yet. */
  private needed = false;
  /** Something waits until an offer is relayed. */
  private waits = false;
  private closed = false;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly options: LinkOptions) {
    const connection = options.makePeerConnection(options.configuration);
    this.connection = connection;
    this.wishes = new Wishes(connection.createDataChannel(...wishChannel), (said) => this.heard(said));
    connection.onnegotiationneeded = () => {
      this.needed = true;
      this.enqueue(() => this.offer());
    };
    connection.onicecandidate = ({ candidate }) => {
      if (candidate && !this.closed) this.signal({ candidate: plain(candidate) });
    };
    connection.ontrack = ({ receiver, track, streams, transceiver }) => {
      if (this.closed || (track.kind !== 'audio' && track.kind !== 'video')) return;
      const known = this.arrived.findIndex((each) => each.receiver === receiver);
      if (known >= 0) this.arrived.splice(known, 1);
      this.arrived.push({ kind: track.kind, receiver, stream: streams[0]?.id ?? '', mid: () => transceiver.mid });
      options.changed();
    };
    connection.onconnectionstatechange = () => this.stateChanged();
    this.expect();
  }

  get id(): string {
    return this.options.id;
  }

  /** The other end's voice and camera. */
  get received(): Record<Kind, RTCRtpReceiver | null> {
    const of = (kind: Kind): RTCRtpReceiver | null => this.arrived.findLast((each) => each.kind === kind && !this.screens.has(each.stream))?.receiver ?? null;
    return { audio: of('audio'), video: of('video') };
  }

  /** The other end's camera is on, and no picture comes of it for want of a line, theirs or this end's. */
  get rests(): boolean {
    return this.theirsRests || this.wish?.share === 0;
  }

  /** What this end wants of the other's camera from now on. */
  want(wish: Wish): void {
    if (this.closed || (wish.side === this.wish?.side && wish.share === this.wish.share)) return;
    this.wish = wish;
    this.wishes.say({ wish });
  }

  /** How the line goes, every few seconds: where it carries too little the camera gives way, and sound goes on. */
  hear(sample: Sample): void {
    if (this.closed || !this.senders.video?.track) return;
    const wanted = this.cameras.reduce((sum, { active, maxBitrate }) => sum + (active ? maxBitrate : 0), speechBitrate);
    const before = this.pace.share;
    if (!this.pace.hear(crowded(sample, wanted))) return;
    if ((before === 0) !== (this.pace.share === 0)) this.wishes.say({ rests: this.pace.share === 0 });
    this.tune();
  }

  private heard({ wish, rests }: Said): void {
    if (wish) this.theirWish = wish;
    if (wish) this.tune();
    if (rests === undefined || rests === this.theirsRests) return;
    this.theirsRests = rests;
    this.options.changed();
  }

  /** Picture and sound of a screen that the other end shares, by the stream that the hub names. */
  shownIn(stream: string): Record<Kind, RTCRtpReceiver | null> {
    const of = (kind: Kind): RTCRtpReceiver | null => this.arrived.findLast((each) => each.kind === kind && each.stream === stream)?.receiver ?? null;
    return { audio: of('audio'), video: of('video') };
  }

  /** The hub's word on which stream of the other end is a screen. It comes before the tracks do. */
  markScreen(stream: string | undefined): void {
    if (stream !== undefined) this.screens.add(stream);
  }

  /**
   * Shares a screen from now on, or none: the same stream each time, whose name the other end knows. Its tracks go beside voice and camera, and the
   * next screen takes the place of the one before without a negotiation.
   */
  share(stream: MediaStream | null): void {
    if (this.closed) return;
    for (const [kind, as] of [['video', 'screen'], ['audio', 'screenSound']] as const) {
      const track = stream?.getTracks().find((each) => each.kind === kind) ?? null;
      const before = this.shared[kind];
      if (before?.sender.track === (track ?? undefined) || (!before && !track)) continue;
      if (!before && track && stream) {
        // Both ways, for the other end may put its own camera there.
        const made = this.connection.addTransceiver(track, { direction: 'sendrecv', streams: [stream] });
        this.shared[kind] = made;
        this.senders[as] = made.sender;
      } else if (before) {
        before.sender.replaceTrack(track).then(
          () => this.tune(),
          () => this.fail(),
        );
      }
    }
    this.tune();
  }

  setScreen(screen: PictureEncoding, hint: ScreenHint): void {
    this.screen = screen;
    this.hint = hint;
    this.tune();
  }

  /** Sends a track from now on, or nothing in its place. Another track of the kind needs no negotiation. */
  send(kind: Kind, track: MediaStreamTrack | null): void {
    if (this.closed) return;
    const sender = this.senders[kind];
    if (sender) {
      if (sender.track !== track) sender.replaceTrack(track).catch(() => this.fail());
    } else if (track) {
      const made = this.connection.addTrack(track, this.stream);
      this.senders[kind] = made;
      if (kind === 'audio') preferRedundancy(this.connection, made);
      this.tune();
    }
  }

  /** How many friends the camera goes to. */
  setFriends(friends: number): void {
    this.friends = friends;
    this.tune();
  }

  setConfiguration(configuration: RTCConfiguration): void {
    if (this.closed) return;
    try {
      this.connection.setConfiguration(configuration);
    } catch {
      // It holds from the next connection on.
    }
  }

  /** A description or candidate from the other end, for this connection. */
  receive({ description, candidate }: SignalPayload): void {
    if (description) this.enqueue(() => this.describe(description));
    else if (candidate) this.enqueue(() => this.addCandidate(candidate));
  }

  /** The hub is back, here or at the other end: what was said meanwhile was heard by nobody. */
  hubBack(): void {
    this.attempt = 0;
    this.enqueue(() => this.resume());
  }

  /** Offers are relayed again: goes on with what had to wait. */
  wake(): void {
    if (!this.waits) return;
    this.waits = false;
    this.hubBack();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.clearTimer();
    const { connection } = this;
    this.wishes.close();
    connection.onnegotiationneeded = connection.onicecandidate = connection.ontrack = connection.onconnectionstatechange = null;
    connection.close();
  }

  private async offer(): Promise<void> {
    // What is to be negotiated while another negotiation runs is asked for again after it, if that has not settled it.
    if (!this.needed || this.connection.signalingState !== 'stable') return;
    if (this.mustWait()) return;
    this.needed = false;
    await this.connection.setLocalDescription();
    this.sayDescription();
    this.expect();
  }

  private async describe(description: RTCSessionDescriptionInit): Promise<void> {
    const { connection } = this;
    const collides = description.type === 'offer' && connection.signalingState !== 'stable';
    this.ignoring = collides && !this.options.polite;
    if (this.ignoring) return;
    // An answer that was given twice, as to an offer that was said again.
    if (description.type === 'answer' && connection.signalingState !== 'have-local-offer') return;
    // What is needed from here on is asked for anew.
    if (description.type === 'answer') this.needed = false;
    await connection.setRemoteDescription(description);
    for (const candidate of this.early.splice(0)) await connection.addIceCandidate(candidate).catch(() => undefined);
    if (description.type === 'offer') {
      this.needed = false;
      await connection.setLocalDescription();
      this.sayDescription();
    }
    this.tune();
  }

  private async addCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (this.ignoring) return;
    if (!this.connection.remoteDescription) this.early.push(candidate);
    // One that belongs to a description that is no more is no loss.
    else await this.connection.addIceCandidate(candidate).catch(() => undefined);
  }

  private sayDescription(): void {
    const { localDescription } = this.connection;
    if (localDescription && (localDescription.type === 'offer' || localDescription.type === 'answer')) this.signal({ description: { type: localDescription.type, sdp: withSpeech(localDescription.sdp, this.music()) } });
  }

  /** The sections that a screen's sound comes in. */
  private music(): Set<string> {
    return new Set(this.arrived.filter(({ kind, stream }) => kind === 'audio' && this.screens.has(stream)).flatMap(({ mid }) => mid() ?? []));
  }

  private signal(payload: Omit<SignalPayload, 'session'>): void {
    this.options.signal({ session: callSession({ from: this.id, to: this.remote ?? '' }), ...payload });
  }

  private stateChanged(): void {
    const { connectionState } = this.connection;
    const { polite } = this.options;
    switch (connectionState) {
      case 'connected':
        this.attempt = 0;
        this.clearTimer();
        if (this.unanswered) this.expect();
        this.setState('connected');
        this.tune();
        break;
      case 'disconnected':
        this.interrupted();
        this.after(polite ? grace.polite : grace.impolite, () => this.enqueue(() => this.resume()));
        break;
      case 'failed':
        this.interrupted();
        this.after(polite ? failedGrace.polite : failedGrace.impolite, () => this.enqueue(() => this.resume()));
        break;
      default:
        break;
    }
  }

  private interrupted(): void {
    if (this.state === 'connected') this.setState('interrupted');
  }

  /** Says an offer again that has no answer; else finds a way anew. */
  private resume(): Promise<void> {
    const { connection } = this;
    if (this.mustWait()) return Promise.resolve();
    if (this.unanswered) this.sayDescription();
    else if (connection.connectionState !== 'connected' && (connection.remoteDescription || connection.localDescription)) connection.restartIce();
    if (connection.connectionState !== 'connected' || this.unanswered) this.expect();
    return this.needed ? this.offer() : Promise.resolve();
  }

  private mustWait(): boolean {
    if (this.options.mayOffer()) return false;
    return (this.waits = true);
  }

  private get unanswered(): boolean {
    return this.connection.signalingState === 'have-local-offer';
  }

  /** Waits for an answer and for media. What is connected is never given up for want of an answer: it carries what was agreed on before. */
  private expect(): void {
    this.after(Math.min(patience * 2 ** this.attempt, longestPatience), () => {
      const connected = this.connection.connectionState === 'connected';
      if (connected && !this.unanswered) {
        this.attempt = 0;
        return;
      }
      if (this.mustWait()) return;
      this.attempt++;
      if (!connected && this.attempt >= attempts) this.fail();
      else this.enqueue(() => this.resume());
    });
  }

  private enqueue(run: () => Promise<void>): void {
    this.queue = this.queue.then(async () => {
      if (this.closed) return;
      await run().catch(() => this.fail());
    });
  }

  private fail(): void {
    if (!this.closed) this.options.broken();
  }

  private get cameras(): PictureEncoding[] {
    const { width = cameraSize.width, height = cameraSize.height } = this.senders.video?.track?.getSettings() ?? {};
    return cameraEncodings({ friends: this.friends, wish: this.theirWish, share: this.pace.share, captured: { width, height } });
  }

  /** One setting of the senders at a time: a browser refuses another that overtakes it. */
  private tune(): void {
    this.untuned = true;
    if (this.tuning || this.friends === 0) return;
    void this.tuneAll();
  }

  private async tuneAll(): Promise<void> {
    this.tuning = true;
    while (this.untuned && !this.closed) {
      this.untuned = false;
      for (const kind of ['audio', 'video', 'screen', 'screenSound'] as const) {
        const sender = this.senders[kind];
        if (sender?.track) await tune(sender, kind, kind === 'screen' && this.screen ? [this.screen] : this.cameras, this.hint);
      }
    }
    this.tuning = false;
  }

  private setState(state: LinkState): void {
    if (state === this.state) return;
    this.state = state;
    this.options.changed();
  }

  private after(milliseconds: number, run: () => void): void {
    this.clearTimer();
    this.timer = setTimeout(run, milliseconds);
  }

  private clearTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}

function plain(candidate: RTCIceCandidate): NonNullable<SignalPayload['candidate']> {
  const { candidate: line, sdpMid, sdpMLineIndex, usernameFragment } = candidate.toJSON();
  return {
    candidate: line ?? '',
    ...(sdpMid === undefined ? {} : { sdpMid }),
    ...(sdpMLineIndex === undefined ? {} : { sdpMLineIndex }),
    ...(usernameFragment === undefined ? {} : { usernameFragment }),
  };
}
