import { remembered } from '@/ui/remembered';
import type { Choice } from './Devices';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const share = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;

/** Which devices this person wants, on this device. */
export const choice = remembered<Choice>('turtus.devices', ({ microphone, camera, speaker, echoCancellation, noiseSuppression, autoGainControl }) => ({
  microphone: text(microphone),
  camera: text(camera),
  speaker: text(speaker),
  echoCancellation: echoCancellation !== false,
  noiseSuppression: noiseSuppression !== false,
  autoGainControl: autoGainControl !== false,
}));

interface Talking {
  /** Heard only while a key or the button is held. */
  push: boolean;
}

export const talking = remembered<Talking>('turtus.talking', ({ push }) => ({ push: push === true }));

interface Checked {
  /** Microphone and camera were checked, or the check was skipped. */
  done: boolean;
}

export const checked = remembered<Checked>('turtus.checked', ({ done }) => ({ done: done === true }));

interface Hearing {
  /** How loud all friends are, 0 to 1. */
  friends: number;
  /** The film is softer while somebody speaks. */
  duck: boolean;
}

export const hearing = remembered<Hearing>('turtus.friends', ({ friends, duck }) => ({ friends: share(friends) ? friends : 1, duck: duck !== false }));

interface Bubbles {
  shown: boolean;
  /** The person does not want to see themselves. */
  hideOwn: boolean;
  /** Where they float over the picture: shares of what is left of its width and height. */
  x: number;
  y: number;
}

export const bubbles = remembered<Bubbles>('turtus.bubbles', ({ shown, hideOwn, x, y }) => ({ shown: shown !== false, hideOwn: hideOwn === true, x: share(x) ? x : 0.5, y: share(y) ? y : 0 }));

/** How loud each person is, 0 to 1, by their id; until this tab is closed. */
export const volumes = remembered<Record<string, number>>(
  'turtus.volumes',
  (stored) => Object.fromEntries(Object.entries(stored).filter((entry): entry is [string, number] => share(entry[1]))),
  () => sessionStorage,
);

/** The volume of one person as it is played. */
export const volumeOf = (person: string | undefined): number => hearing.getState().friends * (person === undefined ? 1 : (volumes.getState()[person] ?? 1));
