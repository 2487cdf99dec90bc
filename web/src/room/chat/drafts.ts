import type { Quote } from '@/api/hub/Outbox';

/** What is being written: a message, an answer to one, or another text for one. */
export interface Draft {
  text: string;
  replyTo: Quote | undefined;
  /** The seq of the message that gets another text. */
  editing: number | undefined;
}

/** What is being written outlives the panel: a look at another tab loses nothing. */
const drafts = new Map<string, Draft>();

export const draftOf = (room: string): Draft => drafts.get(room) ?? { text: '', replyTo: undefined, editing: undefined };
export const keepDraft = (room: string, draft: Draft): void => void drafts.set(room, draft);
