import { useMediaQuery } from '@mantine/hooks';
import { useEffect, useState, type RefObject } from 'react';

/** Whether there are fingers to expect: only then what they do is loaded. */
export function useFingers(stage: RefObject<HTMLElement | null>): boolean {
  const expected = useMediaQuery('(any-pointer: coarse)', false, { getInitialValueInEffect: false });
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = stage.current;
    if (!element || expected || seen) return;
    const look = (event: PointerEvent): void => {
      if (event.pointerType === 'touch') setSeen(true);
    };
    element.addEventListener('pointerdown', look);
    return () => element.removeEventListener('pointerdown', look);
  }, [stage, expected, seen]);
  return expected || seen;
}
