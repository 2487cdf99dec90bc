import { useEffect, useRef } from 'react';
import { useStore } from 'zustand';
import { remembered } from '@/ui/remembered';
import { useRoom } from '../context';
import { isFor } from './mentions';

/** Which messages of others make a sound while the page is hidden. */
export type ChatSound = 'off' | 'mentions' | 'all';

export const chatSounds: readonly ChatSound[] = ['off', 'mentions', 'all'];

const choice = remembered<{ sound: ChatSound }>('turtus.chat', ({ sound }) => ({ sound: sound !== undefined && chatSounds.includes(sound) ? sound : 'mentions' }));

export const useChatSound = (): ChatSound => useStore(choice).sound;
export const setChatSound = (sound: ChatSound): void => choice.setState({ sound });

let context: AudioContext | undefined;

/** However many messages come, this many seconds pass between two sounds. */
const apart = 2;
/** How late a sound may be, in milliseconds: a browser that stays silent until a click would let all of them sound then. */
const latest = 1_000;
let played: number | undefined;

/** Two short soft notes; at once where somebody asked to hear them. A page that nobody has clicked into yet stays silent: the browser wants it so. */
export function chime(atOnce = false): void {
  if (typeof AudioContext === 'undefined') return;
  context ??= new AudioContext();
  const audio = context;
  const asked = performance.now();
  const play = (): void => {
    if (performance.now() - asked > latest || (!atOnce && played !== undefined && audio.currentTime < played + apart)) return;
    played = audio.currentTime;
    [660, 880].forEach((pitch, i) => {
      const at = audio.currentTime + i * 0.11;
      const note = audio.createOscillator();
      const loudness = audio.createGain();
      note.frequency.value = pitch;
      loudness.gain.setValueAtTime(0.0001, at);
      loudness.gain.exponentialRampToValueAtTime(0.12, at + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.22);
      note.connect(loudness).connect(audio.destination);
      note.start(at);
      note.stop(at + 0.24);
    });
  };
  if (audio.state === 'running') play();
  else void audio.resume().then(play, () => undefined);
}

/** Sounds for what others write while nobody sees the page. */
export function useChimes(): void {
  const sound = useChatSound();
  const { messages, me, entered } = useRoom((room) => ({ messages: room.messages, me: room.peers.find(({ id }) => id === room.self?.peer)?.person?.id, entered: room.self !== null }));
  const heard = useRef<number | null>(null);
  useEffect(() => {
    const newest = messages.at(-1)?.seq ?? 0;
    const before = heard.current;
    // What was there when one came in is no news.
    if (entered) heard.current = Math.max(before ?? 0, newest);
    if (before === null || newest <= before || sound === 'off' || !document.hidden) return;
    if (messages.some((message) => message.seq > before && message.deletedAt === undefined && message.author.id !== me && (sound === 'all' || isFor(message, me)))) chime();
  }, [messages, me, entered, sound]);
}
