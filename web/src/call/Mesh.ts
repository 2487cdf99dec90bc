import type { ICEServer, Peer, SignalPayload } from '@/api/types';
import { screenEncoding } from './encoding';
import { PeerLink, type Kind } from './PeerLink';
import type { ScreenHint } from './Screen';
import { callSession, none, parseCallSession } from './session';
import type { Wish } from './wish';

export interface MeshOptions {
  makePeerConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  /** False when the hub is away. */
  signal: (payload: SignalPayload, target: string) => boolean;
  makeId: () => string;
  /** Something about the connection with that peer has changed. */
  changed: (peer: string) => void;
}

/** The seats of the room, as far as a call is concerned. */
export type Seat = Pick<Peer, 'id' | 'kind' | 'connected' | 'media' | 'joinedAt'> & { person?: { id: string } | undefined };

/**
 * The most connections of one page. Eight may speak at a time, which the hub sees to; in a larger room those who came first are heard by
 * those who came first.
 */
const mostLinks = 24;
/** How long a connection that carries nothing is kept, so that the next word is heard at once. */
const idle = 600_000;
/** The pause before the second connection in a row that did not hold, doubled with each; the first follows at once. */
const pause = 1_000;
const longestPause = 30_000;
/** How often a listener asks again for what should come and does not. */
const askEvery = 10_000;

export const sends = ({ media }: Pick<Peer, 'media'>): boolean => media.microphone || media.camera || media.screen !== undefined;

/**
 * Mesh decides who is connected with whom: two viewers are when one of them sends something. Who sends offers; who only listens waits for
 * the offer, and asks when none comes. The connections live apart from the hub: while it is away they go on.
 */
