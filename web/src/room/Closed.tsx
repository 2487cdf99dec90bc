import { Button, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { Suspense, useCallback, useState, type ReactNode, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { HubStatus } from '@/api/hub/HubConnection';
import { later } from '@/ui/later';
import { Notice } from '@/ui/Notice';
import { Page } from '@/ui/Page';
import pageClasses from '@/ui/Page.module.css';
import { useErrorText } from '@/ui/useErrorText';
import { useRoomSession } from './context';
import { Joining } from './Joining';

const AskDoor = later(() => import('@/door/DoorPage').then((m) => ({ default: m.AskDoor })));

export interface DoorProps {
  slug: string;
  asked: RefObject<boolean>;
  enter: (password: string | null) => void;
}

/** What the door says to who is not, or no longer, inside. */
export function Closed({ status, slug, asked, enter }: DoorProps & { status: Extract<HubStatus, { kind: 'closed' }> }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const session = useRoomSession();
  const code = status.error?.code;
  const comeIn = useCallback(() => {
    asked.current = false;
    session.enter();
  }, [asked, session]);
  if (code === 'room_password_needed' || code === 'room_password_wrong') return <PasswordDoor wrong={code === 'room_password_wrong'} enter={enter} />;
  const toRooms = (
    <Button component={Link} to="/rooms" variant="default" reloadDocument={false}>
      {t('app.toRooms')}
    </Button>
  );
  const toStart = (
    <Button component={Link} to="/" variant="default">
      {t('app.toStart')}
    </Button>
  );
  const again = (label = t('app.tryAgain')) => (
    <Button onClick={() => session.enter()} data-testid="enter-again">
      {label}
    </Button>
  );
  if (code === 'room_full' || status.closeCode === 3505) {
    return <Said title={t('room.full')} text={t('room.fullText')} actions={<>{again()}{toRooms}</>} testId="room-full" />;
  }
  if (code === 'banned' || status.closeCode === 3509) return <Said title={t('room.banned')} text={t('room.bannedText')} actions={toRooms} testId="room-banned" />;
  if (code === 'room_locked' || status.closeCode === 3510) return <Said title={t('room.locked')} text={t('room.lockedText')} actions={<>{again()}{toRooms}</>} testId="room-locked" />;
  if (code === 'room_ask') {
    return (
      <Suspense fallback={<Joining />}>
        <AskDoor slug={slug} atOnce={asked.current} enter={comeIn} />
      </Suspense>
    );
  }
  if (code === 'room_closed') return <Said title={t('door.closed')} text={t('door.closedText')} actions={<>{again()}{toRooms}</>} testId="room-closed" />;
  if (code === 'room_members_only') return <Said title={t('room.membersOnly')} text={t('room.membersOnlyText')} actions={toRooms} testId="members-only" />;
  if (code === 'not_found' || code === 'bad_request') return <Said title={t('room.notFound')} text={t('room.notFoundText')} actions={toRooms} testId="room-not-found" />;
  if (code === 'unauthenticated' || code === 'token_expired' || code === 'session_expired' || status.closeCode === 3508) {
    return <Said title={t('room.signedOut')} text={t('room.signedOutText')} actions={again()} testId="room-signed-out" />;
  }
  if (code === 'account_disabled' || status.closeCode === 3520) return <Said title={t('room.disabled')} text={t('room.disabledText')} actions={toStart} testId="room-disabled" />;
  switch (status.closeCode) {
    case 3503:
      return <Said title={t('room.kicked')} text={t('room.kickedText')} actions={toRooms} testId="room-kicked" />;
    case 3504:
      return <Said title={t('room.deleted')} text={t('room.deletedText')} actions={toRooms} testId="room-deleted" />;
    case 3506:
      return <Said title={t('room.elsewhere')} text={t('room.elsewhereText')} actions={<>{again(t('room.takeBack'))}{toRooms}</>} testId="room-elsewhere" />;
    default:
      return <Said title={t('room.refused')} text={status.error ? errorText(status.error) : t('room.refusedText')} actions={<>{again()}{toRooms}</>} testId="room-refused" />;
  }
}

function Said({ title, text, actions, testId }: { title: string; text: string; actions: ReactNode; testId: string }) {
  return (
    <Page>
      <Notice
        title={title}
        testId={testId}
        actions={
          <Stack gap="xs" mt="sm">
            {actions}
          </Stack>
        }
      >
        {text}
      </Notice>
    </Page>
  );
}

function PasswordDoor({ wrong, enter }: { wrong: boolean; enter: (password: string | null) => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  return (
    <Page>
      <div className={pageClasses.centre}>
        <form
          className={pageClasses.card}
          onSubmit={(event) => {
            event.preventDefault();
            enter(password);
          }}
        >
          <Stack gap="md">
            <IconKey size={36} stroke={1.5} color="var(--turtus-accent)" aria-hidden />
            <div>
              <Title order={1} fz={26}>
                {t('room.password')}
              </Title>
              <Text c="dimmed">{t('room.passwordText')}</Text>
            </div>
            <PasswordInput label={t('room.passwordLabel')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={wrong ? t('errors.room_password_wrong') : undefined} autoFocus autoComplete="off" maxLength={200} data-testid="room-password-input" />
            <Button type="submit" size="md" disabled={!password} data-testid="room-password-submit">
              {t('room.enter')}
            </Button>
          </Stack>
        </form>
      </div>
    </Page>
  );
}

