import { notifications } from '@mantine/notifications';
import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoom } from '../context';

const canCopy = (): boolean => typeof ClipboardItem !== 'undefined' && typeof (navigator as { clipboard?: Partial<Clipboard> }).clipboard?.write === 'function';

/** The picture as a file of this person's, or on their clipboard where the page may lay it there. */
export function useCapture(video: RefObject<HTMLVideoElement | null>, touch: boolean): { save: () => void; copy: (() => void) | null } {
  const { t } = useTranslation();
  const title = useRoom((room) => room.room?.title ?? '');
  const failed = (): void => void notifications.show({ message: t('capture.failed'), color: 'orange' });
  const save = async (element: HTMLVideoElement): Promise<void> => {
    const { savePicture } = await import('./capture');
    await savePicture(element, title, touch);
  };
  const copy = async (element: HTMLVideoElement): Promise<void> => {
    // Before the module is there: Safari takes only what was begun in the click.
    const picture = import('./capture').then(({ pictureOf }) => pictureOf(element));
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
    notifications.show({ message: t('capture.copied') });
  };
  return {
    save: () => void (video.current && save(video.current).catch(failed)),
    copy: canCopy() ? () => void (video.current && copy(video.current).catch(failed)) : null,
  };
}
