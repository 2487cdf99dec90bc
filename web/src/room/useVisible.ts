import { useEffect, useState, type RefObject } from 'react';

/** Less than this is left by an on-screen keyboard. */
const little = 560;
/** What a browser's own bars may cover is no keyboard. */
const bars = 60;

/**
 * Keeps the room within what an on-screen keyboard leaves of the page, and says whether that is little. Chromium and Firefox
 * make the page smaller themselves (interactive-widget in index.html); Safari lays the keyboard over it.
 */
export function useVisible(room: RefObject<HTMLElement | null>, touch: boolean): boolean {
  const [short, setShort] = useState(false);
  useEffect(() => {
    const view = window.visualViewport;
    const element = room.current;
    if (!view || !element || !touch) return;
    const look = (): void => {
      // Who zooms the page itself looks at a part of it.
      const covered = view.scale < 1.01 && window.innerHeight - view.height > bars;
      element.style.setProperty('--visible', covered ? `${view.height}px` : null);
      element.style.setProperty('--above', covered ? `${view.offsetTop}px` : null);
      setShort(view.scale < 1.01 && view.height < little);
    };
    look();
    view.addEventListener('resize', look);
    view.addEventListener('scroll', look);
    return () => {
      view.removeEventListener('resize', look);
      view.removeEventListener('scroll', look);
      element.style.removeProperty('--visible');
      element.style.removeProperty('--above');
    };
  }, [room, touch]);
  return touch && short;
}
