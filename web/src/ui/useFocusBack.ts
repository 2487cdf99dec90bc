import { useEffect, useState } from 'react';

/**
 * Gives the keyboard's place back when a dialog goes that was open from its first moment: Mantine's remembers where the focus was only
 * when it goes from closed to open. An item of a menu has gone by then, so its button has it.
 */
export function useFocusBack(): void {
  const [before] = useState(() => {
    const focused = document.activeElement;
    const button = focused?.closest('[role="menu"]')?.getAttribute('aria-labelledby');
    return button ? document.getElementById(button) : focused;
  });
  useEffect(
    () => () => {
      // After those who heard that the dialog went: who drives has the keyboard on the stage again.
      queueMicrotask(() => {
        if (document.activeElement === document.body && before instanceof HTMLElement) before.focus({ preventScroll: true });
      });
    },
    [before],
  );
}
