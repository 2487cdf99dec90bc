import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Person, Session } from './types';

export type SessionState =
  /** Not asked yet, or the server can't be reached to ask. */
  | { status: 'unknown'; person: null; unreachable: boolean }
  | { status: 'signedOut'; person: null; ended: boolean }
  | { status: 'signedIn'; person: Person };

/** What one tab tells the others, so that a refresh in one serves all and a sign-out in one is a sign-out in all. */
type TabMessage = { kind: 'session'; session: Session; endsAt?: number } | { kind: 'signedOut' };

export interface SessionOptions {
  fetch: typeof fetch;
  /** Runs one at a time over all tabs of this origin (navigator.locks); the refresh cookie rotates, so two at once would look like theft. */
  lock: <T>(name: string, run: () => Promise<T>) => Promise<T>;
  channel?: Pick<BroadcastChannel, 'postMessage' | 'addEventListener'> | undefined;
  /** Outlives the page. It holds that somebody was signed in here, and nothing of who or how. */
  memory?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined;
  now: () => number;
  setTimeout: (run: () => void, milliseconds: number) => number;
  clearTimeout: (id: number) => void;
}

const refreshAhead = 60_000;
const wasHere = 'turtus.signedIn';

/**
 * SessionManager keeps the access token, in memory only, and renews it by the HttpOnly cookie: at the start, a minute
 * before it expires, and when a request is answered 401. All who wait share one refresh, in this tab and in the others.
 */
export class SessionManager {
  readonly store: StoreApi<SessionState> = createStore<SessionState>(() => ({ status: 'unknown', person: null, unreachable: false }));
  private token: string | null = null;
  /** By this device's clock. */
  private expiresAt = 0;
  private refreshing: Promise<boolean> | null = null;
  private timer: number | null = null;

  constructor(private readonly options: SessionOptions) {
    options.channel?.addEventListener('message', (event) => {
      const message = (event as MessageEvent<TabMessage>).data;
      if (message.kind === 'session') this.adopt(message.session, false, message.endsAt);
      else this.drop(false, false);
    });
  }

  /** The token to send now, after a refresh where it is about to end; null when nobody is signed in. */
  async accessToken(): Promise<string | null> {
    if (this.store.getState().status === 'unknown' || (this.token !== null && this.expiresAt - this.options.now() < 5_000)) await this.refresh();
    return this.token;
  }

  /** Call it once at the start: finds out whether somebody is signed in. */
  async start(): Promise<void> {
    if (this.store.getState().status === 'unknown') await this.refresh();
  }

  /** Renews the session; false when it is over. `stale` is the token that was refused: another tab may have renewed it meanwhile. */
  async refresh(stale: string | null = this.token): Promise<boolean> {
    this.refreshing ??= this.options
      .lock('turtus.refresh', async () => {
        if (this.token !== null && this.token !== stale && this.expiresAt > this.options.now()) return true;
        return await this.refreshNow();
      })
      .finally(() => {
        this.refreshing = null;
      });
    return await this.refreshing;
  }

  /** `endsAt` is when the token expires by this device's clock, where another tab knows. */
  adopt(session: Session, tell = true, endsAt = this.options.now() + lifeOf(session, this.options.now())): void {
    this.token = session.accessToken;
    this.expiresAt = endsAt;
    this.options.memory?.setItem(wasHere, '1');
    this.store.setState({ status: 'signedIn', person: session.person }, true);
    this.schedule(Math.max(5_000, this.expiresAt - this.options.now() - refreshAhead));
    if (tell) this.options.channel?.postMessage({ kind: 'session', session, endsAt } satisfies TabMessage);
  }

  setPerson(person: Person): void {
    if (this.store.getState().status === 'signedIn') this.store.setState({ status: 'signedIn', person }, true);
  }

  /** Forgets the session here and in the other tabs; the server is told by the caller. */
  drop(ended: boolean, tell = true): void {
    this.token = null;
    this.expiresAt = 0;
    this.options.memory?.removeItem(wasHere);
    if (this.timer !== null) this.options.clearTimeout(this.timer);
    this.timer = null;
    this.store.setState({ status: 'signedOut', person: null, ended }, true);
    if (tell) this.options.channel?.postMessage({ kind: 'signedOut' } satisfies TabMessage);
  }

  private async refreshNow(): Promise<boolean> {
    let response: Response;
    try {
      response = await this.options.fetch('/api/v1/sessions/refresh', { method: 'POST', credentials: 'same-origin' });
    } catch {
      return this.unreachable();
    }
    if (response.status === 204) {
      // There is no cookie: a visitor, or somebody whose session ended.
      this.drop(this.hasEnded(), false);
      return false;
    }
    if (response.ok) {
      this.adopt((await response.json()) as Session);
      return true;
    }
    if (response.status >= 500 || response.status === 429) return this.unreachable();
    // A refused cookie alone tells nothing: one outlives the account that was deleted.
    this.drop(this.hasEnded(), false);
    return false;
  }

  /** Whether there was a session that nobody ended here on purpose; only then it is worth a word. */
  private hasEnded(): boolean {
    const state = this.store.getState();
    if (state.status === 'signedOut') return state.ended;
    return this.token !== null || this.options.memory?.getItem(wasHere) === '1';
  }

  /** A server that is away says nothing about the session: keep what there is and ask again. */
  private unreachable(): boolean {
    if (this.store.getState().status === 'unknown') {
      this.store.setState({ status: 'unknown', person: null, unreachable: true }, true);
    }
    this.schedule(3_000);
    return this.token !== null && this.expiresAt > this.options.now();
  }

  private schedule(milliseconds: number): void {
    if (this.timer !== null) this.options.clearTimeout(this.timer);
    this.timer = this.options.setTimeout(() => void this.refresh(), milliseconds);
  }
}

/** How long a new token is good for, in milliseconds. What it says of that itself holds whatever time this device believes it is. */
function lifeOf(session: Session, now: number): number {
  try {
    const claims = JSON.parse(atob((session.accessToken.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))) as { iat?: unknown; exp?: unknown };
    if (typeof claims.iat === 'number' && typeof claims.exp === 'number') return (claims.exp - claims.iat) * 1000;
  } catch {
    // Not a token that can be read here.
  }
  return Date.parse(session.expiresAt) - now;
}

export function browserSessionOptions(): SessionOptions {
  return {
    fetch: (input, init) => globalThis.fetch(input, init),
    // navigator.locks is only there in a secure context; over plain HTTP on a LAN each tab is on its own.
    lock: async <T>(name: string, run: () => Promise<T>): Promise<T> => {
      const locks = (navigator as { locks?: LockManager }).locks;
      return locks ? ((await locks.request(name, run))) : await run();
    },
    channel: typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('turtus.session'),
    memory: storage(),
    now: () => Date.now(),
    setTimeout: (run, milliseconds) => window.setTimeout(run, milliseconds),
    clearTimeout: (id) => window.clearTimeout(id),
  };
}

/** Some browsers forbid to keep anything, and say so by throwing. */
function storage(): SessionOptions['memory'] {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
