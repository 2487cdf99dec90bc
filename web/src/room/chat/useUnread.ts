import { useCallback, useEffect, useState } from 'react';
import { useRoom } from '../context';
import { isFor } from './mentions';

export interface Unread {
  /** How many messages of others came since one last looked, and how many of them are meant for this person. */
  unread: number;
  mentioned: number;
  /** After which seq the new ones begin; it stays while one reads them. */
  mark: number | null;
  /** One looks at the newest. */
  seen: () => void;
}

export function useUnread(shown: boolean): Unread {
  const { messages, me, entered } = useRoom((room) => ({
    messages: room.messages,
    me: room.peers.find(({ id }) => id === room.self?.peer)?.person?.id,
    entered: room.self !== null,
  }));
  const last = messages.at(-1);
  const newest = last?.seq ?? 0;
  const [seenSeq, setSeenSeq] = useState(newest);
  const [mark, setMark] = useState<number | null>(null);
  const [visible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const changed = (): void => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', changed);
    return () => document.removeEventListener('visibilitychange', changed);
  }, []);
  const looking = entered && shown && visible;
  const seen = useCallback(() => {
    if (looking) setSeenSeq((before) => Math.max(before, newest));
  }, [looking, newest]);
  const fresh = messages.filter(({ seq, author, deletedAt }) => seq > seenSeq && author.id !== me && deletedAt === undefined);
  const unread = fresh.length;
  // The line is drawn where somebody stopped looking, and goes when they stop again or have answered.
  useEffect(() => {
    if (!looking) setMark((before) => (unread === 0 ? null : (before ?? (seenSeq === 0 ? null : seenSeq))));
  }, [looking, unread, seenSeq]);
  const own = last !== undefined && last.author.id === me;
  useEffect(() => {
    if (own) setMark(null);
  }, [own, newest]);
  return { unread, mentioned: fresh.filter((message) => isFor(message, me)).length, mark, seen };
}
