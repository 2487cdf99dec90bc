import { IconArrowDown, IconArrowLeft, IconArrowRight, IconArrowUp } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { useRoomSession } from '../context';
import type { ModifierKey, Modifiers } from '../stream/Modifiers';
import classes from './Touch.module.css';

/** What is written on the keys is so everywhere. */
const modifierKeys = [
  ['control', 'Ctrl'],
  ['alt', 'Alt'],
  ['shift', 'Shift'],
] as const satisfies readonly (readonly [ModifierKey, string])[];
const arrows = [
  ['left', 0xff51, IconArrowLeft],
  ['down', 0xff54, IconArrowDown],
  ['up', 0xff52, IconArrowUp],
  ['right', 0xff53, IconArrowRight],
] as const;
const more = [
  ['Del', 0xffff],
  ['Home', 0xff50],
  ['End', 0xff57],
  ['PgUp', 0xff55],
  ['PgDn', 0xff56],
  ['F5', 0xffc2],
  ['F11', 0xffc8],
] as const;

/** Keys that a phone's keyboard lacks, above it. */
export default function KeyRow({ modifiers }: { modifiers: Modifiers }) {
  const { t } = useTranslation();
  const { input } = useRoomSession();
  const stuck = useStore(modifiers.store);
  useEffect(() => () => modifiers.forget(), [modifiers]);
  const press = (keysym: number): void => {
    modifiers.hold();
    input.press(keysym);
    modifiers.drop();
  };
  const plain = (cap: string, keysym: number): React.ReactNode => (
    <button key={cap} type="button" onClick={() => press(keysym)} data-testid={`key-${cap.toLowerCase()}`}>
      {cap}
    </button>
  );
  return (
    // The keyboard stays open: its field keeps the focus.
    <div className={classes.keys} role="toolbar" aria-label={t('touch.keys')} onMouseDown={(event) => event.preventDefault()} data-testid="key-row">
      {plain('Esc', 0xff1b)}
      {plain('Tab', 0xff09)}
      {modifierKeys.map(([key, cap]) => (
        <button key={key} type="button" aria-pressed={stuck[key] !== undefined} data-stuck={stuck[key]} onClick={() => modifiers.tap(key)} data-testid={`key-${key}`}>
          {cap}
        </button>
      ))}
      {arrows.map(([name, keysym, Icon]) => (
        <button key={name} type="button" aria-label={t(`touch.arrows.${name}`)} onClick={() => press(keysym)} data-testid={`key-${name}`}>
          <Icon size={18} stroke={1.8} aria-hidden />
        </button>
      ))}
      {more.map(([cap, keysym]) => plain(cap, keysym))}
    </div>
  );
}
