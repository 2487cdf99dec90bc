import { useCallback, useEffect, useState } from 'react';
import { useRoom } from '../context';

/** How many messages of others came since one last looked; `seen` says that one looks at the newest. */
export function useUnread(shown: boolean): { unread: number; seen: () => void } {
  const { messages, me, entered } = useRoom((room) => ({
    messages: room.messages,
    me: room.peers.find(({ id }) => id === room.self?.peer)?.person?.id,
    entered: room.self !== null,
  }));
  const newest = messages.at(-1)?.seq ?? 0;
  const [seenSeq, setSeenSeq] = useState(newest);
  const [visible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const changed = (): void => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', changed);
    return () => document.removeEventListener('visibilitychange', changed);
  }, []);
  const seen = useCallback(() => {
    if (entered && shown && visible) setSeenSeq((before) => Math.max(before, newest));
  }, [entered, shown, visible, newest]);
  const unread = messages.filter(({ seq, author }) => seq > seenSeq && author.id !== me).length;
  return { unread, seen };
}
