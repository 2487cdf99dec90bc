import type { Quote } from '@/api/hub/Outbox';
import type { PublicPerson } from '@/api/types';

/** What is being written: a message, an answer to one, or another text for one. */
export interface Draft {
  text: string;
  replyTo: Quote | undefined;
  /** The one person who alone hears it. */
  to: PublicPerson | undefined;
  announcement: boolean;
  /** The seq of the message that gets another text. */
  editing: number | undefined;
  /** What was being written when the edit began, to go on with after it. */
  aside: string;
}

/** What is being written outlives the panel: a look at another tab loses nothing. */
const drafts = new Map<string, Draft>();

const empty: Draft = { text: '', replyTo: undefined, to: undefined, announcement: false, editing: undefined, aside: '' };

const keyOf = (room: string, person: string): string => `${room} ${person}`;

export const draftOf = (room: string, person: string): Draft => drafts.get(keyOf(room, person)) ?? empty;
export const keepDraft = (room: string, person: string, draft: Draft): void => void drafts.set(keyOf(room, person), draft);
