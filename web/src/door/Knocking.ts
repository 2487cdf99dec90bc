import { createStore, type StoreApi } from 'zustand/vanilla';
import { backoff } from '@/api/hub/backoff';
import type { SocketLike } from '@/api/hub/HubConnection';
import { parseServerMessage } from '@/api/hub/messages';
import { toApiError, type ApiError } from '@/api/problem';
import type { Knock } from '@/api/types';

export type KnockState =
  | { kind: 'idle' }
  | { kind: 'connecting' }
  | { kind: 'waiting'; title: string; name: string; somebodyThere: boolean }
  /** Come in, or try the usual way: nobody is asked for any more. */
  | { kind: 'in' | 'changed' }
  /** Not let in, or nobody answered; `again` is when one may ask once more, by this device's clock. */
  | { kind: 'not_now' | 'nobody'; again: number }
  | { kind: 'elsewhere' }
  | { kind: 'refused'; error: ApiError };

export interface KnockingOptions {
  /** A token for asking. */
  knock: () => Promise<Knock>;
  openSocket: () => SocketLike;
  now?: () => number;
  random?: () => number;
}

const passing: ReadonlySet<string> = new Set(['network', 'unavailable', 'internal', 'rate_limited', 'storage_full']);

/** The hub's pings can't be seen by a page: one that has heard nothing for so long asks, and waits so long for the answer. */
const quiet = 20_000;
const patience = 10_000;

/** Knocking is one asking at a room's door. It asks again by itself when the connection is lost; leaving takes it back. */
export class Knocking {
  readonly store: StoreApi<KnockState> = createStore<KnockState>(() => ({ kind: 'idle' }));
  private socket: SocketLike | null = null;
  private generation = 0;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly now: () => number;

  constructor(private readonly options: KnockingOptions) {
    this.now = options.now ?? Date.now;
  }

  ask(): void {
    this.stop();
    this.attempt = 0;
    this.store.setState({ kind: 'connecting' }, true);
    this.open();
  }

  leave(): void {
    this.stop();
    this.store.setState({ kind: 'idle' }, true);
  }

  private open(): void {
    const generation = ++this.generation;
    const current = (): boolean => generation === this.generation;
    void this.options.knock().then(
      ({ token }) => {
        if (current()) this.connect(token, current);
      },
      (error: unknown) => {
        if (!current()) return;
        const problem = toApiError(error);
        if (passing.has(problem.code)) this.retry(problem.retryAfter);
        else this.end({ kind: 'refused', error: problem });
      },
    );
  }

  private connect(token: string, current: () => boolean): void {
    const socket = this.options.openSocket();
    this.socket = socket;
    socket.onopen = () => {
      if (!current()) return;
      socket.send(JSON.stringify({ type: 'hello', payload: { token, kind: 'viewer' } }));
      this.listen(socket, current);
    };
    socket.onmessage = (event) => {
      if (!current() || typeof event.data !== 'string') return;
      this.listen(socket, current);
      const message = parseServerMessage(event.data);
      if (message?.type === 'door.waiting') {
        const { title, person, somebodyThere } = message.payload;
        this.attempt = 0;
        this.store.setState({ kind: 'waiting', title, name: person.displayName, somebodyThere }, true);
      }
      if (message?.type === 'door.answered') {
        const { answer, retryAfter } = message.payload;
        this.end(answer === 'in' || answer === 'changed' ? { kind: answer } : { kind: answer, again: this.now() + retryAfter * 1000 });
      }
    };
    socket.onclose = (event) => {
      if (!current()) return;
      this.socket = null;
      if (event.code === 3506) this.end({ kind: 'elsewhere' });
      // What is wrong, such as a room that was deleted, says whoever tries to enter.
      else if (event.code >= 3500 && event.code < 4000 && event.code !== 3505) this.end({ kind: 'changed' });
      else this.retry();
    };
  }

  /** Gives up a connection that does not answer: somebody may stand at the door of nobody. */
  private listen(socket: SocketLike, current: () => boolean): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!current()) return;
      socket.send(JSON.stringify({ type: 'echo', payload: {} }));
      this.timer = setTimeout(() => {
        if (!current()) return;
        this.stop();
        this.store.setState({ kind: 'connecting' }, true);
        this.retry();
      }, patience);
    }, quiet);
  }

  private retry(afterSeconds = 0): void {
    this.generation++;
    clearTimeout(this.timer);
    const wait = Math.max(backoff(this.attempt++, this.options.random ?? Math.random), afterSeconds * 1000);
    this.timer = setTimeout(() => this.open(), wait);
  }

  private end(state: KnockState): void {
    this.stop();
    this.store.setState(state, true);
  }

  private stop(): void {
    this.generation++;
    clearTimeout(this.timer);
    const { socket } = this;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }
}
