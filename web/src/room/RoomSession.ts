import { createStore, type StoreApi } from 'zustand/vanilla';
import { HubConnection, HubError, type HubStatus, type SocketLike } from '@/api/hub/HubConnection';
import type { ClientMessageType, ClientPayload, ServerMessage } from '@/api/hub/messages';
import { Outbox, randomKey, type Outgoing } from '@/api/hub/Outbox';
import type { ChatMessage, CursorEvent, Join, MessagePage, PointerPosition, ScreenEvent, Server, StatisticsEvent } from '@/api/types';
import { Call, type CallOptions } from '@/call/Call';
import { isCall } from '@/call/session';
import { heldElsewhere } from './control/elsewhere';
import { Passing } from './Passing';
import { picture } from './preferences';
import { changed, joined } from './state/messages';
import { applied, emptyRoom, goesOn, holds, peerById, uncleared, welcomed, withChange, type RoomState } from './state/roomState';
import { InputSender } from './stream/InputSender';
import { StatisticsLog } from './stream/StatisticsLog';
import { StreamSession, type StreamState } from './stream/StreamSession';

/** Everything the page shows of a room that lives: the hub's word, the connections' states, and what waits to be sent. */
export interface LiveRoom extends RoomState {
  status: HubStatus;
  stream: StreamState;
  paused: boolean;
  /** Picture and sound, and the sound alone. */
  media: MediaStream | null;
  sound: MediaStream | null;
  /** What a hand does on the picture goes to the browser: control is held, and the picture comes and is wanted. */
  driving: boolean;
  /** Nobody sees the page. */
  hidden: boolean;
  outbox: readonly Outgoing[];
  /** The peers who write at this moment. */
  typing: readonly string[];
  screen: ScreenEvent | null;
  cursor: CursorEvent | null;
  statistics: StatisticsEvent | null;
  /** What was copied in the room's browser and waits to be copied here, by a click. */
  copied: string | null;
  /** Somebody answered "Not now". */
  deniedAt: number;
  /** Somebody took the control that was here and was not given. */
  taken: { name: string | undefined; at: number } | null;
  /** Somebody cleared the chat. */
  cleared: { name: string | undefined; at: number } | null;
  /** The hub's latest refusal of something that was asked, to be shown once. */
  refusal: { code: string; detail: string; at: number } | null;
}

export interface RoomSessionOptions {
  room: string;
  /** Whose stay it is, by id. */
  person: string;
  join: () => Promise<Join>;
  /** Messages of the room by REST: those before a seq, or those changed after a revision. */
  history: (room: string, query: { before: number } | { changedAfter: number }) => Promise<MessagePage>;
  openSocket: () => SocketLike;
  makePeerConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  codecs: () => ('H264' | 'VP8')[];
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Lays a text on this person's clipboard; false where the browser wants a click for it. */
  copy: (text: string) => Promise<boolean>;
  /** What the administrator tells everybody from now on; undefined for nothing. */
  notice?: (notice: Server['notice']) => void;
  /** Microphones and cameras; undefined where the browser gives none to this page. */
  media?: CallOptions['media'];
  now?: () => number;
}

/** When what changed meanwhile is asked for again, in milliseconds, after the server did not answer. */
const catchUpAgain = 5_000;
/** How many pages of changes are asked for before what is shown is read anew: whispers of others leave gaps that no page ever fills. */
const catchUpPages = 10;
/** Before it is all that was said. */
const newest = Number.MAX_SAFE_INTEGER;

type PointerListener = (position: PointerPosition) => void;

/** RoomSession is one person's stay in one room: it ties hub, stream, outbox and input together and keeps the one store. */
export class RoomSession {
  readonly store: StoreApi<LiveRoom>;
  readonly hub: HubConnection;
  readonly stream: StreamSession;
  readonly input: InputSender;
  readonly outbox: Outbox;
  readonly call: Call;
  readonly log: StatisticsLog;
  readonly passing: Passing;
  private readonly pointerListeners = new Set<PointerListener>();
  private readonly unsubscribe: () => void;
  private agentEpoch = 0;
  /** Whom this person gave control to, or tried to. */
  private given: string | null = null;
  private disposed = false;
  /** Changes that came while older messages were fetched: what is fetched may be from before them. */
  private readonly fetching = new Set<ChatMessage[]>();
  private again: ReturnType<typeof setTimeout> | undefined;
  private readonly now: () => number;

