import { Button, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { useRoom, useRoomSession } from '../context';
import { holds, peerById } from '../state/roomState';
import classes from './Control.module.css';

/** For the holder: the first who asks, with the two answers. */
export function ControlRequest() {
  const { t } = useTranslation();
  const session = useRoomSession();
  const asking = useRoom((room) => (holds(room) ? peerById(room, room.control.requests[0]) : null));
  if (!asking) return null;
  const name = asking.person?.displayName ?? t('control.somebody');
  return (
    <div className={classes.request} role="alertdialog" aria-label={t('control.asks', { name })} data-over-stage data-testid="control-request">
      <Group gap="sm" wrap="nowrap">
        {asking.person && <PersonAvatar person={asking.person} size={34} />}
        <Text fz="sm" fw={600} lh={1.3}>
          {t('control.asks', { name })}
        </Text>
      </Group>
      <Group gap={8} grow>
        <Button size="sm" onClick={() => void session.ask('control.give', { peer: asking.id })} data-testid="give-control">
          {t('control.give')}
        </Button>
        <Button size="sm" variant="default" onClick={() => void session.ask('control.deny', { peer: asking.id })} data-testid="deny-control">
          {t('control.deny')}
        </Button>
      </Group>
    </div>
  );
}
