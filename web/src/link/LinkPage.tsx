import { Alert, Button, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useLinked } from '@/account/linked';
import { useApi, useSession, useSessionManager } from '@/account/session';
import { unwrap } from '@/api/client';
import { toApiError } from '@/api/problem';
import type { Linking } from '@/api/types';
import { Page } from '@/ui/Page';
import pageClasses from '@/ui/Page.module.css';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { TurtleMark } from '@/ui/TurtleMark';
import { useErrorText } from '@/ui/useErrorText';
import { codeLength, codeOf, shown } from './code';
import { deviceKind } from './device';
import { KeyPad } from './KeyPad';
import classes from './Link.module.css';

/** Where another screen of somebody comes in: by the code that their page shows, typed or scanned. */
export function LinkPage() {
  const api = useApi();
  const scanned = codeOf(useLinked('code'));
  const [code, setCode] = useState('');
  const look = useMutation({
    mutationFn: (whole: string) => unwrap(api.POST('/sessions/linked/look', { body: { code: whole } })),
    onError: () => setCode(''),
  });
  const { mutate } = look;
  const type = (typed: string): void => {
    setCode(typed);
    if (typed.length === codeLength) mutate(typed);
  };
  useEffect(() => {
    if (scanned.length !== codeLength) return;
    setCode(scanned);
    mutate(scanned);
  }, [scanned, mutate]);
  const again = (): void => {
    setCode('');
    look.reset();
  };
  return (
    <Page>
      <div className={pageClasses.centre}>
        <div className={pageClasses.card}>{look.data ? <Whose code={code} linking={look.data} onAgain={again} /> : <Typing code={code} onCode={type} pending={look.isPending} error={look.error} />}</div>
      </div>
    </Page>
  );
}

function Typing({ code, onCode, pending, error }: { code: string; onCode: (code: string) => void; pending: boolean; error: unknown }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const kind = deviceKind(navigator);
  const pad = useRef<HTMLDivElement>(null);
  // A telephone has keys of its own.
  const keys = kind === 'tv' || kind === 'computer';
  const toKeys = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    pad.current?.querySelector<HTMLElement>('button[tabindex="0"]')?.focus();
  };
  return (
    <Stack gap="lg">
      <TurtleMark size={52} />
      <div>
        <Title order={1} fz={28} lts="-0.02em">
          {t('link.title')}
        </Title>
        <Text c="dimmed" mt={4}>
          {t('link.text')}
        </Text>
      </div>
      <TextInput
        label={t('link.code')}
        value={shown(code)}
        onChange={(event) => onCode(codeOf(event.currentTarget.value))}
        onKeyDown={toKeys}
        readOnly={pending}
        error={error === null ? undefined : errorText(error)}
        errorProps={{ role: 'alert' }}
        placeholder="XXXX-XXXX"
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        autoFocus={kind !== 'tv'}
        className={classes.code}
        data-testid="link-code"
      />
      {keys && (
        <div ref={pad}>
          <KeyPad onSign={(sign) => onCode(codeOf(code + sign))} onBack={() => onCode(code.slice(0, -1))} autoFocus={kind === 'tv'} />
        </div>
      )}
    </Stack>
  );
}

function Whose({ code, linking: { person, room }, onAgain }: { code: string; linking: Linking; onAgain: () => void }) {
  const { t } = useTranslation();
  const api = useApi();
  const session = useSession();
  const manager = useSessionManager();
  const navigate = useNavigate();
  const errorText = useErrorText();
  const path = `/r/${room.slug}`;
  const use = useMutation({
    mutationFn: () => unwrap(api.POST('/sessions/linked', { body: { code, device: deviceKind(navigator) } })),
    onSuccess: (linked) => {
      manager.adopt(linked.session);
      void navigate(path, { replace: true });
    },
  });
  // A screen that was brought to another room reaches this one by the code alone.
  const enter = useMutation({
    mutationFn: () => unwrap(api.GET('/rooms/{room}', { params: { path: { room: room.slug } } })),
    onSuccess: () => void navigate(path, { replace: true }),
    onError: (error) => {
      if (toApiError(error).code === 'forbidden') use.mutate();
      else void navigate(path, { replace: true }); // the room's page says what is wrong
    },
  });
  const here = session.status === 'signedIn' ? session.person : null;
  const own = here?.id === person.id;
  const buttons = useRef<HTMLDivElement>(null);
  const go = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const all = [...(buttons.current?.querySelectorAll<HTMLElement>('a, button') ?? [])];
    all[(all.indexOf(document.activeElement as HTMLElement) + 1) % all.length]?.focus();
  };
  return (
    <Stack gap="lg" data-testid="link-whose">
      <Stack align="center" ta="center" gap="xs">
        <PersonAvatar person={person} size={72} />
        <Title order={1} fz={26} lh={1.2} style={{ textWrap: 'balance' }} role="status">
          {t('link.whose', { title: room.title, name: person.displayName })}
        </Title>
        <Text c="dimmed">{own ? t('link.own') : here ? t('link.instead', { name: here.displayName }) : t('link.whoseText')}</Text>
      </Stack>
      {use.error !== null && (
        <Alert color="red" role="alert">
          {errorText(use.error)}
        </Alert>
      )}
      <Stack ref={buttons} gap="sm" onKeyDown={go}>
        {own ? (
          <Button size="lg" onClick={() => enter.mutate()} loading={enter.isPending || use.isPending} autoFocus data-testid="link-enter">
            {t('link.enter')}
          </Button>
        ) : (
          <Button size="lg" onClick={() => use.mutate()} loading={use.isPending} autoFocus data-testid="link-join">
            {t('link.join')}
          </Button>
        )}
        <Button variant="default" size="lg" onClick={onAgain} data-testid="link-not-me">
          {t('link.notMe')}
        </Button>
      </Stack>
    </Stack>
  );
}
