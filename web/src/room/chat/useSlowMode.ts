import { useEffect, useState } from 'react';
import { useMay, useRoom } from '../context';

/** The seconds until slow mode lets this person write again, as the server counts them; 0 when they may. */
export function useSlowMode(): number {
  const moderates = useMay('moderate');
  const { seconds, last, offset } = useRoom((room) => {
    const me = room.peers.find(({ id }) => id === room.self?.peer)?.person?.id;
    return { seconds: room.room?.slowMode ?? 0, last: room.messages.findLast(({ author }) => author.id === me)?.createdAt, offset: room.clockOffset };
  });
  const [now, setNow] = useState(() => Date.now());
  const until = last === undefined || moderates || seconds === 0 ? 0 : Date.parse(last) + seconds * 1000 - offset;
  const left = Math.max(0, Math.ceil((until - Math.max(now, 0)) / 1000));
  useEffect(() => {
    setNow(Date.now());
    if (until <= Date.now()) return;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (until <= Date.now()) clearInterval(timer);
    }, 1000);
    return () => clearInterval(timer);
  }, [until]);
  return Math.min(left, seconds);
}
