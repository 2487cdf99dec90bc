import { Alert, Anchor, Button, Loader, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate } from 'react-router';
import { useStore } from 'zustand';
import { useApi, useSession, useSessionManager } from '@/account/session';
import { unwrap } from '@/api/client';
import { openHubSocket } from '@/api/hub/socket';
import { toApiError } from '@/api/problem';
import { doorQuery } from '@/api/queries';
import { Notice } from '@/ui/Notice';
import { Page } from '@/ui/Page';
import pageClasses from '@/ui/Page.module.css';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { TurtleMark } from '@/ui/TurtleMark';
import { checkDisplayName } from '@/ui/fields';
import { useErrorText } from '@/ui/useErrorText';
import { useFields } from '@/ui/useFields';
import { clock, useNow } from '@/ui/useNow';
import { Knocking, type KnockState } from './Knocking';

/** For who is not signed in: a room that one may ask to enter asks for a name, any other for the sign-in. */
export function VisitorsDoor({ slug, asked }: { slug: string; asked: () => void }) {
  const { t } = useTranslation();
  const api = useApi();
  const manager = useSessionManager();
  const errorText = useErrorText();
  const door = useQuery(doorQuery(api, slug));
  const [name, setName] = useState('');
  const knock = useMutation({
    mutationFn: () => unwrap(api.POST('/rooms/{room}/door', { params: { path: { room: slug } }, body: { displayName: name.trim() } })),
    onSuccess: ({ session }) => {
      asked();
      if (session) manager.adopt(session);
    },
  });
  const { errors, general, complete } = useFields({ displayName: { value: name, check: checkDisplayName, says: 'displayName' } }, knock.error);
  const signIn = `/sign-in?next=${encodeURIComponent(`/r/${slug}`)}`;
  if (door.error && toApiError(door.error).code === 'not_found') return <Navigate to={signIn} replace />;
  if (door.error) {
    return (
      <Said
        title={t('room.refused')}
        testId="door-refused"
        actions={
          <>
            <Button onClick={() => void door.refetch()} loading={door.isFetching}>
              {t('app.tryAgain')}
            </Button>
            <Button component={Link} to={signIn} variant="default">
              {t('invite.orSignIn')}
            </Button>
          </>
        }
      >
        {errorText(door.error)}
      </Said>
    );
  }
  if (!door.data) return <Page><Loader m="auto" aria-label={t('app.loading')} /></Page>;
  return (
    <Page>
      <div className={pageClasses.centre}>
        <form
          className={pageClasses.card}
          onSubmit={(event) => {
            event.preventDefault();
            if (complete()) knock.mutate();
          }}
        >
          <Stack gap="lg">
            <Stack align="center" ta="center" gap="xs">
              <PersonAvatar person={door.data.owner} size={64} />
              <Text c="dimmed" mt={6}>
                {t('door.roomOf', { name: door.data.owner.displayName })}
              </Text>
              <Title order={1} fz={30} lh={1.15} lts="-0.02em" style={{ textWrap: 'balance' }} data-testid="door-title">
                {door.data.title}
              </Title>
              <Text c="dimmed" fz="sm">
                {t('door.text')}
              </Text>
            </Stack>
            <TextInput label={t('invite.yourName')} placeholder={t('invite.yourNamePlaceholder')} value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={40} autoComplete="nickname" autoFocus error={errors.displayName} data-testid="guest-name" />
            {general !== null && (
              <Alert color="red" role="alert">
                {general}
              </Alert>
            )}
            <Button type="submit" size="lg" fullWidth loading={knock.isPending} disabled={!name.trim()} data-testid="ask-to-enter">
              {t('door.ask')}
            </Button>
            <Anchor component={Link} to={signIn} fz="sm" fw={600} py={8} ta="center">
              {t('invite.orSignIn')}
            </Anchor>
          </Stack>
        </form>
      </div>
    </Page>
  );
}

