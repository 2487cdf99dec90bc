import { Button, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { bansQuery, keys } from '@/api/queries';
import type { Ban } from '@/api/types';
import { useErrorText } from '@/ui/useErrorText';
import { Found, useSearch } from './Found';
import classes from './People.module.css';

/** Who may not enter the room, and why, by whom and since when. */
export function Bans({ room }: { room: string }) {
  const { t } = useTranslation();
  const api = useApi();
  const search = useSearch();
  const { data, error } = useQuery(bansQuery(api, room, search.asked));
  const rows = data?.bans.map((ban) => <Row key={ban.id} room={room} ban={ban} />) ?? null;
  return <Found search={search} error={error} rows={rows} more={data?.more ?? false} none={t('moderation.noBans')} label={t('moderation.bans')} />;
}

const Row = memo(function Row({ room, ban }: { room: string; ban: Ban }) {
  const { t, i18n } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const errorText = useErrorText();
  const name = ban.name === '' ? t('moderation.somebodyGone') : ban.name;
  const lift = useMutation({
    mutationFn: () => unwrap(api.DELETE('/rooms/{room}/bans/{banId}', { params: { path: { room, banId: ban.id } } })),
    onSuccess: () => {
      notifications.show({ message: t('moderation.lifted', { name }), color: 'turtle' });
      void queries.invalidateQueries({ queryKey: keys.bans(room) });
    },
    onError: (error) => notifications.show({ message: errorText(error), color: 'orange' }),
  });
  const when = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium' }).format(new Date(ban.at));
  return (
    <li className={classes.person} data-testid="ban-item">
      <div className={classes.who}>
        <Text fw={600} lineClamp={2} title={name}>
          {name}
        </Text>
        {ban.reason !== '' && <Text fz="sm">{ban.reason}</Text>}
        <Text fz="sm" c="dimmed">
          {ban.by ? t('moderation.bannedBy', { name: ban.by.displayName, when }) : t('moderation.bannedAt', { when })}
        </Text>
      </div>
      <Button variant="default" size="sm" aria-label={t('moderation.liftBan', { name })} loading={lift.isPending} onClick={() => lift.mutate()} data-testid="lift-ban">
        {t('moderation.lift')}
      </Button>
    </li>
  );
});
