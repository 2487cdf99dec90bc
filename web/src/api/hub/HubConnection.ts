import type { ApiError} from '../problem';
import { toApiError } from '../problem';
import type { ErrorCode, Identity, Join } from '../types';
import { backoff } from './backoff';
import { parseServerMessage, type ClientMessageType, type ClientPayload, type ServerMessage } from './messages';

/** The part of WebSocket that the connection uses. */
export interface SocketLike {
  send(data: string): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  /** What is said takes a request each time: what could be said seldom is. */
  readonly costly?: boolean;
}

export type HubStatus =
  | { kind: 'idle' }
  | { kind: 'connecting' }
  | { kind: 'online' }
  /** Lost, and coming back by itself. */
  | { kind: 'reconnecting'; attempt: number; since: number }
  /** Over until the person does something: the door refused, or the hub closed with a code of 3500 and up. */
  | { kind: 'closed'; error: ApiError | null; closeCode: number | null };

/** What a request to the hub is refused with; `disconnected` when the connection went before the answer came. */
export class HubError extends Error {
  constructor(
    readonly code: ErrorCode | 'disconnected',
    detail: string,
    readonly retryAfter?: number,
  ) {
    super(detail);
    this.name = 'HubError';
  }
}

export interface HubOptions {
  room: string;
  join: () => Promise<Join>;
  openSocket: () => SocketLike;
  /** Where the seat's key survives a reload: sessionStorage. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  random?: () => number;
  now?: () => number;
}

export interface HubEvents {
  status: (status: HubStatus) => void;
  joined: (join: Join) => void;
  identity: (identity: Identity) => void;
  message: (message: ServerMessage) => void;
}

type Seat = NonNullable<ClientPayload<'hello'>['resume']>;

interface Waiting {
  resolve: (message: ServerMessage) => void;
  reject: (error: HubError) => void;
}

/** Codes that say "not now" rather than "no". */
const passing: ReadonlySet<string> = new Set(['network', 'unavailable', 'internal', 'rate_limited', 'storage_full']);
const firstUnrecoverableClose = 3500;
const helloTimeout = 15_000;
/** Who was online this long may come back quickly again; a server that drops whom it has just welcomed is left its pauses. */
const steadyAfter = 10_000;
/** The hub pings every 15 s by WebSocket pings, which a page can't see; a page that heard nothing asks by echo. */
const echoInterval = 20_000;
const echoTimeout = 10_000;

/**
 * HubConnection is one seat in one room: it joins (REST) for a room token, opens the WebSocket, says hello, hands on the
 * identity and then every increment in order. It comes back by itself after anything that is not final, each time with a
 * fresh token and the seat's resume key. A gap in the room's versions counts as a lost connection.
 */
export class HubConnection {
  status: HubStatus = { kind: 'idle' };
  private readonly listeners: { [E in keyof HubEvents]: Set<HubEvents[E]> } = { status: new Set(), joined: new Set(), identity: new Set(), message: new Set() };
  private readonly waiting = new Map<string, Waiting>();
  private socket: SocketLike | null = null;
  private generation = 0;
  private attempt = 0;
  private lostSince = 0;
  private wasOnline = false;
  private version = 0;
  private nextId = 1;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private helloTimer: ReturnType<typeof setTimeout> | null = null;
  private echoTimer: ReturnType<typeof setTimeout> | null = null;
  private steadyTimer: ReturnType<typeof setTimeout> | null = null;
  private readonly random: () => number;
  private readonly now: () => number;

  constructor(private readonly options: HubOptions) {
    this.random = options.random ?? Math.random;
    this.now = options.now ?? Date.now;
  }

  on<E extends keyof HubEvents>(event: E, listener: HubEvents[E]): () => void {
    this.listeners[event].add(listener);
    return () => this.listeners[event].delete(listener);
  }

  /** Connects, or tries at once when it is waiting to. */
  connect(): void {
    if (this.status.kind === 'online' || this.status.kind === 'connecting') return;
    if (this.status.kind !== 'reconnecting') {
      this.attempt = 0;
      this.setStatus({ kind: 'connecting' });
    }
    this.open();
  }

