import { Button, Switch, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { IconBan, IconUsersGroup } from '@tabler/icons-react';
import { useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { useErrorText } from '@/ui/useErrorText';
import { useRoom } from '../context';
import { Absent } from './Absent';
import { Bans } from './Bans';
import classes from './People.module.css';

/** What who keeps order finds under the list of people: locks, members who are not here, and the banned. */
export function Moderation() {
  const { t } = useTranslation();
  const api = useApi();
  const errorText = useErrorText();
  const { room, locked, controlLocked } = useRoom((live) => ({ room: live.room?.id ?? '', locked: live.room?.locked ?? false, controlLocked: live.room?.controlLocked ?? false }));
  const lock = useMutation({
    mutationFn: (body: { room: boolean } | { control: boolean }) => unwrap(api.PATCH('/rooms/{room}/locks', { params: { path: { room } }, body })),
    onError: (error) => notifications.show({ message: errorText(error), color: 'orange' }),
  });
  return (
    <section className={classes.moderation}>
      <Title order={2} fz="md">
        {t('moderation.title')}
      </Title>
      <Switch label={t('moderation.lockRoom')} description={t('moderation.lockRoomText')} checked={locked} disabled={lock.isPending} onChange={(event) => lock.mutate({ room: event.currentTarget.checked })} data-testid="lock-room" />
      <Switch label={t('moderation.lockControl')} description={t('moderation.lockControlText')} checked={controlLocked} disabled={lock.isPending} onChange={(event) => lock.mutate({ control: event.currentTarget.checked })} data-testid="lock-control" />
      <Unfolding label={t('moderation.absent')} icon={<IconUsersGroup size={17} />} testId="absent">
        <Absent room={room} />
      </Unfolding>
      <Unfolding label={t('moderation.bans')} icon={<IconBan size={17} />} testId="bans">
        <Bans room={room} />
      </Unfolding>
    </section>
  );
}

/** A list that is fetched when somebody wants to see it. */
function Unfolding({ label, icon, children, testId }: { label: string; icon: ReactNode; children: ReactNode; testId: string }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div>
      <Button variant="default" fullWidth justify="start" leftSection={icon} aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)} data-testid={`${testId}-open`}>
        {label}
      </Button>
      {open && (
        <div id={id} role="group" aria-label={label} data-testid={testId}>
          {children}
        </div>
      )}
    </div>
  );
}
