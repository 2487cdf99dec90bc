import { Button, Center, Loader, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { openHubSocket } from '@/api/hub/socket';
import { useApi, useSession } from '@/account/session';
import { unwrap, type ApiClient } from '@/api/client';
import type { HubStatus } from '@/api/hub/HubConnection';
import { keys } from '@/api/queries';
import type { Server } from '@/api/types';
import { Notice } from '@/ui/Notice';
import { Page } from '@/ui/Page';
import pageClasses from '@/ui/Page.module.css';
import { checked } from '@/call/preferences';
import { copyQuietly } from '@/ui/copy';
import { useErrorText } from '@/ui/useErrorText';
import { decodableCodecs } from './codecs';
import { RoomProvider, useMay, useRoom, useRoomSession } from './context';
import { RoomScreen } from './RoomScreen';
import { RoomSession, type RoomSessionOptions } from './RoomSession';
import { watchNetwork } from './stream/network';
import { watchVisibility } from './stream/visibility';

const CheckPage = lazy(() => import('./check/CheckPage'));
const VisitorsDoor = lazy(() => import('@/door/DoorPage').then((m) => ({ default: m.VisitorsDoor })));
const AskDoor = lazy(() => import('@/door/DoorPage').then((m) => ({ default: m.AskDoor })));

export function RoomPage() {
  const { slug = '' } = useParams();
  const account = useSession();
  const api = useApi();
  const queries = useQueryClient();
  const password = useRef<string | null>(null);
  const personId = account.status === 'signedIn' ? account.person.id : null;
  const [session, setSession] = useState<RoomSession | null>(null);
  /** They have asked to enter, by the name of a guest. */
  const asked = useRef(false);

  useEffect(() => {
    if (personId === null) return;
    const made = makeSession(slug, personId, api, password, (notice) => queries.setQueryData<Server>(keys.server, (known) => (known === undefined ? known : withNotice(known, notice))));
    setSession(made);
    made.enter();
    const unwatch = watchVisibility((hidden) => made.setHidden(hidden));
    const nudge = (): void => {
      if (!document.hidden) made.hub.nudge();
    };
    const unwatchNetwork = watchNetwork(() => made.networkChanged());
    document.addEventListener('visibilitychange', nudge);
    return () => {
      unwatchNetwork();
      document.removeEventListener('visibilitychange', nudge);
      unwatch();
      // Nothing of this runs when the page itself goes or is reloaded: then the hub holds the seat.
      made.leave();
      setSession(null);
    };
  }, [slug, api, queries, personId]);

  if (account.status !== 'signedIn') {
    return (
      <Suspense fallback={<Joining />}>
        <VisitorsDoor slug={slug} asked={() => (asked.current = true)} />
      </Suspense>
    );
  }
  if (!session) return <Joining />;
  return (
    <RoomProvider session={session}>
      <Door
        slug={slug}
        asked={asked}
        enter={(typed) => {
          password.current = typed;
          session.enter();
        }}
      />
    </RoomProvider>
  );
}

/** A notice that is taken back is none, not one of nothing. */
function withNotice({ notice: _, ...server }: Server, notice: Server['notice']): Server {
  return notice === undefined ? server : { ...server, notice };
}

function makeSession(slug: string, person: string, api: ApiClient, password: RefObject<string | null>, notice: NonNullable<RoomSessionOptions['notice']>): RoomSession {
  const made: RoomSession = new RoomSession({
    room: slug,
    person,
    // By id once it is known: the address may change while somebody is inside.
    join: () => unwrap(api.POST('/rooms/{room}/join', { params: { path: { room: made.store.getState().room?.id ?? slug } }, body: password.current === null ? {} : { password: password.current } })),
    history: (room, query) => unwrap(api.GET('/rooms/{room}/messages', { params: { path: { room }, query: { ...query, limit: 100 } } })),
    openSocket: openHubSocket,
    makePeerConnection: (configuration) => new RTCPeerConnection(configuration),
    codecs: decodableCodecs,
    storage: sessionStorage,
    copy: copyQuietly,
    notice,
    media: (navigator as Partial<Navigator>).mediaDevices,
  });
  return made;
}

function Joining() {
  const { t } = useTranslation();
  return (
    <Center h="100dvh">
      <Stack align="center" gap="sm">
        <Loader type="dots" />
        <Text c="dimmed" role="status">
          {t('room.joining')}
        </Text>
      </Stack>
    </Center>
  );
}

interface DoorProps {
  slug: string;
  asked: RefObject<boolean>;
  enter: (password: string | null) => void;
}

/** What stands between a person and the room: the room itself once inside, else what the door says. */
function Door({ slug, asked, enter }: DoorProps) {
  const { status, inside } = useRoom((room) => ({ status: room.status, inside: room.self !== null }));
  if (status.kind === 'closed') return <Closed status={status} slug={slug} asked={asked} enter={enter} />;
  return inside ? <Threshold /> : <Joining />;
}

/** Who comes for the first time with this device may try microphone and camera before anybody hears or sees them. */
function Threshold() {
  const talks = [useMay('voice'), useMay('video')].some(Boolean);
  const [passed, setPassed] = useState(() => checked.getState().done || !talks || (navigator as Partial<Navigator>).mediaDevices === undefined);
  if (passed) return <RoomScreen />;
  return (
    <Suspense fallback={<Joining />}>
      <CheckPage onDone={() => setPassed(true)} />
    </Suspense>
  );
}

function Closed({ status, slug, asked, enter }: DoorProps & { status: Extract<HubStatus, { kind: 'closed' }> }) {
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

function Said({ title, text, actions, testId }: { title: string; text: string; actions: React.ReactNode; testId: string }) {
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

