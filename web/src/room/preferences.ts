import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';

interface Sound {
  /** 0 to 1. */
  volume: number;
  muted: boolean;
}

const key = 'turtus.sound';

function remembered(): Sound {
  try {
    const value = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Sound>;
    return { volume: typeof value.volume === 'number' && value.volume >= 0 && value.volume <= 1 ? value.volume : 1, muted: value.muted === true };
  } catch {
    return { volume: 1, muted: false };
  }
}

/** How loud this person wants the room's browser, on this device. */
export const sound = createStore<Sound>(() => remembered());

sound.subscribe((state) => {
  try {
    localStorage.setItem(key, JSON.stringify(state));
  } catch {
    // No storage: it holds until the page goes.
  }
});

export const useSound = (): Sound => useStore(sound);
export const setVolume = (volume: number): void => sound.setState({ volume, muted: volume === 0 });
export const toggleMute = (): void => sound.setState(({ volume, muted }) => ({ muted: !muted, volume: muted && volume === 0 ? 0.5 : volume }));
