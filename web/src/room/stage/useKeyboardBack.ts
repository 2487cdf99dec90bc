import { useEffect, type RefObject } from 'react';

/** What keeps the keyboard for itself while it is open. */
const overlays = '[role="dialog"], [role="menu"]';

/** Brings the keyboard back to the stage when what had it goes from the page, as a dialog that closes does: else a driver types to nobody. */
export function useKeyboardBack(driving: boolean, field: RefObject<HTMLTextAreaElement | null>): void {
  useEffect(() => {
    if (!driving) return;
    let had = document.activeElement;
    const focused = ({ target }: FocusEvent): void => {
      if (target instanceof Element) had = target;
    };
    const watch = new MutationObserver(() => {
      // What is still there was left by the person's own will.
      if (document.activeElement !== document.body || !had || had.isConnected) return;
      if (document.querySelector(overlays) === null) field.current?.focus({ preventScroll: true });
    });
    document.addEventListener('focusin', focused);
    watch.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener('focusin', focused);
      watch.disconnect();
    };
  }, [driving, field]);
}
