import { createStore, type StoreApi } from 'zustand/vanilla';
import { HubConnection, HubError, type HubStatus, type SocketLike } from '@/api/hub/HubConnection';
import type { ClientMessageType, ClientPayload, ServerMessage } from '@/api/hub/messages';
import { Outbox, randomKey, type Outgoing } from '@/api/hub/Outbox';
import type { ChatMessage, CursorEvent, Join, PointerPosition, ScreenEvent, StatisticsEvent } from '@/api/types';
import { applied, emptyRoom, welcomed, type RoomState } from './state/roomState';
import { InputSender } from './stream/InputSender';
import { StreamSession, type StreamState } from './stream/StreamSession';

/** Everything the page shows of a room that lives: the hub's word, the connections' states, and what waits to be sent. */
export interface LiveRoom extends RoomState {
  status: HubStatus;
  stream: StreamState;
  paused: boolean;
  media: MediaStream | null;
  outbox: readonly Outgoing[];
  screen: ScreenEvent | null;
  cursor: CursorEvent | null;
  statistics: StatisticsEvent | null;
  /** Somebody answered "Not now". */
  deniedAt: number;
  /** The hub's latest refusal of something that was asked, to be shown once. */
  refusal: { code: string; detail: string; at: number } | null;
}

export interface RoomSessionOptions {
  room: string;
  join: () => Promise<Join>;
  openSocket: () => SocketLike;
  makePeerConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  codecs: () => ('H264' | 'VP8')[];
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  now?: () => number;
}

type PointerListener = (position: PointerPosition) => void;

/** RoomSession is one person's stay in one room: it ties hub, stream, outbox and input together and keeps the one store. */
export class RoomSession {
  readonly store: StoreApi<LiveRoom>;
  readonly hub: HubConnection;
  readonly stream: StreamSession;
  readonly input: InputSender;
  readonly outbox: Outbox;
  private readonly pointerListeners = new Set<PointerListener>();
  private agentEpoch = 0;
  private disposed = false;
  private readonly now: () => number;

  constructor(options: RoomSessionOptions) {
    this.now = options.now ?? Date.now;
    this.store = createStore<LiveRoom>(() => ({
      ...emptyRoom,
      status: { kind: 'idle' },
      stream: 'idle',
      paused: false,
      media: null,
      outbox: [],
      screen: null,
      cursor: null,
      statistics: null,
      deniedAt: 0,
      refusal: null,
    }));
    this.hub = new HubConnection(options);
    this.stream = new StreamSession({
      makePeerConnection: options.makePeerConnection,
      request: (session, target) => this.hub.send('stream.request', { session, codecs: options.codecs() }, target),
      stop: (session, target) => this.hub.send('stream.stop', { session }, target),
      signal: (payload, target) => this.hub.send('signal', payload, target),
      makeSession: randomKey,
    });
    this.input = new InputSender(this.stream);
    this.hub.on('identity', (identity) => {
      const before = this.store.getState().self?.peer;
      this.stream.setIceServers(identity.iceServers);
      this.store.setState((state) => welcomed(state, identity, this.now()));
      for (const { key } of identity.snapshot.messages) if (key !== undefined) this.outbox.stored(key);
      this.follow();
      if (before !== undefined && before !== identity.peer) this.stream.seatChanged();
      else if (before !== undefined) queueMicrotask(() => this.stream.hubBack());
    });
    this.hub.on('message', (message) => this.receive(message));
    this.hub.on('status', (status) => {
      this.store.setState({ status });
      if (status.kind === 'closed') this.stream.setSource(null);
    });
    this.stream.on('state', (stream) => {
      this.store.setState(stream === 'idle' ? { stream, media: null, cursor: null, statistics: null } : { stream });
      this.follow();
    });
    this.stream.on('media', (media) => this.store.setState({ media }));
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
        case 'error':
          break; // input that came a moment too late; the hub's control.changed tells the person
      }
    });
    this.outbox = new Outbox({ hub: this.hub, storage: options.storage, room: options.room, changed: (outbox) => this.store.setState({ outbox }) });
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
    this.input.dispose();
    this.stream.dispose();
    this.outbox.dispose();
  }

  onPointer(listener: PointerListener): () => void {
    this.pointerListeners.add(listener);
    return () => this.pointerListeners.delete(listener);
  }

  /** Asks the hub; a refusal is shown to the person and answered as false. */
  async ask<T extends ClientMessageType>(type: T, payload: ClientPayload<T>): Promise<boolean> {
    try {
      await this.hub.request(type, payload);
      return true;
    } catch (error) {
      const { code, message } = error instanceof HubError ? error : { code: 'internal', message: '' };
      this.store.setState({ refusal: { code, detail: message, at: this.now() } });
      return false;
    }
  }

  /** Older messages, fetched by REST, take their place before those shown. */
  addHistory(messages: readonly ChatMessage[], more: boolean): void {
    this.store.setState((state) => ({
      messages: [...messages.filter(({ id }) => !state.messages.some((known) => known.id === id)), ...state.messages],
      moreMessages: more,
    }));
  }

  setPaused(paused: boolean): void {
    if (paused) this.stream.pause();
    else this.stream.resume();
    this.store.setState({ paused });
  }

  private receive(message: ServerMessage): void {
    if (message.type === 'signal') {
      if (message.sender !== undefined) void this.stream.receive(message.payload, message.sender);
      return;
    }
    if (message.type === 'chat.stored' || message.type === 'chat.message') {
      const { key } = message.payload.message;
      // In one step, so that the message never shows twice nor not at all.
      this.store.setState((state) => ({ ...applied(state, message), outbox: state.outbox.filter((item) => item.key !== key) }));
      if (key !== undefined) this.outbox.stored(key);
      return;
    }
    if (message.type === 'control.denied') this.store.setState({ deniedAt: this.now() });
    this.store.setState((state) => applied(state, message));
    if (message.type === 'browser.changed' || message.type === 'control.changed') this.follow();
  }

  /** Stream and input follow what the store says of browser and control. */
  private follow(): void {
    if (this.disposed) return;
    const { browser, control, self, status, stream } = this.store.getState();
    const streams = browser.state === 'ready' || browser.state === 'degraded';
    if (status.kind !== 'closed') {
      if (streams && browser.peer !== undefined) this.stream.setSource({ browser: browser.id ?? browser.peer, peer: browser.peer });
      // A degraded browser without its agent may come back in the same run: keep what there is.
      else if (!streams) this.stream.setSource(null);
    }
    // While the picture is interrupted nobody sees what a click would hit.
    const driving = self !== null && control.holder === self.peer && stream === 'live';
    this.input.setControl(driving, Math.max(control.epoch, this.agentEpoch));
    this.stream.setJitterTarget(driving ? 0 : null);
  }
}

