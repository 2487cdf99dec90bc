import type { Outgoing, Quote } from '@/api/hub/Outbox';
import type { ChatMessage, PublicPerson } from '@/api/types';

/** A message, or one's own that is being sent. */
export interface Said {
  kind: 'message';
  key: string;
  at: string;
  text: string;
  author: PublicPerson | undefined;
  first: boolean;
  replyTo: Quote | undefined;
  /** Who alone hears it. */
  to: PublicPerson | undefined;
  message: ChatMessage | undefined;
  outgoing: Outgoing | undefined;
}

export type Line = { kind: 'day'; key: string; at: string } | { kind: 'unread'; key: 'unread' } | Said;

/** Somebody who goes on within this time is not named again. */
const breath = 5 * 60_000;

/** The last lines, the first of them with its author. */
export function lastOf(lines: readonly Line[], count: number): readonly Line[] {
  if (lines.length <= count) return lines;
  const [begin, ...rest] = lines.slice(-count);
  return begin?.kind === 'message' ? [{ ...begin, first: true }, ...rest] : lines.slice(-count);
}

/** Whether two lines show the same. They are made anew with each message, and ten thousand need not be drawn for it. */
export const sameLine = (a: Said, b: Said): boolean => a.key === b.key && a.first === b.first && a.text === b.text && a.at === b.at && a.author === b.author && a.replyTo === b.replyTo && a.to === b.to && a.message === b.message && a.outgoing === b.outgoing;

/** Messages, then what is being sent, as lines: days set apart, and what one person says in a row kept together. After `mark` the unread ones begin. */
export function groups(messages: readonly ChatMessage[], outbox: readonly Outgoing[], me: PublicPerson | undefined, mark: number | null = null): Line[] {
  const lines: Line[] = [];
  const days = new Set<string>();
  let day = '';
  let author = '';
  let at = 0;
  let marked = mark === null;
  const add = (line: Omit<Said, 'kind' | 'first'>): void => {
    const date = new Date(line.at);
    const name = date.toDateString();
    if (name !== day) {
      day = name;
      author = '';
      at = 0;
      // A server whose clock was set back comes to a day twice.
      lines.push({ kind: 'day', key: days.has(name) ? `day-${name}-${line.key}` : `day-${name}`, at: line.at });
      days.add(name);
    }
    if (!marked && mark !== null && line.message && line.message.seq > mark) {
      marked = true;
      author = '';
      lines.push({ kind: 'unread', key: 'unread' });
    }
    // A whisper does not go on what was said to all.
    const who = `${line.author?.id ?? 'nobody'} ${line.to?.id ?? (line.message?.announcement === true || line.outgoing?.announcement === true ? 'announced' : '')}`;
    const first = who !== author || date.getTime() - at > breath || line.replyTo !== undefined;
    author = who;
    at = date.getTime();
    lines.push({ kind: 'message', first, ...line });
  };
  for (const message of messages) add({ key: message.key ?? message.id, at: message.createdAt, text: message.text, author: message.author, replyTo: message.replyTo, to: message.to, message, outgoing: undefined });
  for (const item of outbox) add({ key: item.key, at: item.createdAt, text: item.text, author: me, replyTo: item.replyTo, to: item.to, message: undefined, outgoing: item });
  return lines;
}
