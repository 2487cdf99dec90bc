import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoom } from './context';

/** Tells a person, once and softly, that what they are or may do in the room has changed. Each change is told: one with the id of another would not be. */
export function useStanding(): void {
  const { t, i18n } = useTranslation();
  const self = useRoom(({ self: own, peers }) => {
    const { muted } = peers.find(({ id }) => id === own?.peer) ?? {};
    return { role: own?.role, permissions: own?.permissions, chat: muted?.chat ?? false, call: muted?.call ?? false };
  });
  useMuted(self.role !== undefined, self.chat, self.call);
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

/** Whoever is muted knows that it is not the room that takes their words. */
function useMuted(inside: boolean, chat: boolean, call: boolean): void {
  const { t } = useTranslation();
  const before = useRef<{ chat: boolean; call: boolean } | null>(null);
  useEffect(() => {
    if (!inside) return;
    const known = before.current;
    before.current = { chat, call };
    const more = (chat && known?.chat !== true) || (call && known?.call !== true);
    const less = known !== null && ((known.chat && !chat) || (known.call && !call));
    if (more) notifications.show({ message: t('moderation.youMuted'), color: 'orange' });
    else if (less) notifications.show({ message: t('moderation.youUnmuted') });
  }, [inside, chat, call, t]);
}
