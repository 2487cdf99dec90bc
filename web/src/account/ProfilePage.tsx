import { Alert, Anchor, Badge, Button, ColorSwatch, Divider, FileButton, Group, Modal, PasswordInput, Stack, Text, TextInput, Title, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconCheck } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate } from 'react-router';
import { unwrap } from '@/api/client';
import { serverQuery } from '@/api/queries';
import type { AvatarColor, Person } from '@/api/types';
import { Page } from '@/ui/Page';
import pageClasses from '@/ui/Page.module.css';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { checkDisplayName, checkNewPassword, checkUsername, needed } from '@/ui/fields';
import { Tooltip } from '@/ui/Tooltip';
import { useErrorText } from '@/ui/useErrorText';
import { useFields } from '@/ui/useFields';
import { signUpCodeOf } from './AuthPage';
import { accountDeleted } from './deleted';
import { smallSquare } from './picture';
import { Screens } from './Screens';
import { useApi, useSession, useSessionManager } from './session';

const colours: readonly AvatarColor[] = ['teal', 'green', 'lime', 'yellow', 'orange', 'red', 'pink', 'grape', 'violet', 'indigo', 'blue', 'cyan'];

export function ProfilePage() {
  const session = useSession();
  const [deleted, setDeleted] = useState(false);
  if (session.status !== 'signedIn') return deleted ? <Navigate to="/" replace state={accountDeleted} /> : <Navigate to="/sign-in?next=/profile" replace />;
  return <Profile person={session.person} onDeleted={() => setDeleted(true)} />;
}

function Profile({ person, onDeleted }: { person: Person; onDeleted: () => void }) {
  const { t } = useTranslation();
  return (
    <Page width={620}>
      <Stack gap="xl">
        <div>
          <Group gap="sm">
            <Title order={1} fz={30} lts="-0.02em">
              {t('account.profile')}
            </Title>
            {person.administrator && <Badge variant="light">{t('account.administrator')}</Badge>}
          </Group>
          <Text c="dimmed">{t('account.profileText')}</Text>
        </div>
        {person.kind === 'guest' && <Claim />}
        <Face person={person} />
        <Screens />
        {person.kind === 'account' && <Password />}
        <Delete person={person} onDeleted={onDeleted} />
      </Stack>
    </Page>
  );
}

