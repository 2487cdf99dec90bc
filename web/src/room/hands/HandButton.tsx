import { ActionIcon } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Tooltip } from '@/ui/Tooltip';
import { useKeys } from '../call/hooks';
import { useHand } from './useHand';

/** Raises this person's hand and lowers it; so does H, also where there is no place for the button. */
export function HandButton({ shown }: { shown: boolean }) {
  const { t } = useTranslation();
  const { up, may, toggle } = useHand();
  useKeys({ h: may ? toggle : null });
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
