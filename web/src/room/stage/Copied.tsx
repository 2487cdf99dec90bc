import { Button, CloseButton } from '@mantine/core';
import { IconClipboardText } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { copyText } from '@/ui/copy';
import { useRoom, useRoomSession } from '../context';
import classes from './Stage.module.css';

/** What was copied in the room's browser, where this one wants a click before it may be copied here too. */
export function Copied({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const copied = useRoom((room) => room.copied);
  if (copied === null) return null;
  const copy = async (): Promise<void> => {
    if (await copyText(copied)) session.dropCopied();
    onDone();
  };
  return (
    <div className={classes.copied} role="group" aria-label={t('clipboard.copied')} data-over-stage data-testid="copied">
      <IconClipboardText size={18} stroke={1.7} aria-hidden />
      <span role="status">{t('clipboard.copied')}</span>
      <Button size="compact-sm" onClick={() => void copy()} data-testid="copy-here">
        {t('clipboard.copyHere')}
      </Button>
      <CloseButton
        variant="transparent"
        c="inherit"
        aria-label={t('clipboard.drop')}
        onClick={() => {
          session.dropCopied();
          onDone();
        }}
      />
    </div>
  );
}
