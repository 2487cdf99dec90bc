import { Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFocusBack } from '@/ui/useFocusBack';
import { EmojiPicker } from './EmojiPicker';

/** Any emoji as a reaction to a message. */
export function ReactDialog({ choose, onClose }: { choose: (emoji: string) => void; onClose: () => void }) {
  useFocusBack();
  const { t } = useTranslation();
  return (
    <Modal opened onClose={onClose} title={t('chat.reactMore')} size="auto" closeButtonProps={{ 'aria-label': t('app.close') }}>
      <EmojiPicker
        choose={(emoji) => {
          onClose();
          choose(emoji);
        }}
      />
    </Modal>
  );
}
