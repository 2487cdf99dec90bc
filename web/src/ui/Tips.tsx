import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';

const delay = 350;

interface Tip {
  target: HTMLElement;
  label: string;
  opened: boolean;
}

/** The bubble of every Tooltip: over the control that the mouse rests on, until it leaves, presses, or a key is struck. */
export default function Tips() {
  const [tip, setTip] = useState<Tip | null>(null);
  useEffect(() => {
    let over: HTMLElement | null = null;
    let resting: ReturnType<typeof setTimeout> | undefined;
    const close = (): void => {
      clearTimeout(resting);
      relabelled.disconnect();
      setTip((shown) => shown && { ...shown, opened: false });
    };
    const show = (): void => {
      const label = over?.dataset.tip;
      if (over?.isConnected && label !== undefined) setTip({ target: over, label, opened: true });
      else close();
    };
    // What a press does may change what the control is for.
    const relabelled = new MutationObserver(show);
    const moved = ({ target, pointerType }: PointerEvent): void => {
      if (pointerType !== 'mouse') return;
      const next = target instanceof Element ? target.closest<HTMLElement>('[data-tip]') : null;
      if (next === over) return;
      close();
      over = next;
      if (next === null) return;
      resting = setTimeout(() => {
        relabelled.observe(next, { attributes: true, attributeFilter: ['data-tip'] });
        show();
      }, delay);
    };
    const left = ({ relatedTarget }: PointerEvent): void => {
      if (relatedTarget !== null) return; // not out of the window
      over = null;
      close();
    };
    document.addEventListener('pointerover', moved);
    document.addEventListener('pointerout', left);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('pointerover', moved);
      document.removeEventListener('pointerout', left);
      document.removeEventListener('keydown', close);
      close();
    };
  }, []);
  return tip && <Tooltip target={tip.target} label={tip.label} opened={tip.opened} events={none} multiline maw={280} />;
}

const none = { hover: false, focus: false, touch: false };
