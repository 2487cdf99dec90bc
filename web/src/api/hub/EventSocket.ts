import type { SocketLike } from './HubConnection';

/** The part of EventSource that the socket uses. */
export interface EventsLike {
  close(): void;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  onerror: ((event: Event) => void) | null;
}

export interface EventSocketOptions {
  openEvents: () => EventsLike;
  /** Posts to the server, and keeps on when the page goes. It rejects when nothing was answered. */
  post: (body: string) => Promise<{ status: number }>;
  wait?: (ms: number) => Promise<void>;
}

/** The server takes 64 at once. */
const most = 64;
/** A POST that was not answered is sent again so often: what it said is taken once. */
const tries = 3;
const abnormal = 1006;

/**
 * EventSocket speaks with the hub without a WebSocket, for networks that let none through: it listens to server-sent events and speaks by
 * POST, one at a time and so in order. To whoever uses it it is a WebSocket.
 */
export class EventSocket implements SocketLike {
  readonly costly = true;
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  private readonly events: EventsLike;
  private connection: string | null = null;
  private sent = 0;
  private queue: string[] = [];
  private pong = false;
  private speaking = false;
  private over = false;
  /** What close was called with, until it is said. */
  private leaving: number | null = null;

  constructor(private readonly options: EventSocketOptions) {
    this.events = options.openEvents();
    this.events.addEventListener('open', (event) => {
      // An EventSource says "open" too, of itself and with no data.
      if (typeof event.data !== 'string' || this.over) return;
      this.connection = (JSON.parse(event.data) as { connection: string }).connection;
      this.onopen?.(new Event('open'));
      void this.speak();
    });
    this.events.addEventListener('message', (event) => {
      if (!this.over) this.onmessage?.(event);
    });
    this.events.addEventListener('ping', () => {
      this.pong = true;
      void this.speak();
    });
    this.events.addEventListener('close', (event) => {
      const { code, reason } = JSON.parse(event.data) as { code: number; reason?: string };
      this.end(code, reason);
    });
    // By itself it would connect again: that is another connection, and not the same as this one.
    this.events.onerror = () => this.end(abnormal);
  }

  send(data: string): void {
    if (this.over || this.leaving !== null) return;
    this.queue.push(data);
    void this.speak();
  }

  close(code = 1000): void {
    if (this.over || this.leaving !== null) return;
    this.leaving = code;
    if (this.connection === null) this.end(abnormal);
    else void this.speak();
  }

  private async speak(): Promise<void> {
    if (this.speaking || this.over || this.connection === null) return;
    this.speaking = true;
    while (!this.done() && (this.queue.length > 0 || this.pong || this.leaving !== null)) {
      const some = this.queue.splice(0, most);
      this.pong = false;
      const last = this.leaving !== null && this.queue.length === 0;
      const body = `{"connection":${JSON.stringify(this.connection)},"first":${this.sent},"messages":[${some.join(',')}]${last ? `,"close":${this.leaving}` : ''}}`;
      this.sent += some.length;
      const taken = await this.post(body);
      if (!taken || last) this.end(last ? (this.leaving ?? abnormal) : abnormal);
    }
    this.speaking = false;
  }

  private done(): boolean {
    return this.over;
  }

  private async post(body: string): Promise<boolean> {
    for (let i = 0; i < tries; i++) {
      if (i > 0) await (this.options.wait ?? ((ms) => new Promise((done) => setTimeout(done, ms))))(500 * i);
      try {
        const { status } = await this.options.post(body);
        if (status === 204) return true;
        if (status !== 429 && status < 500) return false;
      } catch {
        // It may have been taken: said again it is taken once.
      }
    }
    return false;
  }

  private end(code: number, reason = ''): void {
    if (this.over) return;
    this.over = true;
    this.events.close();
    this.onclose?.(new CloseEvent('close', { code, reason, wasClean: code !== abnormal }));
  }
}
