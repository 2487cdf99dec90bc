import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Quality } from '@/api/types';

interface Sound {
  /** 0 to 1. */
  volume: number;
  muted: boolean;
}

const qualities: readonly string[] = ['auto', 'high', 'low', 'sound'] satisfies Quality[];

/** A choice that this device remembers. */
function remembered<T extends object>(key: string, read: (stored: Partial<T>) => T): StoreApi<T> {
  const parse = (): T => {
    try {
      return read(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<T>);
    } catch {
      return read({});
    }
  };
  const store = createStore<T>(parse);
  store.subscribe((state) => {
    try {
      localStorage.setItem(key, JSON.stringify(state));
    } catch {
      // No storage: it holds until the page goes.
    }
  });
  return store;
}

/** How loud this person wants the room's browser, on this device. */
export const sound = remembered<Sound>('turtus.sound', ({ volume, muted }) => ({
  volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : 1,
  muted: muted === true,
}));

/** Which picture this person wants, on this device. */
export const picture = remembered<{ quality: Quality }>('turtus.picture', ({ quality }) => ({ quality: quality !== undefined && qualities.includes(quality) ? quality : 'auto' }));

export const useSound = (): Sound => useStore(sound);
export const useQuality = (): Quality => useStore(picture).quality;
export const setVolume = (volume: number): void => sound.setState({ volume, muted: volume === 0 });
export const toggleMute = (): void => sound.setState(({ volume, muted }) => ({ muted: !muted, volume: muted && volume === 0 ? 0.5 : volume }));
export const setQuality = (quality: Quality): void => picture.setState({ quality });
