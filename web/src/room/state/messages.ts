import type { ChatMessage, RoomSnapshot } from '@/api/types';

/** Both lists as one, by seq, each message once and as it is now. Nothing lies between them, whatever their numbers: those of others' whispers are missing. */
export function joined(before: readonly ChatMessage[], added: readonly ChatMessage[]): readonly ChatMessage[] {
  const first = added[0];
  const last = before.at(-1);
  if (added.length === 1 && first && (!last || first.seq > last.seq)) return [...before, first];
  const all = new Map(before.map((message) => [message.seq, message]));
  for (const message of added) {
    const known = all.get(message.seq);
    // Its key is told to the author once; what it is shown by stays the same.
    if (!known || message.revision > known.revision) all.set(message.seq, known?.key === undefined ? message : { ...message, key: known.key });
  }
  return requoted([...all.values()].sort((a, b) => a.seq - b.seq), added.flatMap(({ seq }) => all.get(seq) ?? []));
}

/** A message in the place of the older one, and where it is quoted. One that lies before all that is shown is left to the history. */
export function changed(before: readonly ChatMessage[], message: ChatMessage): readonly ChatMessage[] {
  const first = before[0];
  if (first && message.seq < first.seq) return requoted(before, [message]);
  return joined(before, [message]);
}

/** Whether nothing can lie between what is shown and a snapshot: it is all there is, or reaches back to it. An empty one does not tell. */
export function overlaps(before: readonly ChatMessage[], { messages, moreMessages }: Pick<RoomSnapshot, 'messages' | 'moreMessages'>): boolean {
  const first = messages[0];
  const last = before.at(-1);
  return !last || !moreMessages || (first !== undefined && first.seq <= last.seq + 1);
}

const quoted = 200;

/** A quote says what its message says now. */
function requoted(messages: readonly ChatMessage[], now: readonly ChatMessage[]): readonly ChatMessage[] {
  const changes = new Map(now.filter(({ revision }) => revision > 0).map((message) => [message.seq, message]));
  if (changes.size === 0) return messages;
  return messages.map((message) => {
    const source = message.replyTo && changes.get(message.replyTo.seq);
    // Nothing comes after a removal but what was said before it and is heard late.
    if (!source || message.replyTo?.deletedAt !== undefined) return message;
    const { seq, author, deletedAt } = source;
    const text = [...source.text];
    return { ...message, replyTo: { seq, author, text: text.length > quoted ? `${text.slice(0, quoted - 1).join('')}…` : source.text, ...(deletedAt === undefined ? {} : { deletedAt }) } };
  });
}
