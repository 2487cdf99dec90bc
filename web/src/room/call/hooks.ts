import { useEffect, useLayoutEffect, useRef, type RefObject } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { Call, CallState } from '@/call/Call';
import type { DevicesState } from '@/call/Devices';
import { useRoomSession } from '../context';

export const useCallSession = (): Call => useRoomSession().call;

/** A part of the call; the component renders when that part changes. */
export function useCall<T>(select: (call: CallState) => T): T {
  return useStore(useCallSession().store, useShallow(select));
}

/** A part of this person's microphone and camera. */
export function useDevices<T>(select: (devices: DevicesState) => T): T {
  return useStore(useCallSession().devices.store, useShallow(select));
}

/** The film's volume, which friends who speak may lower. */
export function useDuckedVolume(video: RefObject<HTMLVideoElement | null>, volume: number): void {
  const call = useCallSession();
  useEffect(() => {
    const set = (factor: number): void => {
      if (video.current) video.current.volume = volume * factor;
    };
    set(call.ducked);
    return call.onDuck(set);
  }, [call, video, volume]);
}

/** Where a letter is text, or chooses from a list. */
const takesLetters = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.closest('input, textarea, select, [contenteditable]:not([contenteditable="false"]), [role="dialog"], [role="menu"], [role="listbox"]') !== null);

/** Single keys for the whole page, unless they go into a field, a dialog or a menu, or to the room's browser, whose keyboard is a field too. */
export function useKeys(keys: Record<string, (() => void) | null>): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const run = keys[event.key.toLowerCase()];
      if (!run || event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || takesLetters(event.target)) return;
      event.preventDefault();
      run();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  });
}

/** A key that does something while it is held, under the same conditions. It ends too where nobody would see it let go. */
export function useHeldKey(key: string, down: (() => void) | null, up: () => void): void {
  const latest = useRef({ down, up });
  useLayoutEffect(() => {
    latest.current = { down, up };
  });
  const wanted = down !== null;
  useEffect(() => {
    if (!wanted) return;
    let held = false;
    const pressed = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== key || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || takesLetters(event.target)) return;
      event.preventDefault();
      if (held || event.repeat) return;
      held = true;
      latest.current.down?.();
    };
    const end = (): void => {
      if (!held) return;
      held = false;
      latest.current.up();
    };
    const released = (event: KeyboardEvent): void => {
      // A Mac says nothing of a letter that is let go while Cmd is down.
      if (event.key.toLowerCase() === key || event.key === 'Meta') end();
    };
    const hidden = (): void => {
      if (document.hidden) end();
    };
    window.addEventListener('keydown', pressed);
    window.addEventListener('keyup', released, true);
    window.addEventListener('blur', end);
    document.addEventListener('visibilitychange', hidden);
    return () => {
      end();
      window.removeEventListener('keydown', pressed);
      window.removeEventListener('keyup', released, true);
      window.removeEventListener('blur', end);
      document.removeEventListener('visibilitychange', hidden);
    };
  }, [key, wanted]);
}
