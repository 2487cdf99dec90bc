import { ActionIcon, Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconKey, IconStar, IconStarFilled, IconUsers } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { keys } from '@/api/queries';
import type { Room } from '@/api/types';
import { Tooltip } from '@/ui/Tooltip';
import { clock, useNow } from '@/ui/useNow';
import { useErrorText } from '@/ui/useErrorText';
import { PrivacyIcon } from './privacy';
import classes from './Lobby.module.css';

export function RoomCard({ room }: { room: Room }) {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const errorText = useErrorText();
  const now = useNow(room.browserEndsAt !== undefined);
  const keep = useMutation({
    mutationFn: () => unwrap(api.POST('/rooms/{room}/browser/keep-alive', { params: { path: { room: room.id } } })),
    onSuccess: () => notifications.show({ message: t('lobby.kept'), color: 'turtle' }),
    onError: (error) => notifications.show({ message: errorText(error), color: 'red' }),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.rooms }),
  });
  const running = room.browserState === 'ready' || room.browserState === 'degraded' || room.browserState === 'starting';
  const privacy = room.hasPassword ? `${t(`privacy.${room.privacy}`)}, ${t('privacy.locked')}` : t(`privacy.${room.privacy}`);
  return (
    <article className={classes.card} data-testid="room-card">
      <Group justify="space-between" wrap="nowrap" gap="xs" c="dimmed" fz="sm">
        <Tooltip label={t(`privacy.${room.privacy}Text`)}>
          <Group gap={6} wrap="nowrap" className={classes.above}>
            <PrivacyIcon privacy={room.privacy} />
            <span>{t(`privacy.${room.privacy}`)}</span>
            {room.entry !== 'open' && room.privacy !== 'private' && <span data-testid="room-entry">· {t(`entry.${room.entry}`)}</span>}
            {room.hasPassword && <IconKey size={15} aria-label={privacy} />}
          </Group>
        </Tooltip>
        <Group gap={4} wrap="nowrap">
          <BrowserBadge state={room.browserState} running={running} />
          <Star room={room} />
        </Group>
      </Group>
      <Link to={`/r/${room.slug}`} className={classes.title} aria-label={t('lobby.open', { title: room.title })}>
        {room.title}
      </Link>
      <Text fz="sm" c="dimmed">
        {room.role === 'owner' ? t('lobby.yours') : t('lobby.by', { name: room.owner.displayName })}
      </Text>
      {room.browserEndsAt === undefined ? (
        <Group gap={6} fz="sm" c={room.people > 0 ? undefined : 'dimmed'} wrap="nowrap" mt="auto" mih={32}>
          <IconUsers size={16} stroke={1.7} aria-hidden />
          {t('lobby.people', { count: room.people })}
        </Group>
      ) : (
        // Only an unwatched browser counts down, so there are no people to tell of.
        <Group justify="space-between" mt="auto" wrap="nowrap" mih={32} className={classes.above}>
          <Text fz="sm" fw={600} c="orange" className="tnum" data-testid="countdown">
            {t('lobby.endsIn', { time: clock(Date.parse(room.browserEndsAt) - now) })}
          </Text>
          <Button size="compact-sm" h={32} px={14} variant="default" loading={keep.isPending} onClick={() => keep.mutate()} data-testid="keep-alive">
            {t('lobby.keepAlive')}
          </Button>
        </Group>
      )}
    </article>
  );
}

function Star({ room }: { room: Room }) {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const errorText = useErrorText();
  const on = room.favourite === true;
  const star = useMutation({
    mutationFn: () => {
      const of = { params: { path: { room: room.id } } };
      return unwrap(on ? api.DELETE('/rooms/{room}/favourite', of) : api.PUT('/rooms/{room}/favourite', of));
    },
    onError: (error) => notifications.show({ message: errorText(error), color: 'red' }),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.rooms }),
  });
  const Icon = on ? IconStarFilled : IconStar;
  return (
    <ActionIcon className={classes.above} size={44} m={-10} variant="subtle" color={on ? 'yellow' : 'gray'} aria-label={t('lobby.star', { title: room.title })} aria-pressed={on} loading={star.isPending} onClick={() => star.mutate()} data-testid="room-star">
      <Icon size={19} stroke={1.7} />
    </ActionIcon>
  );
}

function BrowserBadge({ state, running }: { state: Room['browserState']; running: boolean }) {
  const { t } = useTranslation();
  if (state === 'stopped') return null;
  return (
    <Group gap={8} wrap="nowrap" fz="sm" data-testid="browser-state" data-state={state}>
      <span className={classes.live} data-on={running || undefined} aria-hidden />
      {t(`browserState.${state}`)}
    </Group>
  );
}
