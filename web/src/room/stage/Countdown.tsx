import { Button, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { toApiError } from '@/api/problem';
import { clock, useNow, useReached } from '@/ui/useNow';
import { useErrorText } from '@/ui/useErrorText';
import { useMay, useRoom } from '../context';
import classes from './Countdown.module.css';

/** The browser ends soon: because nobody watches, or because its time is over, whichever comes first; and what somebody here can do. */
export function Countdown() {
  const { endsAt, session, offset, running } = useRoom((room) => ({
    endsAt: room.browser.endsAt,
    session: room.browser.session,
    offset: room.clockOffset,
    running: room.browser.state === 'ready' || room.browser.state === 'degraded',
  }));
  const warned = useReached(session && Date.parse(session.warnsAt), offset);
  if (!running) return null;
  if (endsAt !== undefined && !(warned && session && Date.parse(session.endsAt) < Date.parse(endsAt))) return <Unwatched endsAt={endsAt} offset={offset} />;
  if (warned && session) return <SessionEnds endsAt={session.endsAt} offset={offset} mayExtend={session.extensions > 0} />;
  return null;
}

/** Nobody watches; anybody here can begin the countdown again. */
function Unwatched({ endsAt, offset }: { endsAt: string; offset: number }) {
  const { t } = useTranslation();
  const { api, roomId, failed } = useRoomApi();
  const now = useNow(true);
  const keep = useMutation({ mutationFn: () => unwrap(api.POST('/rooms/{room}/browser/keep-alive', { params: { path: { room: roomId } } })), onError: failed });
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

/** The browser's time is nearly over; who may start it may have it go on. */
function SessionEnds({ endsAt, offset, mayExtend }: { endsAt: string; offset: number; mayExtend: boolean }) {
  const { t } = useTranslation();
  const { api, roomId, failed } = useRoomApi();
  const mayStart = useMay('navigate');
  const now = useNow(true);
  const extend = useMutation({
    mutationFn: () => unwrap(api.POST('/rooms/{room}/browser/extend', { params: { path: { room: roomId } } })),
    // Somebody else was faster, and it goes on.
    onError: (error) => toApiError(error).code !== 'browser_session_long' && failed(error),
  });
  return (
    <div className={classes.countdown} data-alone={!(mayStart && mayExtend) || undefined} data-testid="session-ends">
      <span className="sr-only" role="status">
        {t('stage.sessionEnds')}
      </span>
      <Text fz="sm" fw={600} className="tnum" role="timer">
        {t('stage.sessionEndsIn', { time: clock(Date.parse(endsAt) - (now + offset)) })}
      </Text>
      {mayStart && mayExtend && (
        <Button size="compact-sm" h={32} px={14} variant="light" loading={extend.isPending} onClick={() => extend.mutate()} data-testid="extend">
          {t('stage.extend')}
        </Button>
      )}
    </div>
  );
}

function useRoomApi() {
  const api = useApi();
  const errorText = useErrorText();
  const roomId = useRoom((room) => room.room?.id ?? '');
  return { api, roomId, failed: (error: unknown) => notifications.show({ message: errorText(error), color: 'red' }) };
}