/** For who is signed in, as a guest or with an account: asks when they say so, or at once where they have said so. */
export function AskDoor({ slug, atOnce, enter }: { slug: string; atOnce: boolean; enter: () => void }) {
  const api = useApi();
  const [knocking] = useState(
    () =>
      new Knocking({
        knock: () => unwrap(api.POST('/rooms/{room}/door', { params: { path: { room: slug } }, body: {} })),
        openSocket: openHubSocket,
      }),
  );
  const state = useStore(knocking.store);
  useEffect(() => {
    if (atOnce) knocking.ask();
    return () => knocking.leave();
  }, [knocking, atOnce]);
  useEffect(() => {
    if (state.kind === 'in' || state.kind === 'changed') enter();
  }, [state, enter]);
  return <AtTheDoor slug={slug} state={state} onAsk={() => knocking.ask()} onLeave={() => knocking.leave()} />;
}

function AtTheDoor({ slug, state, onAsk, onLeave }: { slug: string; state: KnockState; onAsk: () => void; onLeave: () => void }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const account = useSession();
  const door = useQuery(doorQuery(useApi(), slug));
  const title = door.data?.title ?? '';
  const name = account.status === 'signedIn' ? account.person.displayName : '';
  const toRooms = (
    <Button component={Link} to="/rooms" variant="default">
      {t('app.toRooms')}
    </Button>
  );
  const ask = (label = t('door.ask')) => (
    <Button size="md" onClick={onAsk} data-testid="ask-to-enter">
      {label}
    </Button>
  );
  switch (state.kind) {
    case 'idle':
      return (
        <Said title={title || t('door.title')} testId="door" actions={<>{ask()}{toRooms}</>}>
          {door.data ? t('door.idle', { owner: door.data.owner.displayName, name }) : t('door.idleUnknown', { name })}
        </Said>
      );
    case 'not_now':
      return <Said title={t('door.notNow')} testId="door-not-now" actions={<><Again at={state.again} onAsk={onAsk} />{toRooms}</>}>{t('door.notNowText', { title })}</Said>;
    case 'nobody':
      return <Said title={t('door.nobody')} testId="door-nobody" actions={<><Again at={state.again} onAsk={onAsk} />{toRooms}</>}>{t('door.nobodyText')}</Said>;
    case 'elsewhere':
      return <Said title={t('door.elsewhere')} testId="door-elsewhere" actions={<>{ask(t('door.askHere'))}{toRooms}</>}>{t('door.elsewhereText')}</Said>;
    case 'refused':
      return <Said title={t('room.refused')} testId="door-refused" actions={<>{ask(t('app.tryAgain'))}{toRooms}</>}>{errorText(state.error)}</Said>;
    default:
      return (
        <Said
          title={state.kind === 'waiting' ? t('door.waiting') : t('door.connecting')}
          testId="door-waiting"
          actions={
            <>
              <Loader type="dots" mx="auto" aria-hidden />
              <Button variant="default" onClick={onLeave} data-testid="leave-door">
                {t('door.leave')}
              </Button>
            </>
          }
        >
          {state.kind === 'waiting' && t(state.somebodyThere ? 'door.waitingThere' : 'door.waitingAlone', { title: state.title, name: state.name })}
        </Said>
      );
  }
}

/** Asking again, from when on it is heard. */
function Again({ at, onAsk }: { at: number; onAsk: () => void }) {
  const { t } = useTranslation();
  const now = useNow(true);
  const left = at - now;
  return (
    <Button size="md" onClick={onAsk} disabled={left > 0} className="tnum" data-testid="ask-again">
      {left > 0 ? t('door.againIn', { time: clock(left) }) : t('door.again')}
    </Button>
  );
}

function Said({ title, children, actions, testId }: { title: string; children: React.ReactNode; actions: React.ReactNode; testId: string }) {
  return (
    <Page>
      <Notice title={title} icon={<TurtleMark size={72} />} testId={testId} actions={<Stack gap="xs" mt="sm">{actions}</Stack>}>
        {children}
      </Notice>
    </Page>
  );
}
