import { useStore } from 'zustand';
import type { Quality } from '@/api/types';
import { remembered } from '@/ui/remembered';

interface Sound {
  /** 0 to 1. */
  volume: number;
  muted: boolean;
}

interface Picture {
  quality: Quality;
  /** The latest with a picture, for the way back from the sound alone. */
  seen: Quality;
}

/** What fingers on the picture are to who drives: a touchscreen of the room's browser, or the trackpad of its pointer. */
export type DriveBy = 'touch' | 'trackpad';

const qualities: readonly string[] = ['auto', 'high', 'low', 'sound'] satisfies Quality[];
const known = (quality: Quality | undefined): Quality => (quality !== undefined && qualities.includes(quality) ? quality : 'auto');

/** How loud this person wants the room's browser, on this device. */
export const sound = remembered<Sound>('turtus.sound', ({ volume, muted }) => ({
  volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : 1,
  muted: muted === true,
}));

/** Which picture this person wants, on this device. */
export const picture = remembered<Picture>('turtus.picture', ({ quality, seen }) => ({ quality: known(quality), seen: known(seen) }));

/** How this person drives by fingers, on this device. */
export const driveBy = remembered<{ by: DriveBy }>('turtus.touch', ({ by }) => ({ by: by === 'trackpad' ? by : 'touch' }));

export const useDriveBy = (): DriveBy => useStore(driveBy).by;
export const useSound = (): Sound => useStore(sound);
export const useQuality = (): Quality => useStore(picture).quality;
export const setVolume = (volume: number): void => sound.setState({ volume, muted: volume === 0 });
export const toggleMute = (): void => sound.setState(({ volume, muted }) => ({ muted: !muted, volume: muted && volume === 0 ? 0.5 : volume }));
export const setQuality = (quality: Quality): void => picture.setState(quality === 'sound' ? { quality } : { quality, seen: quality });
export const showPicture = (): void => picture.setState(({ seen }) => ({ quality: seen === 'sound' ? 'auto' : seen }));
