import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { remembered } from '@/ui/remembered';
import classes from './Stage.module.css';

const hints = ['touch', 'trackpad', 'keyboard'] as const;
type What = (typeof hints)[number];

const known = remembered<Partial<Record<What, boolean>>>('turtus.hints', (stored) => Object.fromEntries(hints.map((what) => [what, stored[what] === true] as const)));
/** As long as it takes to read a line and try it. */
const shownFor = 9_000;

/** One line for who drives this way for the first time on this device. */
export function Hint({ what }: { what: What }) {
  const { t } = useTranslation();
  const read = useStore(known, (told) => told[what] === true);
  useEffect(() => {
    if (read) return;
    const timer = setTimeout(() => known.setState({ [what]: true }), shownFor);
    return () => clearTimeout(timer);
  }, [read, what]);
  return (
    <div className={classes.hint} role="status" data-testid="drive-hint">
      {!read && <span>{what === 'keyboard' ? t('control.hint') : t(`touch.hints.${what}`)}</span>}
    </div>
  );
}
