import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useRoom } from '../context';
import { raisedOf } from '../state/roomState';

const id = 'hands';

/** Tells whoever moderates that somebody would like to say something: in one small note, however many they are. */
export function useHandToasts(): void {
  const { t } = useTranslation();
  const mayModerate = useMay('moderate');
  const { last, name, count } = useRoom((room) => {
    const raised = raisedOf(room).filter((peer) => peer.id !== room.self?.peer);
    return { last: raised.at(-1)?.hand ?? 0, name: raised.at(-1)?.person?.displayName, count: raised.length };
  });
  const heard = useRef<number | null>(null);
  useEffect(() => {
    if (count === 0) notifications.hide(id);
    const before = heard.current;
    heard.current = Math.max(before ?? 0, last);
    // Who comes in sees in the list who had raised theirs before.
    if (!mayModerate || before === null || last <= before) return;
    const message = count > 1 ? t('hand.raisedMore', { name: name ?? t('control.somebody'), count: count - 1 }) : t('hand.raised', { name: name ?? t('control.somebody') });
    notifications.hide(id);
    notifications.show({ id, message });
  }, [last, name, count, mayModerate, t]);
}
