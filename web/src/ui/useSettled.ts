import { useEffect, useState } from 'react';

/** How long something new stands in the place of something else before it takes a press. */
export const settling = 700;

/**
 * False while what has this id has just come: a press that is on its way was meant for what was there before. Whoever is not settled is
 * `aria-disabled` and not disabled, which would take the keyboard's place away.
 */
export function useSettled(id: string): boolean {
  const [settled, setSettled] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(id), settling);
    return () => clearTimeout(timer);
  }, [id]);
  return settled === id;
}