  constructor(private readonly options: RoomSessionOptions) {
    this.now = options.now ?? Date.now;
    this.store = createStore<LiveRoom>(() => ({
      ...emptyRoom,
      status: { kind: 'idle' },
      stream: 'idle',
      paused: false,
      media: null,
      sound: null,
      driving: false,
      hidden: false,
      outbox: [],
      typing: [],
      screen: null,
      cursor: null,
      statistics: null,
      copied: null,
      deniedAt: 0,
      taken: null,
      cleared: null,
      refusal: null,
    }));
    this.hub = new HubConnection(options);
    this.passing = new Passing({
      send: (typing) => this.hub.send('chat.typing', { typing }),
      changed: (typing) => this.store.setState({ typing }),
    });
    this.stream = new StreamSession({
      makePeerConnection: options.makePeerConnection,
      request: (session, target) => this.hub.send('stream.request', { session, codecs: options.codecs() }, target),
      prefer: (session, quality, hidden, target) => this.hub.send('stream.prefer', { session, quality, hidden }, target),
      wish: () => ({ quality: picture.getState().quality, hidden: this.store.getState().hidden }),
      stop: (session, target) => this.hub.send('stream.stop', { session }, target),
      signal: (payload, target) => this.hub.send('signal', payload, target),
      makeSession: randomKey,
    });
    this.input = new InputSender(this.stream);
    this.log = new StatisticsLog({
      statistics: () => this.stream.statistics(),
      agent: () => this.store.getState().statistics,
      circumstances: () => {
        const { hidden, driving } = this.store.getState();
        return { quality: picture.getState().quality, hidden, driving };
      },
    });
    this.call = new Call({
      makePeerConnection: options.makePeerConnection,
      signal: (payload, target) => this.hub.send('signal', payload, target),
      presence: (media) => this.hub.request('presence.update', { media }),
      refused: (code, detail) => this.refuse(code, detail),
      makeId: () => randomKey().slice(0, 16),
      media: options.media,
      makeVoice: (peer) => {
        const voice = new Audio();
        voice.dataset.peer = peer;
        return voice;
      },
    });
    const ends = [
      picture.subscribe(({ quality }, before) => {
        if (quality !== before.quality) this.qualityChanged();
      }),
      // The film goes before the friends' pictures, where the line has no place for both.
      this.log.store.subscribe(({ readings, trouble }) => this.call.filmGoes(readings.length === 0 ? undefined : trouble === null || trouble.kind === 'slow' ? null : trouble.kind === 'narrow' || trouble.smaller ? 'narrow' : 'loss')),
    ];
    this.unsubscribe = () => {
      for (const end of ends) end();
    };
    this.hub.on('identity', (identity) => {
      const before = this.store.getState().self?.peer;
      this.stream.setIceServers(identity.iceServers);
      const missed = goesOn(this.store.getState(), identity);
      this.store.setState((state) => welcomed(state, identity, this.now()));
      if (missed) void this.catchUp(identity.snapshot.revision);
      for (const { key } of identity.snapshot.messages) if (key !== undefined) this.outbox.stored(key);
      this.follow();
      if (before !== undefined && before !== identity.peer) this.stream.seatChanged();
      else if (before !== undefined) queueMicrotask(() => this.stream.hubBack());
      this.call.identity(identity);
    });
    this.hub.on('message', (message) => this.receive(message));
    this.hub.on('status', (status) => {
      this.store.setState({ status });
      if (status.kind !== 'closed') return;
      this.stream.setSource(null);
      this.call.shutOut();
    });
    this.stream.on('state', (stream) => {
      this.store.setState(stream === 'idle' ? { stream, media: null, sound: null, cursor: null, statistics: null } : { stream });
      if (stream === 'interrupted') this.hub.nudge(); // an ICE restart goes by way of it, and it may be as lost
      if (stream === 'live') this.log.start();
      else if (stream !== 'interrupted') this.log.stop();
      this.follow();
    });
    this.stream.on('media', (media, sound) => this.store.setState({ media, sound }));
    this.stream.on('event', (event) => {
      switch (event.type) {
        case 'screen':
          this.store.setState({ screen: event.payload });
          break;
        case 'cursor':
          this.store.setState({ cursor: event.payload });
          break;
        case 'pointer':
          for (const listener of this.pointerListeners) listener(event.payload);
          break;
        case 'control':
          this.agentEpoch = event.payload.epoch;
          this.follow();
          break;
        case 'statistics':
          this.store.setState({ statistics: event.payload });
          break;
        case 'clipboard':
          void this.copyOut(event.payload.text, options.copy);
          break;
        case 'error':
          break; // input that came a moment too late; the hub's control.changed tells the person
      }
    });
    this.outbox = new Outbox({ hub: this.hub, storage: options.storage, room: options.room, person: options.person, now: () => new Date(Date.now() + this.store.getState().clockOffset), changed: (outbox) => this.store.setState({ outbox }) });
  }