function Face({ person }: { person: Person }) {
  const { t } = useTranslation();
  const api = useApi();
  const manager = useSessionManager();
  const errorText = useErrorText();
  const [name, setName] = useState(person.displayName);
  const [unreadable, setUnreadable] = useState(false);
  const adopt = { onSuccess: (changed: Person) => manager.setPerson(changed) };
  const change = useMutation({ mutationFn: (body: { displayName?: string; avatarColor?: AvatarColor }) => unwrap(api.PATCH('/users/me', { body })), ...adopt });
  const picture = useMutation({
    mutationFn: async (blob: Blob) =>
      // The body is the picture itself; the generated client only knows to send JSON.
      unwrap(api.PUT('/users/me/avatar', { body: '', bodySerializer: () => blob, headers: { 'Content-Type': blob.type } })),
    ...adopt,
  });
  const remove = useMutation({ mutationFn: () => unwrap(api.DELETE('/users/me/avatar')), ...adopt });
  const choose = async (file: File | null): Promise<void> => {
    if (!file) return;
    setUnreadable(false);
    try {
      picture.mutate(await smallSquare(file));
    } catch {
      setUnreadable(true);
    }
  };
  const save = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (complete()) change.mutate({ displayName: name.trim() }, { onSuccess: () => notifications.show({ message: t('app.saved'), color: 'turtle' }) });
  };
  const { errors, general, complete } = useFields({ displayName: { value: name, check: checkDisplayName, says: 'displayName' } }, change.error);
  const other = picture.error ?? remove.error;
  const error = general ?? (other ? errorText(other) : null);
  return (
    <section className={pageClasses.card} aria-label={t('account.yourName')}>
      <Stack gap="lg">
        <Group gap="lg" wrap="nowrap" align="center">
          <PersonAvatar person={person} size={84} />
          <Stack gap={6}>
            <Group gap="xs">
              <FileButton onChange={(file) => void choose(file)} accept="image/png,image/jpeg,image/webp">
                {(props) => (
                  <Button {...props} variant="default" size="sm" loading={picture.isPending} data-testid="choose-picture">
                    {t('account.choosePicture')}
                  </Button>
                )}
              </FileButton>
              {person.avatarUrl !== undefined && (
                <Button variant="subtle" color="gray" size="sm" onClick={() => remove.mutate()}>
                  {t('account.removePicture')}
                </Button>
              )}
            </Group>
            <Text fz="xs" c={unreadable ? 'red' : 'dimmed'} role={unreadable ? 'alert' : undefined}>
              {unreadable ? t('account.pictureUnreadable') : t('account.pictureHint')}
            </Text>
          </Stack>
        </Group>
        <form onSubmit={save}>
          <Group align="flex-end" gap="sm" wrap="nowrap">
            <TextInput flex={1} label={t('account.yourName')} value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={40} error={errors.displayName} data-testid="profile-name" />
            <Button type="submit" size="md" disabled={name.trim() === '' || name.trim() === person.displayName} loading={change.isPending} data-testid="profile-save">
              {t('app.save')}
            </Button>
          </Group>
        </form>
        <div role="group" aria-label={t('account.colour')}>
          <Text fz="sm" fw={500} mb={8}>
            {t('account.colour')}
          </Text>
          <Group gap={8}>
            {colours.map((colour) => (
              <Tooltip key={colour} label={t(`account.colours.${colour}`)}>
                <UnstyledButton p={4} aria-label={t(`account.colours.${colour}`)} aria-pressed={person.avatarColor === colour} onClick={() => change.mutate({ avatarColor: colour })} style={{ borderRadius: 999, lineHeight: 0 }}>
                  <ColorSwatch color={`var(--mantine-color-${colour}-filled)`} size={32} withShadow={false} c="white">
                    {person.avatarColor === colour && <IconCheck size={17} />}
                  </ColorSwatch>
                </UnstyledButton>
              </Tooltip>
            ))}
          </Group>
        </div>
        {error !== null && (
          <Alert color="red" role="alert">
            {error}
          </Alert>
        )}
      </Stack>
    </section>
  );
}

function Claim() {
  const { t } = useTranslation();
  const api = useApi();
  const manager = useSessionManager();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const invited = useQuery(serverQuery(api)).data?.signUps === 'invite';
  const [code, setCode] = useState('');
  const claim = useMutation({
    mutationFn: () => unwrap(api.POST('/users/me/claim', { body: { username: username.trim(), password, ...(invited ? { code: signUpCodeOf(code) } : {}) } })),
    onSuccess: (person) => {
      manager.setPerson(person);
      notifications.show({ message: t('account.claimed'), color: 'turtle' });
    },
  });
  const { errors, general, complete } = useFields(
    {
      code: { value: invited ? code : '-', check: needed('codeMissing'), says: 'code', code: 'sign_up_code_wrong' },
      username: { value: username, check: checkUsername, says: 'username', code: 'username_taken' },
      password: { value: password, check: checkNewPassword, says: 'password' },
    },
    claim.error,
  );
  return (
    <section className={pageClasses.card}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (complete()) claim.mutate();
        }}
      >
        <Stack gap="md">
          <div>
            <Title order={2} fz={20}>
              {t('account.claim')}
            </Title>
            <Text c="dimmed" fz="sm">
              {t('account.claimText')}
            </Text>
          </div>
          {invited && <TextInput label={t('account.code')} description={t('account.codeHint')} value={code} onChange={(event) => setCode(event.currentTarget.value)} error={errors.code} autoComplete="off" autoCapitalize="none" data-testid="claim-code" />}
          <TextInput label={t('account.username')} description={t('account.usernameHint')} value={username} onChange={(event) => setUsername(event.currentTarget.value)} error={errors.username} maxLength={32} autoComplete="username" autoCapitalize="none" data-testid="claim-username" />
          <PasswordInput label={t('account.password')} description={t('account.passwordHint')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={errors.password} maxLength={200} autoComplete="new-password" data-testid="claim-password" />
          {general !== null && (
            <Alert color="red" role="alert">
              {general}
            </Alert>
          )}
          <Button type="submit" size="md" loading={claim.isPending} data-testid="claim-submit">
            {t('account.claimDo')}
          </Button>
          <Anchor component={Link} to="/sign-in" fz="sm" fw={600} py={8} ta="center" data-testid="claim-signin">
            {t('account.claimSignIn')}
          </Anchor>
        </Stack>
      </form>
    </section>
  );
}

