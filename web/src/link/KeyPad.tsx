import { useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Link.module.css';
import { signs } from './code';

const across = 6;
const back = '⌫';
const keys = [...Array.from(signs), back];

/** The signs of a code as keys, for a remote control: its arrows go from key to key, and it presses. */
export function KeyPad({ onSign, onBack, autoFocus }: { onSign: (sign: string) => void; onBack: () => void; autoFocus: boolean }) {
  const { t } = useTranslation();
  const [at, setAt] = useState(0);
  const pad = useRef<HTMLDivElement>(null);
  const go = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
    if (step === undefined) return;
    const next = step === across ? Math.min(at + across, keys.length - 1) : at + step;
    if (next < 0 || next >= keys.length || next === at) return; // on to what is around the keys
    event.preventDefault();
    setAt(next);
    pad.current?.querySelectorAll('button')[next]?.focus();
  };
  return (
    <div ref={pad} className={classes.pad} role="group" aria-label={t('link.keys')} onKeyDown={go} data-testid="link-keys">
      {keys.map((key, i) => (
        <button
          key={key}
          type="button"
          className={classes.key}
          tabIndex={i === at ? 0 : -1}
          autoFocus={autoFocus && i === 0}
          aria-label={key === back ? t('link.back') : key}
          onFocus={() => setAt(i)}
          onClick={() => (key === back ? onBack() : onSign(key))}
        >
          {key}
        </button>
      ))}
    </div>
  );
}
