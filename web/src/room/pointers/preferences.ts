import { createStore } from 'zustand/vanilla';
import { remembered } from '@/ui/remembered';

/** Which pointers this person shows and sees, on this device. */
export const pointerChoice = remembered<{ others: boolean; mine: boolean }>('turtus.pointers', ({ others, mine }) => ({ others: others !== false, mine: mine !== false }));

/** A finger on the picture points, instead of what it does else. */
export const pointing = createStore<{ on: boolean }>(() => ({ on: false }));
