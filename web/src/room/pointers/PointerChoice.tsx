import { Switch } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { pointerChoice } from './preferences';

/** Whose pointers are shown: those of others here, and this person's to them. */
export function PointerChoice() {
  const { t } = useTranslation();
  const { others, mine } = useStore(pointerChoice);
  return (
    <>
      <Switch label={t('pointers.others')} checked={others} onChange={(event) => pointerChoice.setState({ others: event.currentTarget.checked })} data-testid="pointers-others" />
      <Switch label={t('pointers.mine')} checked={mine} onChange={(event) => pointerChoice.setState({ mine: event.currentTarget.checked })} data-testid="pointers-mine" />
    </>
  );
}