  /** Looks at once whether the connection still lives; called when the network or the page comes back. */
  nudge(): void {
    if (this.status.kind === 'reconnecting' && this.retryTimer !== null) this.open();
    else if (this.status.kind === 'online') this.checkAlive(3_000);
  }

  /** Leaves for good: the seat is given up. One that the hub can't be told of now keeps its key, so that coming back takes it again. */
  leave(): void {
    if (this.status.kind === 'online') this.forget();
    this.abandonSocket(1000);
    this.setStatus({ kind: 'idle' });
  }

  /** Goes without giving the seat up, as a reload does. */
  disconnect(): void {
    this.abandonSocket(1001);
    this.setStatus({ kind: 'idle' });
  }

  get costly(): boolean {
    return this.socket?.costly === true;
  }

  /** Sends without an answer. False when there is no connection. */
  send<T extends ClientMessageType>(type: T, payload: ClientPayload<T>, target?: string): boolean {
    if (this.status.kind !== 'online' || !this.socket) return false;
    this.socket.send(JSON.stringify(target === undefined ? { type, payload } : { type, payload, target }));
    return true;
  }

  /** Sends and waits for the message that answers it. */
  request<T extends ClientMessageType>(type: T, payload: ClientPayload<T>, target?: string): Promise<ServerMessage> {
    const { socket } = this;
    if (this.status.kind !== 'online' || !socket) return Promise.reject(new HubError('disconnected', 'Not connected'));
    const id = String(this.nextId++);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify(target === undefined ? { type, payload, id } : { type, payload, id, target }));
    });
  }

  private open(): void {
    this.clearTimers();
    const generation = ++this.generation;
    const current = (): boolean => generation === this.generation;
    void this.options.join().then(
      (join) => {
        if (!current()) return;
        this.emit('joined', join);
        this.openSocket(join, current);
      },
      (error: unknown) => {
        if (!current()) return;
        const problem = toApiError(error);
        if (passing.has(problem.code)) this.retry(problem.retryAfter);
        else this.close(problem, null);
      },
    );
  }

  private openSocket(join: Join, current: () => boolean): void {
    const socket = this.options.openSocket();
    this.socket = socket;
    this.helloTimer = setTimeout(() => {
      if (current()) this.lost();
    }, helloTimeout);
    socket.onopen = () => {
      if (!current()) return;
      const resume = this.recall();
      const payload: ClientPayload<'hello'> = { token: join.token, kind: 'viewer', ...(resume ? { resume } : {}) };
      socket.send(JSON.stringify({ type: 'hello', payload }));
    };
    socket.onmessage = (event) => {
      if (!current() || typeof event.data !== 'string') return;
      const message = parseServerMessage(event.data);
      if (message) this.receive(message);
    };
    socket.onclose = (event) => {
      if (!current()) return;
      this.socket = null;
      if (event.code >= firstUnrecoverableClose && event.code < 4000) this.close(null, event.code);
      else this.lost();
    };
  }

  private receive(message: ServerMessage): void {
    this.armEcho();
    if (message.type === 'identity') {
      this.welcome(message.payload);
      return;
    }
    if (message.version !== undefined) {
      if (message.version > this.version + 1) {
        this.lost();
        return;
      }
      // An increment that the snapshot already holds must not turn the clock back; chat is told apart by its own ids.
      const known = message.version < this.version;
      this.version = Math.max(this.version, message.version);
      if (known && message.type !== 'chat.message' && message.type !== 'chat.stored') return;
    }
    if (message.re !== undefined) {
      const waiting = this.waiting.get(message.re);
      this.waiting.delete(message.re);
      if (message.type === 'error') waiting?.reject(new HubError(message.payload.code, message.payload.detail, message.payload.retryAfter));
      else waiting?.resolve(message);
    }
    if (message.type === 'control.changed') {
      const seat = this.recall();
      if (seat) this.keep(seat, message.payload.holder);
    }
    this.emit('message', message);
  }

  private welcome(identity: Identity): void {
    if (this.helloTimer !== null) clearTimeout(this.helloTimer);
    this.helloTimer = null;
    if (this.steadyTimer !== null) clearTimeout(this.steadyTimer);
    this.steadyTimer = setTimeout(() => (this.attempt = 0), steadyAfter);
    this.wasOnline = true;
    this.version = identity.version;
    this.keep({ peer: identity.peer, key: identity.resumeKey }, identity.snapshot.control.holder);
    this.status = { kind: 'online' };
    this.emit('identity', identity);
    this.emit('status', this.status);
  }

  private lost(): void {
    this.abandonSocket(4000);
    this.retry();
  }

  private retry(afterSeconds?: number): void {
    const attempt = this.attempt++;
    // Only somebody who was inside sees "reconnecting"; for the others it is still the first connection.
    if (this.status.kind !== 'reconnecting') this.lostSince = this.now();
    if (this.wasOnline || attempt > 0) this.setStatus({ kind: 'reconnecting', attempt, since: this.lostSince });
    const wait = Math.max(backoff(attempt, this.random), (afterSeconds ?? 0) * 1000);
    this.retryTimer = setTimeout(() => this.open(), wait);
  }

  private close(error: ApiError | null, closeCode: number | null): void {
    this.abandonSocket(1000);
    if (closeCode !== null && closeCode !== 3502) this.forget();
    this.setStatus({ kind: 'closed', error, closeCode });
  }

  private abandonSocket(code: number): void {
    this.generation++;
    this.clearTimers();
    const { socket } = this;
    this.socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      try {
        socket.close(code);
      } catch {
        // Browsers refuse 1001 from a page; going away says the same.
        socket.close();
      }
    }
    for (const { reject } of this.waiting.values()) reject(new HubError('disconnected', 'The connection was lost'));
    this.waiting.clear();
  }

  private armEcho(): void {
    if (this.echoTimer !== null) clearTimeout(this.echoTimer);
    this.echoTimer = setTimeout(() => this.checkAlive(echoTimeout), echoInterval);
  }

  private checkAlive(timeout: number): void {
    if (!this.send('echo', {})) return;
    if (this.echoTimer !== null) clearTimeout(this.echoTimer);
    this.echoTimer = setTimeout(() => this.lost(), timeout);
  }

  private clearTimers(): void {
    for (const timer of [this.retryTimer, this.helloTimer, this.echoTimer, this.steadyTimer]) if (timer !== null) clearTimeout(timer);
    this.retryTimer = this.helloTimer = this.echoTimer = this.steadyTimer = null;
  }

  private get storageKey(): string {
    return `turtus.seat.${this.options.room}`;
  }

  /** Keeps the seat's key, and whether the seat holds control: a restarted server asks for it. */
  private keep({ peer, key }: Seat, holder: string | undefined): void {
    const seat: Seat = { peer, key, ...(holder === peer ? { control: true } : {}) };
    this.options.storage.setItem(this.storageKey, JSON.stringify(seat));
  }

  private recall(): Seat | null {
    try {
      const value: unknown = JSON.parse(this.options.storage.getItem(this.storageKey) ?? 'null');
      if (typeof value === 'object' && value !== null && 'peer' in value && 'key' in value && typeof value.peer === 'string' && typeof value.key === 'string') {
        return { peer: value.peer, key: value.key, ...('control' in value && value.control === true ? { control: true } : {}) };
      }
    } catch {
      // Somebody else wrote there; a new seat does.
    }
    return null;
  }

  private forget(): void {
    this.options.storage.removeItem(this.storageKey);
  }

  private setStatus(status: HubStatus): void {
    this.status = status;
    this.emit('status', status);
  }

  private emit<E extends keyof HubEvents>(event: E, ...values: Parameters<HubEvents[E]>): void {
    for (const listener of this.listeners[event]) (listener as (...all: Parameters<HubEvents[E]>) => void)(...values);
  }
}
