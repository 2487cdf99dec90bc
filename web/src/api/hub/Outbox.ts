import type { HubConnection } from './HubConnection';
import { HubError } from './HubConnection';
import { backoff } from './backoff';
import type { ChatMessage, PublicPerson } from '../types';

/** What a message that answers another one shows of it. */
export type Quote = NonNullable<ChatMessage['replyTo']>;

/** A message of one's own that is not stored yet. */
export interface Outgoing {
  key: string;
  text: string;
  replyTo?: Quote;
  /** The one person who hears it. */
  to?: PublicPerson;
  announcement?: true;
  createdAt: string;
  state: 'sending' | 'failed';
  /** Why it failed: an error code of the catalogue. */
  code?: string;
}

export interface OutboxOptions {
  hub: Pick<HubConnection, 'request' | 'on' | 'status'>;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  room: string;
  /** Whose messages they are, by id: the next who signs in here neither sees nor sends them. */
  person: string;
  changed: (items: readonly Outgoing[]) => void;
  makeKey?: () => string;
  now?: () => Date;
}

const worthAnotherTry: ReadonlySet<string> = new Set(['unavailable', 'internal', 'rate_limited']);
const tries = 4;

/**
 * Outbox sends what was typed, one after the other and in order, until the hub has stored it: over lost connections and
 * reloads, always with the same key, so that nothing is lost and nothing said twice.
 */
export class Outbox {
  private items: Outgoing[];
  private busy = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly stopListening: () => void;

  constructor(private readonly options: OutboxOptions) {
    this.items = this.load();
    this.stopListening = options.hub.on('status', (status) => {
      if (status.kind === 'online') void this.pump();
    });
    if (this.items.length > 0) options.changed(this.items);
  }

  say(text: string, more: Pick<Outgoing, 'replyTo' | 'to' | 'announcement'> = {}): void {
    const { makeKey = () => randomKey(), now = () => new Date() } = this.options;
    this.update([...this.items, { key: makeKey(), text, ...more, createdAt: now().toISOString(), state: 'sending' }]);
    void this.pump();
  }

  retry(key: string): void {
    this.update(
      this.items.map((item) => {
        if (item.key !== key) return item;
        const { code: _code, ...rest } = item;
        return { ...rest, state: 'sending' };
      }),
    );
    void this.pump();
  }

  discard(key: string): void {
    this.update(this.items.filter((item) => item.key !== key));
  }

  /** The hub says that it is stored, perhaps in a snapshot after a reconnect. */
  stored(key: string): void {
    if (this.items.some((item) => item.key === key)) this.discard(key);
  }

  dispose(): void {
    this.stopListening();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private async pump(attempt = 0): Promise<void> {
    if (this.busy || this.options.hub.status.kind !== 'online') return;
    const next = this.items.find((item) => item.state === 'sending');
    if (!next) return;
    this.busy = true;
    let wait: number | null = null;
    try {
      await this.options.hub.request('chat.send', { key: next.key, text: next.text, ...(next.replyTo ? { replyTo: next.replyTo.seq } : {}), ...(next.to ? { to: next.to.id } : {}), ...(next.announcement ? { announcement: true } : {}) });
      this.discard(next.key);
    } catch (error) {
      const code = error instanceof HubError ? error.code : 'disconnected';
      if (code === 'disconnected') return; // the next `online` goes on
      if (worthAnotherTry.has(code) && attempt + 1 < tries) {
        const asked = error instanceof HubError ? (error.retryAfter ?? 0) * 1000 : 0;
        wait = Math.max(asked, backoff(attempt, Math.random));
      } else {
        this.update(this.items.map((item) => (item.key === next.key ? { ...item, state: 'failed', code } : item)));
      }
    } finally {
      this.busy = false;
    }
    if (wait !== null) this.timer = setTimeout(() => void this.pump(attempt + 1), wait);
    else void this.pump();
  }

  private update(items: Outgoing[]): void {
    this.items = items;
    if (items.length === 0) this.options.storage.removeItem(this.storageKey);
    else this.options.storage.setItem(this.storageKey, JSON.stringify(items));
    this.options.changed(items);
  }

  private get storageKey(): string {
    return `turtus.outbox.${this.options.room}.${this.options.person}`;
  }

  private load(): Outgoing[] {
    try {
      const value: unknown = JSON.parse(this.options.storage.getItem(this.storageKey) ?? '[]');
      return Array.isArray(value) ? (value as Outgoing[]) : [];
    } catch {
      return [];
    }
  }
}

/** randomUUID is only there in a secure context. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
