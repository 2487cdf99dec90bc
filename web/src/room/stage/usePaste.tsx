import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { readClipboard } from '@/ui/copy';
import { Dialog } from '@/ui/Dialog';
import { later } from '@/ui/later';
import { useRoomSession } from '../context';
import { unpasted } from './unpasted';

const PasteForm = later(() => import('./PasteForm').then((m) => ({ default: m.PasteForm })));

/** Pastes what is on the person's clipboard, or asks for it in a box where the page may not read that. */
export function usePaste(): { begin: () => void; box: React.ReactNode } {
  const { t } = useTranslation();
  const session = useRoomSession();
  const [asking, { open, close }] = useDisclosure(false);
  const begin = async (): Promise<void> => {
    const text = await readClipboard();
    if (text === null || text === '') {
      open();
      return;
    }
    const done = session.input.paste(text);
    if (done !== 'sent') session.refuse(unpasted[done]);
  };
  return {
    begin: () => void begin(),
    box: (
      <Dialog opened={asking} onClose={close} title={t('clipboard.title')}>
        <PasteForm onClose={close} />
      </Dialog>
    ),
  };
}
