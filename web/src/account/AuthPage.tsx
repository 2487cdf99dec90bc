import { Alert, Anchor, Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useSearchParams } from 'react-router';
import { unwrap } from '@/api/client';
import { toApiError } from '@/api/problem';
import { serverQuery } from '@/api/queries';
import { Notice } from '@/ui/Notice';
import { Page } from '@/ui/Page';
import pageClasses from '@/ui/Page.module.css';
import { TurtleMark } from '@/ui/TurtleMark';
import { checkDisplayName, checkNewPassword, checkUsername, needed } from '@/ui/fields';
import { useFields } from '@/ui/useFields';
import { useLinked } from './linked';
import { useApi, useSession, useSessionManager } from './session';

/** Where to go after signing in: only into this page, never to another site. */
export function nextPath(next: string | null): string {
  return next !== null && next.startsWith('/') && !next.startsWith('//') && !next.includes('\\') ? next : '/rooms';
}

/** What was pasted: the token alone, or the link that holds it. */
export const setupTokenOf = (pasted: string): string => (/#token=([^&]*)/.exec(pasted)?.[1] ?? pasted).trim();

/** A code, or the link that holds it. */
export const signUpCodeOf = (pasted: string): string => (/#code=([^&]*)/.exec(pasted)?.[1] ?? pasted).trim();

export function AuthPage({ mode }: { mode: 'signIn' | 'signUp' | 'setUp' }) {
  const { t } = useTranslation();
  const api = useApi();
  const manager = useSessionManager();
  const session = useSession();
  const [parameters] = useSearchParams();
  const server = useQuery(serverQuery(api));
  const [username, setUsername] = useState('');
  const [displayName, setDisplayName] = useState('');
  const [password, setPassword] = useState('');
  const linked = useLinked('token');
  const [setupToken, setSetupToken] = useState('');
  const linkedCode = useLinked('code');
  const [typedCode, setTypedCode] = useState('');
  const code = signUpCodeOf(typedCode || linkedCode);
  const isNew = mode !== 'signIn';
  const invited = mode === 'signUp' && server.data?.signUps === 'invite';
  const guarded = isNew && (server.data?.setupTokenNeeded ?? false);
  const shownToken = setupTokenOf(setupToken || linked);
  const next = nextPath(parameters.get('next'));
  const enter = useMutation({
    mutationFn: () =>
      isNew
        ? unwrap(api.POST('/users', { body: { username: username.trim(), password, ...(displayName.trim() ? { displayName: displayName.trim() } : {}), ...(guarded ? { setupToken: shownToken } : {}), ...(invited ? { code } : {}) } }))
        : unwrap(api.POST('/sessions', { body: { username: username.trim(), password } })),
    onSuccess: (answer) => manager.adopt(answer),
  });
  const { errors, general, complete } = useFields(
    {
      setupToken: { value: guarded ? shownToken : '-', check: needed('setupTokenMissing'), says: 'setupToken', code: 'setup_token_wrong' },
      code: { value: invited ? code : '-', check: needed('codeMissing'), says: 'code', code: 'sign_up_code_wrong' },
      username: { value: username, check: isNew ? checkUsername : needed('usernameYours'), says: 'username', code: 'username_taken' },
      displayName: { value: displayName, check: checkDisplayName, says: 'displayName' },
      password: { value: password, check: isNew ? checkNewPassword : (typed) => (typed === '' ? 'passwordYours' : null), says: 'password' },
    },
    enter.error,
  );
  // A guest may sign in to the account that they have, and keeps the seats; a new one is made of the guest, by the profile.
  const guest = session.status === 'signedIn' && session.person.kind === 'guest';
  if (guest && isNew) return <Navigate to="/profile" replace />;
  if (session.status === 'signedIn' && !guest) return <Navigate to={next} replace />;
  if (mode === 'signUp' && guarded) return <Navigate to="/setup" replace />;
  if (mode === 'setUp' && server.data?.firstRun === false) return <SetUpBefore />;

  const closed = isNew && server.data?.signUps === 'closed' && !server.data.firstRun;
  const tokenRefused = enter.error !== null && toApiError(enter.error).code === 'setup_token_wrong';
  const title = { signIn: t('account.signInTitle'), signUp: t('account.signUp'), setUp: t('account.setUp') }[mode];
  const intro = guarded ? t('account.setUpText') : server.data?.firstRun ? t('welcome.firstRun') : t('account.signUpText');
  const prefix = isNew ? 'signup' : 'signin';
  const search = parameters.size > 0 ? `?${parameters.toString()}` : '';
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (complete()) enter.mutate();
  };

  return (
    <Page>
      <div className={pageClasses.centre}>
        <form onSubmit={submit} className={pageClasses.card} noValidate>
          <Stack gap="md">
            <TurtleMark size={52} />
            <div>
              <Title order={1} fz={28} lts="-0.02em">
                {title}
              </Title>
              <Text c="dimmed" mt={4}>
                {isNew ? intro : guest ? t('account.guestSignIn') : session.status === 'signedOut' && session.ended ? t('account.sessionEnded') : ''}
              </Text>
            </div>
            {closed && <Alert color="yellow">{t('welcome.closed')}</Alert>}
            {guarded && linked !== '' && !tokenRefused && (
              <Alert variant="light" data-testid="setup-token-there">
                {t('account.setupTokenThere')}
              </Alert>
            )}
            {guarded && (linked === '' || tokenRefused) && (
              <TextInput
                label={t('account.setupToken')}
                description={t('account.setupTokenHint')}
                value={setupToken}
                onChange={(event) => setSetupToken(event.currentTarget.value)}
                error={errors.setupToken}
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                autoFocus
                required
                withAsterisk={false}
                data-testid="setup-token"
              />
            )}
            {invited && (
              <TextInput
                label={t('account.code')}
                description={t('account.codeHint')}
                value={typedCode || linkedCode}
                onChange={(event) => setTypedCode(event.currentTarget.value)}
                error={errors.code}
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                required
                withAsterisk={false}
                data-testid="signup-code"
              />
            )}
            <TextInput
              label={t('account.username')}
              description={isNew ? t('account.usernameHint') : undefined}
              value={username}
              onChange={(event) => setUsername(event.currentTarget.value)}
              error={errors.username}
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              autoFocus={!guarded || linked !== ''}
              required
              withAsterisk={false}
              maxLength={isNew ? 32 : 64}
              data-testid={`${prefix}-username`}
            />
            {isNew && (
              <TextInput
                label={t('account.displayName')}
                description={t('account.displayNameHint')}
                value={displayName}
                onChange={(event) => setDisplayName(event.currentTarget.value)}
                error={errors.displayName}
                autoComplete="nickname"
                maxLength={40}
                data-testid="signup-display-name"
              />
            )}
            <PasswordInput
              label={t('account.password')}
              description={isNew ? t('account.passwordHint') : undefined}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              error={errors.password}
              autoComplete={isNew ? 'new-password' : 'current-password'}
              required
              withAsterisk={false}
              maxLength={200}
              data-testid={`${prefix}-password`}
            />
            {general && (
              <Alert color="red" variant="light" role="alert" data-testid="form-error">
                {general}
              </Alert>
            )}
            <Button type="submit" size="md" fullWidth loading={enter.isPending} disabled={closed} data-testid={`${prefix}-submit`}>
              {mode === 'setUp' ? t('account.setUpDo') : isNew ? t('account.signUp') : t('account.signIn')}
            </Button>
            {mode !== 'setUp' && (
              <Text fz="sm" c="dimmed" ta="center">
                {isNew ? t('account.haveAccount') : t('account.noAccount')}{' '}
                <Anchor component={Link} to={(isNew ? '/sign-in' : '/sign-up') + search} fz="sm" fw={600}>
                  {isNew ? t('account.signIn') : t('account.signUp')}
                </Anchor>
              </Text>
            )}
          </Stack>
        </form>
      </div>
    </Page>
  );
}

function SetUpBefore() {
  const { t } = useTranslation();
  return (
    <Page>
      <Notice
        title={t('account.setUpBefore')}
        testId="set-up-before"
        actions={
          <Button component={Link} to="/sign-in">
            {t('account.signIn')}
          </Button>
        }
      >
        {t('account.setUpBeforeText')}
      </Notice>
    </Page>
  );
}

export const SetupPage = () => <AuthPage key="set-up" mode="setUp" />;
export const SignInPage = () => <AuthPage key="in" mode="signIn" />;
export const SignUpPage = () => <AuthPage key="up" mode="signUp" />;
