import { useFullscreenDocument, useMediaQuery } from '@mantine/hooks';
import { useCallback, useEffect, useRef, useState } from 'react';

interface LockableKeyboard {
  lock?: (codes?: string[]) => Promise<void>;
  unlock?: () => void;
}

export interface View {
  theatre: boolean;
  fullscreen: boolean;
  /** The picture has the whole window and everything else floats over it. */
  immersive: boolean;
  /** The upright phone: stage above, panel below. */
  phone: boolean;
  /** No room for every button at once. */
  narrow: boolean;
  touch: boolean;
  toggleTheatre: () => void;
  toggleFullscreen: () => void;
}

export function useView(): View {
  const [theatre, setTheatre] = useState(false);
  const { fullscreen, toggle } = useFullscreenDocument();
  // An on-screen keyboard may leave an upright phone less height than width.
  const sideways = useMediaQuery('(max-height: 520px) and (orientation: landscape) and (min-width: 540px)', false, { getInitialValueInEffect: false });
  const phone = useMediaQuery('(max-width: 780px)', false, { getInitialValueInEffect: false });
  const touch = useMediaQuery('(pointer: coarse)', false, { getInitialValueInEffect: false });

  useEffect(() => {
    const { keyboard } = navigator as Navigator & { keyboard?: LockableKeyboard };
    if (!fullscreen || !keyboard?.lock) return;
    // Alt+Tab, Escape and the like go to the room's browser too; holding Escape leaves fullscreen.
    void keyboard.lock().catch(() => undefined);
    return () => keyboard.unlock?.();
  }, [fullscreen]);

  const toggleTheatre = useCallback(() => setTheatre((on) => !on), []);
  const toggleFullscreen = useCallback(() => {
    // An iPhone has no fullscreen for pages; theatre comes nearest.
    if (typeof document.documentElement.requestFullscreen === 'function') void toggle().catch(() => setTheatre(true));
    else setTheatre((on) => !on);
  }, [toggle]);
  return { theatre, fullscreen, immersive: theatre || fullscreen || sideways, phone: phone && !sideways && !theatre && !fullscreen, narrow: phone || sideways, touch, toggleTheatre, toggleFullscreen };
}

const patience = 2_500;

/** True while nothing has moved for a while; `touchIt` says that something did. */
export function useCalm(active: boolean): { calm: boolean; stir: () => void } {
  const [calm, setCalm] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const stir = useCallback(() => {
    setCalm(false);
    if (timer.current) clearTimeout(timer.current);
    timer.current = setTimeout(() => setCalm(true), patience);
  }, []);
  useEffect(() => {
    if (active) stir();
    return () => {
      if (timer.current) clearTimeout(timer.current);
    };
  }, [active, stir]);
  return { calm: active && calm, stir };
}
