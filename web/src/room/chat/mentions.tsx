import { Fragment, type ReactNode } from 'react';
import type { ChatMessage, PublicPerson } from '@/api/types';
import { withLinks } from './links';
import classes from './Chat.module.css';

type Mentions = NonNullable<ChatMessage['mentions']>;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What goes on a word, as on the server: scripts that set no spaces between words end one anywhere. */
const inWord = String.raw`(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}])[\p{L}\p{Nd}_]`;
const endsInWord = new RegExp(`${inWord}$`, 'u');

/** Text with its links clickable and the names marked that the server found in it. */
export function withMentions(text: string, mentions: Mentions | undefined, me: string | undefined): ReactNode[] {
  if (!mentions || mentions.length === 0) return withLinks(text);
  return withLinks(text).map((part, i) => (typeof part === 'string' ? <Fragment key={`text-${i}`}>{marked(part, mentions, me)}</Fragment> : part));
}

function marked(text: string, mentions: Mentions, me: string | undefined): ReactNode[] {
  const mine = new Set(mentions.filter(({ id }) => id === me).map(({ name }) => name.toLowerCase()));
  const names = [...new Set(mentions.map(({ name }) => name))].sort((a, b) => b.length - a.length);
  const parts: ReactNode[] = [];
  let end = 0;
  const add = (upTo: number): void => {
    if (upTo > end) parts.push(text.slice(end, upTo));
  };
  for (const match of text.matchAll(new RegExp(`@(${names.map(escaped).join('|')})(?!${inWord})`, 'giu'))) {
    if (endsInWord.test(text.slice(0, match.index))) continue;
    add(match.index);
    parts.push(
      <span key={match.index} className={classes.mention} data-me={mine.has((match[1] ?? '').toLowerCase()) || undefined} data-testid="chat-mention">
        {match[0]}
      </span>,
    );
    end = match.index + match[0].length;
  }
  add(text.length);
  return parts;
}

/** Whether a message is meant for somebody above others: it names them, is whispered to them, or is an announcement. */
export const isFor = (message: ChatMessage, person: string | undefined): boolean => message.author.id !== person && (message.announcement === true || message.to?.id === person || (message.mentions?.some(({ id }) => id === person) ?? false));

/** What is being completed in a text: the letters after an @, up to the caret. */
export interface Completing {
  from: number;
  query: string;
}

const longestName = 40;

export function completing(text: string, caret: number): Completing | null {
  const from = caret > 0 ? text.lastIndexOf('@', caret - 1) : -1;
  if (from < 0 || caret - from > longestName + 1) return null;
  const query = text.slice(from + 1, caret);
  if (query.includes('\n') || /[\p{L}\p{N}_]$/u.test(text.slice(0, from))) return null;
  return { from, query };
}

const most = 6;

/** Who a few letters may mean: those whose name, or a word of it, begins so. */
export function matching(people: readonly PublicPerson[], query: string): readonly PublicPerson[] {
  const sought = query.toLowerCase();
  return people.filter(({ displayName }) => displayName.toLowerCase().startsWith(sought) || displayName.toLowerCase().split(/\s+/).some((word) => word.startsWith(sought))).slice(0, most);
}
