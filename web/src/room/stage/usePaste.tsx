import { useDisclosure } from '@mantine/hooks';
import { readClipboard } from '@/ui/copy';
import { useRoomSession } from '../context';
import { PasteBox } from './PasteBox';
import { unpasted } from './unpasted';

/** Pastes what is on the person's clipboard, or asks for it in a box where the page may not read that. */
export function usePaste(): { begin: () => void; box: React.ReactNode } {
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
  return { begin: () => void begin(), box: <PasteBox opened={asking} onClose={close} /> };
}
