import { Button, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { clock, useNow } from '@/ui/useNow';
import { useErrorText } from '@/ui/useErrorText';
import { useRoom } from '../context';
import classes from './Countdown.module.css';

/** Nobody watches, so the browser ends soon; anybody here can begin the countdown again. */
export function Countdown() {
  const { t } = useTranslation();
  const api = useApi();
  const errorText = useErrorText();
  const { endsAt, roomId, offset, running } = useRoom((room) => ({
    endsAt: room.browser.endsAt,
    roomId: room.room?.id ?? '',
    offset: room.clockOffset,
    running: room.browser.state === 'ready' || room.browser.state === 'degraded',
  }));
  const now = useNow(endsAt !== undefined);
  const keep = useMutation({
    mutationFn: () => unwrap(api.POST('/rooms/{room}/browser/keep-alive', { params: { path: { room: roomId } } })),
    onError: (error) => notifications.show({ message: errorText(error), color: 'red' }),
  });
  if (endsAt === undefined || !running) return null;
  return (
    <div className={classes.countdown} role="timer" data-testid="countdown">
      <Text fz="sm" fw={600} className="tnum">
        {t('stage.endsIn', { time: clock(Date.parse(endsAt) - (now + offset)) })}
      </Text>
      <Button size="compact-sm" h={32} px={14} loading={keep.isPending} onClick={() => keep.mutate()} data-testid="keep-alive">
        {t('stage.keepAlive')}
      </Button>
    </div>
  );
}