export class Mesh {
  private readonly links = new Map<string, PeerLink>();
  private readonly idling = new Map<string, ReturnType<typeof setTimeout>>();
  /** Peers with whom connections did not hold: how many in a row, and until when nothing is tried from here. */
  private readonly failures = new Map<string, number>();
  private readonly resting = new Map<string, ReturnType<typeof setTimeout>>();
  private seats = new Map<string, Seat>();
  private self: Seat | null = null;
  private iceServers: ICEServer[] = [];
  private policy: RTCIceTransportPolicy = 'all';
  private tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  private screen: MediaStream | null = null;
  private hint: ScreenHint = 'detail';
  private wish: Wish | null = null;
  private asking: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly options: MeshOptions) {}

  link(peer: string): Pick<PeerLink, 'state' | 'received' | 'rests' | 'hear' | 'shownIn' | 'connection'> | undefined {
    return this.links.get(peer);
  }

  get size(): number {
    return this.links.size;
  }

  get servers(): readonly ICEServer[] {
    return this.iceServers;
  }

  setIceServers(servers: ICEServer[]): void {
    this.iceServers = servers;
    this.reconfigure();
  }

  /** `relay` keeps the friends' addresses from each other: nothing goes but by a TURN server. */
  setTransportPolicy(policy: RTCIceTransportPolicy): void {
    if (policy === this.policy) return;
    this.policy = policy;
    this.reconfigure();
    for (const link of this.links.values()) link.connection.restartIce();
  }

  /** What is sent to everybody. A muted microphone is still a track; null is nothing. */
  setTracks(tracks: Record<Kind, MediaStreamTrack | null>): void {
    this.tracks = tracks;
    for (const link of this.links.values()) this.supply(link);
    this.follow();
  }

  /** Shares a screen with everybody, or none. The hub has said so to the others before. */
  setScreen(screen: MediaStream | null, hint: ScreenHint): void {
    const same = screen === this.screen;
    this.screen = screen;
    this.hint = hint;
    this.sizeChanged();
    if (same) return;
    for (const link of this.links.values()) link.share(screen);
    this.follow();
  }

  /** What is wanted of everybody's camera. */
  setWish(wish: Wish): void {
    this.wish = wish;
    for (const link of this.links.values()) link.want(wish);
  }

  /** Who is in the room. Another self ends all connections: the others know this page by its peer id. */
  setSeats(self: string, seats: readonly Seat[]): void {
    const before = this.seats;
    const wasSelf = this.self;
    this.seats = new Map(seats.map((seat) => [seat.id, seat]));
    this.self = this.seats.get(self) ?? null;
    for (const peer of [...this.links.keys()]) if (wasSelf?.id !== self || !this.talks(peer)) this.drop(peer);
    for (const [peer, link] of this.links) link.markScreen(this.seats.get(peer)?.media.screen);
    for (const peer of [...this.failures.keys()]) if (!this.talks(peer)) this.forgive(peer);
    for (const seat of seats) if (seat.connected && before.get(seat.id)?.connected === false) this.links.get(seat.id)?.hubBack();
    this.follow();
  }

  /** This page's own connection with the hub is back. A page that was loaded again says that it has lost what its seat had. */
  hubBack(loadedAgain: boolean): void {
    for (const link of this.links.values()) link.hubBack();
    if (loadedAgain) for (const seat of this.seats.values()) if (sends(seat) && this.talks(seat.id) && !this.links.has(seat.id)) this.over(seat.id, '');
  }

  /** A signal of a call from another peer. */
  receive(payload: SignalPayload, sender: string): void {
    const session = parseCallSession(payload.session);
    if (!session || !this.talks(sender)) return;
    const { from, to } = session;
    let link = this.links.get(sender);
    if (!payload.description && !payload.candidate) {
      // They have no such connection: one that this end believes in is gone.
      if (link && (to === link.id || (to === '' && link.remote !== null))) this.drop(sender);
      if (!this.links.has(sender) && this.self && sends(this.self)) this.again(sender);
      return;
    }
    const offers = payload.description?.type === 'offer';
    if (!link || (link.remote !== null && link.remote !== from && (to === '' || to === link.id))) {
      if (!link && to !== '') {
        this.over(sender, from);
        return;
      }
      // Who answers tells their addresses: to nobody with whom there is nothing to talk about.
      if (!offers || !this.maySpeak(sender)) return;
      if (link) this.drop(sender);
      link = this.connect(sender);
      if (!link) return;
    } else if (to !== '' && to !== link.id) return;
    link.remote = from;
    link.receive(payload);
  }

  dispose(): void {
    for (const [peer, link] of this.links) {
      this.over(peer, link.remote ?? '');
      this.drop(peer);
    }
    this.self = null;
    this.seats.clear();
    for (const peer of [...this.failures.keys()]) this.forgive(peer);
    this.stopAsking();
  }

  /** Whether a call with that peer may be: another person who watches, in the same room. */
  private talks(peer: string): boolean {
    const seat = this.seats.get(peer);
    return this.self !== null && seat?.kind === 'viewer' && peer !== this.self.id && (seat.person === undefined || seat.person.id !== this.self.person?.id);
  }

  /** One of the two has something on, as far as is known here; else the hub relays no offer between them. */
  private maySpeak(peer: string): boolean {
    const seat = this.seats.get(peer);
    const live = this.tracks.audio?.enabled === true || this.tracks.video !== null || this.screen !== null;
    return live || (this.self !== null && sends(this.self)) || (seat !== undefined && sends(seat));
  }

  /** Makes what is missing, and lets go later of what nobody needs. */
  private follow(): void {
    const offers = this.tracks.audio !== null || this.tracks.video !== null || this.screen !== null;
    let missing = false;
    for (const seat of this.seats.values()) {
      if (!this.talks(seat.id)) continue;
      if (offers && this.maySpeak(seat.id) && seat.connected && !this.links.has(seat.id) && !this.resting.has(seat.id)) this.connect(seat.id);
      if (this.maySpeak(seat.id)) this.links.get(seat.id)?.wake();
      missing ||= sends(seat) && seat.connected && !this.links.has(seat.id);
      this.idle(seat.id, !offers && !sends(seat) && this.links.has(seat.id));
    }
    for (const peer of this.idling.keys()) if (!this.links.has(peer)) this.idle(peer, false);
    if (!missing) this.stopAsking();
    else this.asking ??= setInterval(() => this.ask(), askEvery);
  }

  private ask(): void {
    for (const seat of this.seats.values()) if (sends(seat) && seat.connected && this.talks(seat.id) && !this.links.has(seat.id)) this.over(seat.id, '');
  }

  private stopAsking(): void {
    if (this.asking !== null) clearInterval(this.asking);
    this.asking = null;
  }

  private idle(peer: string, on: boolean): void {
    const timer = this.idling.get(peer);
    if (on === (timer !== undefined)) return;
    if (timer !== undefined) {
      clearTimeout(timer);
      this.idling.delete(peer);
    } else {
      this.idling.set(
        peer,
        setTimeout(() => {
          this.idling.delete(peer);
          const link = this.links.get(peer);
          if (!link) return;
          this.over(peer, link.remote ?? '');
          this.drop(peer);
        }, idle),
      );
    }
  }

  private connect(peer: string): PeerLink | undefined {
    if (!this.self || this.links.size >= mostLinks) return undefined;
    let link: PeerLink;
    try {
      link = this.make(peer, this.self);
    } catch {
      // A browser that has too many of them, or refuses what the configuration says.
      this.again(peer);
      return undefined;
    }
    this.links.set(peer, link);
    link.markScreen(this.seats.get(peer)?.media.screen);
    if (this.wish) link.want(this.wish);
    this.supply(link);
    this.sizeChanged();
    this.options.changed(peer);
    return link;
  }

  private make(peer: string, self: Seat): PeerLink {
    const link: PeerLink = new PeerLink({
      id: this.options.makeId(),
      polite: self.id > peer,
      configuration: this.configuration,
      makePeerConnection: this.options.makePeerConnection,
      signal: (payload) => this.options.signal(payload, peer),
      mayOffer: () => this.maySpeak(peer),
      changed: () => {
        if (link.state === 'connected') this.forgive(peer);
        this.options.changed(peer);
      },
      broken: () => {
        if (this.links.get(peer) !== link) return;
        this.over(peer, link.remote ?? '');
        this.drop(peer);
        this.again(peer);
      },
    });
    return link;
  }

  /** Another connection after one that did not hold: at once, and then ever more seldom. */
  private again(peer: string): void {
    if (this.resting.has(peer)) return;
    const failures = this.failures.get(peer) ?? 0;
    this.failures.set(peer, failures + 1);
    const rested = (): void => {
      this.resting.delete(peer);
      this.follow();
    };
    if (failures === 0) rested();
    else this.resting.set(peer, setTimeout(rested, Math.min(pause * 2 ** (failures - 1), longestPause)));
  }

  private forgive(peer: string): void {
    clearTimeout(this.resting.get(peer));
    this.resting.delete(peer);
    this.failures.delete(peer);
  }

  private drop(peer: string): void {
    const link = this.links.get(peer);
    if (!link) return;
    this.links.delete(peer);
    link.close();
    this.idle(peer, false);
    this.sizeChanged();
    this.options.changed(peer);
  }

  /** Says that this end has no connection of that name; without a name, none at all. */
  private over(peer: string, to: string): void {
    this.options.signal({ session: callSession({ from: none, to }) }, peer);
  }

  private supply(link: PeerLink): void {
    link.send('audio', this.tracks.audio);
    link.send('video', this.tracks.video);
    link.share(this.screen);
  }

  private sizeChanged(): void {
    const screen = screenEncoding(this.links.size, this.hint);
    for (const link of this.links.values()) {
      link.setFriends(this.links.size);
      link.setScreen(screen, this.hint);
    }
  }

  private reconfigure(): void {
    for (const link of this.links.values()) link.setConfiguration(this.configuration);
  }

  private get configuration(): RTCConfiguration {
    return {
      iceServers: this.iceServers.map(({ urls, username, credential }) => ({ urls, ...(username === undefined ? {} : { username }), ...(credential === undefined ? {} : { credential }) })),
      iceTransportPolicy: this.policy,
      bundlePolicy: 'max-bundle',
    };
  }
}
