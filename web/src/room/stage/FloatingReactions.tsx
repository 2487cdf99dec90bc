import { useEffect, useState } from 'react';
import { useRoom, useRoomSession } from '../context';
import classes from './Floating.module.css';

interface Floating {
  id: number;
  emoji: string;
  peer: string;
  /** From the left, in percent. */
  at: number;
}

/** No more float at a time, whoever sends them. */
const most = 30;
let next = 0;

/** What people send over the picture: it rises, and is gone. */
export function FloatingReactions() {
  const session = useRoomSession();
  const peers = useRoom((room) => room.peers);
  const [floating, setFloating] = useState<readonly Floating[]>([]);
  useEffect(
    () => session.passing.onReaction((emoji, peer) => setFloating((before) => [...before, { id: next++, emoji, peer, at: 8 + Math.random() * 84 }].slice(-most))),
    [session],
  );
  return (
    <div className={classes.layer} aria-hidden data-testid="floating">
      {floating.map(({ id, emoji, peer, at }) => (
        <span key={id} style={{ insetInlineStart: `${at.toFixed(1)}%` }} onAnimationEnd={() => setFloating((before) => before.filter((one) => one.id !== id))} data-testid="floating-reaction">
          {emoji}
          <small dir="auto">{peers.find((one) => one.id === peer)?.person?.displayName}</small>
        </span>
      ))}
    </div>
  );
}