  enter(): void {
    this.hub.connect();
  }

  /** The person goes somewhere else: seat and control are free at once. */
  leave(): void {
    this.end();
    this.hub.leave();
  }

  /** The page goes, the seat is held for a while. */
  dispose(): void {
    this.end();
    this.hub.disconnect();
  }

  /** While the hub can still be told. */
  private end(): void {
    this.disposed = true;
    clearTimeout(this.again);
    this.unsubscribe();
    this.input.dispose();
    this.call.dispose();
    this.stream.dispose();
    this.outbox.dispose();
    this.passing.dispose();
  }

  onPointer(listener: PointerListener): () => void {
    this.pointerListeners.add(listener);
    return () => this.pointerListeners.delete(listener);
  }

  /** Asks the hub; a refusal is shown to the person and answered as false. */
  async ask<T extends ClientMessageType>(type: T, payload: ClientPayload<T>): Promise<boolean> {
    if ('peer' in payload && type === 'control.give') this.given = payload.peer ?? null;
    try {
      await this.hub.request(type, payload);
      return true;
    } catch (error) {
      if (error instanceof HubError) this.refuse(error.code, error.message);
      else this.refuse('internal');
      return false;
    }
  }

  /** Shows the person that something was not done. */
  refuse(code: string, detail = ''): void {
    this.store.setState({ refusal: { code, detail, at: this.now() } });
  }

  /** Fetches older messages and puts them before those shown; false when there are none, or the server can't be reached. */
  async older(): Promise<boolean> {
    const { messages, room, moreMessages } = this.store.getState();
    const [first] = messages;
    if (!room || !moreMessages) return false;
    const meanwhile: ChatMessage[] = [];
    this.fetching.add(meanwhile);
    try {
      const page = await this.options.history(room.id, { before: first?.seq ?? newest });
      this.store.setState((state) => {
        // A long absence may have ended meanwhile, with a snapshot that begins elsewhere.
        if (state.messages[0]?.seq !== first?.seq) return {};
        const whole = meanwhile.reduce<readonly ChatMessage[]>((all, message) => changed(all, message), joined(page.messages, state.messages));
        return { messages: uncleared(whole, state.clearedSeq), moreMessages: page.more };
      });
      return page.messages.length > 0;
    } catch {
      return false;
    } finally {
      this.fetching.delete(meanwhile);
    }
  }

  /** What changed in older messages while the connection was away. */
  private async catchUp(revision: number): Promise<void> {
    clearTimeout(this.again);
    try {
      for (let pages = 0; ; pages++) {
        const { revision: known, room } = this.store.getState();
        if (!room || this.disposed || known >= revision) return;
        if (pages === catchUpPages) {
          const { messages, more } = await this.options.history(room.id, { before: newest });
          const from = messages[0]?.seq ?? 0;
          this.store.setState((state) => ({
            messages: joined(uncleared(messages, state.clearedSeq), state.messages.filter(({ seq }) => seq >= from)),
            moreMessages: more,
            revision: Math.max(state.revision, revision),
          }));
          return;
        }
        const page = await this.options.history(room.id, { changedAfter: known });
        for (const heard of this.fetching) heard.push(...page.messages);
        const last = page.messages.at(-1)?.revision ?? revision;
        this.store.setState((state) => ({ ...page.messages.reduce(withChange, state), revision: Math.max(state.revision, page.more ? last : Math.max(last, revision)) }));
        if (!page.more) return;
      }
    } catch {
      // The revision has stayed: the next connection asks again, and so does this one, where removed messages still show.
      if (this.disposed || this.store.getState().status.kind !== 'online') return;
      clearTimeout(this.again);
      this.again = setTimeout(() => void this.catchUp(revision), catchUpAgain);
    }
  }

  setPaused(paused: boolean): void {
    if (paused) this.stream.pause();
    else this.stream.resume();
    this.store.setState({ paused });
  }

  setHidden(hidden: boolean): void {
    if (hidden === this.store.getState().hidden) return;
    this.store.setState({ hidden });
    this.stream.hiddenChanged();
  }

  /** The machine is in another network: neither connection may live. */
  networkChanged(): void {
    this.hub.nudge();
    this.stream.networkChanged();
  }

