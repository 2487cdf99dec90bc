import { useEffect, useState } from 'react';

/** The time, anew each second while it is wanted. */
export function useNow(active: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!active) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [active]);
  return now;
}

/** Whether a time has come, by the clock that is that far ahead of this device's. */
export function useReached(at: number | undefined, offset: number): boolean {
  const [reached, setReached] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      const left = at === undefined ? Infinity : at - (Date.now() + offset);
      setReached(left <= 0);
      if (left > 0 && at !== undefined) timer = setTimeout(look, Math.min(left, longestTimeout));
    };
    look();
    return () => clearTimeout(timer);
  }, [at, offset]);
  return reached;
}

/** What a browser can wait for at once. */
const longestTimeout = 2 ** 31 - 1;

/** "0:42; never below zero. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  return minutes >= 60
    ? `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
    : `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}