function Password() {
  const { t } = useTranslation();
  const api = useApi();
  const [current, setCurrent] = useState('');
  const [wanted, setWanted] = useState('');
  const change = useMutation({
    mutationFn: () => unwrap(api.PUT('/users/me/password', { body: { currentPassword: current, newPassword: wanted } })),
    onSuccess: () => {
      setCurrent('');
      setWanted('');
      notifications.show({ message: t('account.passwordChanged'), color: 'turtle' });
    },
  });
  const { errors, general, complete } = useFields(
    {
      currentPassword: { value: current, check: needed('passwordYours'), says: 'passwordYours', code: 'wrong_password' },
      newPassword: { value: wanted, check: checkNewPassword, says: 'password' },
    },
    change.error,
  );
  return (
    <section className={pageClasses.card}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (complete()) change.mutate();
        }}
      >
        <Stack gap="md">
          <Title order={2} fz={20}>
            {t('account.changePassword')}
          </Title>
          <PasswordInput label={t('account.currentPassword')} value={current} onChange={(event) => setCurrent(event.currentTarget.value)} autoComplete="current-password" maxLength={200} error={errors.currentPassword} />
          <PasswordInput label={t('account.newPassword')} description={t('account.passwordHint')} value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} autoComplete="new-password" maxLength={200} error={errors.newPassword} />
          {general !== null && (
            <Alert color="red" role="alert">
              {general}
            </Alert>
          )}
          <Button type="submit" variant="default" size="md" disabled={!current || !wanted} loading={change.isPending} style={{ alignSelf: 'flex-start' }}>
            {t('account.changePassword')}
          </Button>
        </Stack>
      </form>
    </section>
  );
}

function Delete({ person, onDeleted }: { person: Person; onDeleted: () => void }) {
  const { t } = useTranslation();
  const api = useApi();
  const manager = useSessionManager();
  const queries = useQueryClient();
  const errorText = useErrorText();
  const [opened, { open, close }] = useDisclosure(false);
  const [password, setPassword] = useState('');
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE('/users/me', { body: person.kind === 'account' ? { password } : {} })),
    onSuccess: () => {
      onDeleted();
      manager.drop(false);
      queries.clear();
    },
  });
  return (
    <>
      <Divider />
      <Button variant="subtle" color="red" onClick={open} style={{ alignSelf: 'flex-start' }} data-testid="delete-account">
        {t('account.delete')}
      </Button>
      <Modal opened={opened} onClose={close} title={t('account.delete')} closeButtonProps={{ 'aria-label': t('app.close') }}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            remove.mutate();
          }}
        >
          <Stack gap="md">
            <Text c="dimmed">{t('account.deleteText')}</Text>
            {person.kind === 'account' && (
              <PasswordInput label={t('account.deletePassword')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="current-password" maxLength={200} error={remove.error ? errorText(remove.error) : undefined} data-autofocus />
            )}
            {person.kind === 'guest' && remove.error && (
              <Alert color="red" role="alert">
                {errorText(remove.error)}
              </Alert>
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                {t('app.cancel')}
              </Button>
              <Button type="submit" color="red" loading={remove.isPending} disabled={person.kind === 'account' && !password} data-testid="delete-account-confirm">
                {t('account.deleteConfirm')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