  private qualityChanged(): void {
    this.stream.qualityChanged();
    this.follow();
    if (picture.getState().quality !== 'sound') return;
    // Who only listens can do nothing with control, and would keep it from the others.
    const state = this.store.getState();
    if (holds(state)) void this.ask('control.release', {});
    else if (state.self !== null && state.control.requests.includes(state.self.peer)) void this.ask('control.cancel', {});
  }

  /** The person has what was copied, or does not want it. */
  dropCopied(): void {
    this.store.setState({ copied: null });
  }

  private async copyOut(text: string, copy: RoomSessionOptions['copy']): Promise<void> {
    const done = text !== '' && (await copy(text));
    // Control may have gone on meanwhile, and with it what the others copied.
    if (holds(this.store.getState())) this.store.setState({ copied: done || text === '' ? null : text });
  }

  private receive(message: ServerMessage): void {
    this.call.receive(message);
    if (message.type === 'signal') {
      if (isCall(message.payload.session)) return;
      if (message.sender !== undefined) void this.stream.receive(message.payload, message.sender);
      return;
    }
    if (message.type === 'chat.typing') {
      this.passing.heard(message.sender ?? '', message.payload.typing);
      return;
    }
    if (message.type === 'reaction') {
      this.passing.reaction(message.payload.emoji, message.sender ?? '');
      return;
    }
    if (message.type === 'peer.left') this.passing.heard(message.payload.peer, false);
    if (message.type === 'chat.stored' || message.type === 'chat.message') {
      const { key, author } = message.payload.message;
      for (const { id, person } of this.store.getState().peers) if (person?.id === author.id) this.passing.heard(id, false);
      // In one step, so that the message never shows twice nor not at all.
      this.store.setState((state) => ({ ...applied(state, message), outbox: state.outbox.filter((item) => item.key !== key) }));
      if (key !== undefined) this.outbox.stored(key);
      return;
    }
    if (message.type === 'chat.changed') for (const heard of this.fetching) heard.push(message.payload.message);
    if (message.type === 'chat.cleared') this.store.setState({ cleared: { name: message.payload.by?.displayName, at: this.now() } });
    if (message.type === 'notice') this.options.notice?.(message.payload.notice);
    if (message.type === 'ice.servers') this.stream.setIceServers(message.payload.iceServers);
    if (message.type === 'control.denied') this.store.setState({ deniedAt: this.now() });
    const before = this.store.getState();
    const { peers } = before;
    this.store.setState((state) => applied(state, message));
    if (message.type === 'control.changed') this.tellTaken(before);
    if (message.type === 'peer.joined' || message.type === 'peer.updated') {
      const { id, kind, connected } = message.payload.peer;
      // The hub has refused whatever was said to the agent while it was away.
      if (kind === 'vb' && connected && peerById({ peers }, id)?.connected !== true) this.stream.hubBack();
    }
    if (message.type === 'browser.changed' || message.type === 'control.changed') this.follow();
  }

  private tellTaken(before: LiveRoom): void {
    const after = this.store.getState();
    const { holder } = after.control;
    if (!holds(before) || holds(after)) return;
    const { given } = this;
    this.given = null;
    // Nobody needs to be told of what they did themselves, here or in another tab.
    if (holder === undefined || holder === given || heldElsewhere(after)) return;
    this.store.setState({ taken: { name: peerById(after, holder)?.person?.displayName, at: this.now() } });
  }

  /** Stream and input follow what the store says of browser and control. */
  private follow(): void {
    if (this.disposed) return;
    const state = this.store.getState();
    const { browser, control, status, stream, paused, copied } = state;
    const streams = browser.state === 'ready' || browser.state === 'degraded';
    if (status.kind !== 'closed') {
      if (streams && browser.peer !== undefined) this.stream.setSource({ browser: browser.id ?? browser.peer, peer: browser.peer });
      // A degraded browser without its agent may come back in the same run: keep what there is.
      else if (!streams) {
        this.stream.setSource(null);
        // Whoever starts it again wants to see it.
        if (paused) this.setPaused(false);
      }
    }
    // While the picture is interrupted, or not wanted, nobody sees what a click would hit.
    const driving = holds(state) && stream === 'live' && picture.getState().quality !== 'sound';
    if (driving !== state.driving) this.store.setState({ driving });
    this.input.setControl(driving, Math.max(control.epoch, this.agentEpoch));
    this.stream.setLowDelay(driving);
    if (!holds(state) && copied !== null) this.dropCopied();
  }
}

