import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoom } from './context';

/** Tells a person, once and softly, that what they are or may do in the room has changed. Each change is told: one with the id of another would not be. */
export function useStanding(): void {
  const { t, i18n } = useTranslation();
  const self = useRoom(({ self: own }) => ({ role: own?.role, permissions: own?.permissions }));
  const before = useRef(self);
  useEffect(() => {
    const { role, permissions = [] } = self;
    const { role: oldRole, permissions: old } = before.current;
    before.current = self;
    if (role === undefined || oldRole === undefined || old === undefined) return;
    if (role !== oldRole) {
      notifications.show({ message: t(`standing.role.${role}`) });
      return;
    }
    const words = (list: typeof permissions): string => new Intl.ListFormat(i18n.language, { type: 'conjunction' }).format(list.map((one) => t(`standing.may.${one}`)));
    const lost = old.filter((one) => !permissions.includes(one));
    const gained = permissions.filter((one) => !old.includes(one));
    if (lost.length > 0) notifications.show({ message: t('standing.lost', { what: words(lost) }), color: 'orange' });
    if (gained.length > 0) notifications.show({ message: t('standing.gained', { what: words(gained) }) });
  }, [self, t, i18n]);
}
