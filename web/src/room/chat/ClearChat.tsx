import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Confirm } from '@/ui/Confirm';
import { useFocusBack } from '@/ui/useFocusBack';
import { useRoomSession } from '../context';

/** Asks before everything that was written goes. */
export function ClearChat({ onClose }: { onClose: () => void }) {
  useFocusBack();
  const { t } = useTranslation();
  const session = useRoomSession();
  const [pending, setPending] = useState(false);
  const clear = async (): Promise<void> => {
    setPending(true);
    if (await session.ask('chat.clear', {})) onClose();
    else setPending(false);
  };
  return <Confirm opened onClose={onClose} title={t('chat.clearTitle')} text={t('chat.clearText')} does={t('chat.clear')} pending={pending} error={null} onConfirm={() => void clear()} testId="clear-chat" />;
}
