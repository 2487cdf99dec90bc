import { EventSocket } from './EventSocket';
import type { SocketLike } from './HubConnection';

/** How long a WebSocket may take to open before it is thought to be kept out. */
const patience = 5_000;
const key = 'turtus.transport';

export interface Transports {
  webSocket: () => SocketLike;
  events: () => SocketLike;
  /** Where it is remembered, for this tab, that no WebSocket comes through. */
  storage: Pick<Storage, 'getItem' | 'setItem'>;
}

/**
 * HubSocket is a WebSocket where one comes through, and an EventSocket where not: some networks let none open, others open one that carries
 * nothing. Which it is shows with the first message, and is remembered.
 */
class HubSocket implements SocketLike {
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  private inner: SocketLike;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private opened = false;
  private heard = false;

  constructor(private readonly transports: Transports) {
    const events = transports.storage.getItem(key) === 'events';
    this.inner = events ? transports.events() : transports.webSocket();
    this.listen(events);
    if (!events) this.timer = setTimeout(() => this.change(), patience);
  }

  get costly(): boolean {
    return this.inner.costly === true;
  }

  send(data: string): void {
    this.inner.send(data);
  }

  close(code?: number, reason?: string): void {
    clearTimeout(this.timer);
    // Given up before it carried anything: the next one goes the other way.
    if (this.opened && !this.heard && code !== 1000 && code !== 1001) this.remember('events');
    this.inner.close(code, reason);
  }

  private listen(events: boolean): void {
    const { inner } = this;
    inner.onopen = (event) => {
      clearTimeout(this.timer);
      this.opened = true;
      this.onopen?.(event);
    };
    inner.onmessage = (event) => {
      if (!this.heard) this.remember(events ? 'events' : 'websocket');
      this.heard = true;
      this.onmessage?.(event);
    };
    inner.onclose = (event) => {
      clearTimeout(this.timer);
      if (!events && !this.opened) {
        this.change();
        return;
      }
      if (events && !this.opened) this.remember('websocket'); // neither comes through: it is the server that is away
      this.onclose?.(event);
    };
  }

  /** From a WebSocket that does not open to events. */
  private change(): void {
    const { inner } = this;
    inner.onopen = inner.onmessage = inner.onclose = null;
    inner.close();
    this.inner = this.transports.events();
    this.listen(true);
  }

  private remember(which: 'events' | 'websocket'): void {
    try {
      if (this.transports.storage.getItem(key) !== which) this.transports.storage.setItem(key, which);
    } catch {
      // No storage: it is found out again.
    }
  }
}

/** Opens a connection to the hub of this page's server. */
export function openHubSocket(): SocketLike {
  const { protocol, host } = location;
  return new HubSocket({
    webSocket: () => new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}/api/v1/ws`),
    events: () =>
      new EventSocket({
        openEvents: () => new EventSource('/api/v1/events'),
        post: (body) => fetch('/api/v1/events', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body, keepalive: body.length < 60_000 }),
      }),
    storage: sessionStorage,
  });
}

/** For tests. */
export const openBy = (transports: Transports): SocketLike => new HubSocket(transports);
