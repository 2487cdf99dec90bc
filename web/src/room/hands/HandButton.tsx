import { ActionIcon, Tooltip } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useHand } from './useHand';

/** Raises this person's hand and lowers it; so does H, also where there is no place for the button. */
export function HandButton({ shown }: { shown: boolean }) {
  const { t } = useTranslation();
  const { up, may, toggle } = useHand();
  useEffect(() => {
    if (!may) return;
    const pressed = (event: KeyboardEvent): void => {
      // What is typed into a field, or goes to the room's browser, is none of it.
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented || event.key.toLowerCase() !== 'h') return;
      event.preventDefault();
      toggle();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [may, toggle]);
  if (!may || !shown) return null;
  const label = t(up ? 'hand.lower' : 'hand.raise');
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} aria-pressed={up} aria-keyshortcuts="H" onClick={toggle} color={up ? 'turtle' : 'gray'} data-testid="hand">
        <IconHandStop size={20} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  );
}
