import { Alert, Button, Group, Modal, NumberInput, PasswordInput, SegmentedControl, Stack, Switch, Text, TextInput, Title, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useApi, useSession } from '@/account/session';
import { unwrap } from '@/api/client';
import { keys, serverQuery } from '@/api/queries';
import type { Room, RoomChange } from '@/api/types';
import { EntryChoice, entryFor } from '@/lobby/EntryChoice';
import { PrivacyChoice } from '@/lobby/PrivacyChoice';
import { withScheme } from '@/lobby/startPage';
import { checkRoomPassword, checkSlug, checkStartUrl, checkTitle } from '@/ui/fields';
import { useErrorText } from '@/ui/useErrorText';
import { useFields } from '@/ui/useFields';
import { useMay, useRoom } from '../context';
import { ChatSoundChoice } from '../chat/ChatSoundChoice';
import { PointerChoice } from '../pointers/PointerChoice';
import { VolumeSlider } from '../stage/VolumeSlider';
import { QuitRoom } from './QuitRoom';
import { RolePermissionsForm } from './RolePermissionsForm';
import { sameScreen, ScreenChoice } from './ScreenChoice';
import classes from './Settings.module.css';

export function SettingsPanel() {
  const { t } = useTranslation();
  const { room, role } = useRoom((live) => ({ room: live.room, role: live.self?.role }));
  const mayManage = useMay('manage');
  const account = useSession();
  const mayDelete = role === 'owner' || (account.status === 'signedIn' && account.person.administrator);
  return (
    <div className={classes.panel}>
      <Mine />
      {room && mayManage && <RoomForm key={room.id} room={room} />}
      {room && mayManage && <RolePermissionsForm key={`may-${room.id}`} room={room} />}
      {room && role !== undefined && role !== 'owner' && <QuitRoom room={room} />}
      {room && mayDelete && <DeleteRoom room={room} />}
      {!mayManage && (
        <Text fz="sm" c="dimmed" className={classes.section}>
          {t('settings.only')}
        </Text>
      )}
    </div>
  );
}

function Mine() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Stack gap="sm" component="section">
      <Title order={2} fz="md">
        {t('settings.mine')}
      </Title>
      <div>
        <Text fz="sm" fw={500} mb={6}>
          {t('settings.theme')}
        </Text>
        <SegmentedControl
          fullWidth
          radius="xl"
          aria-label={t('settings.theme')}
          value={colorScheme}
          onChange={(value) => setColorScheme(value)}
          data={[
            { value: 'dark', label: t('theme.dark') },
            { value: 'light', label: t('theme.light') },
            { value: 'auto', label: t('theme.auto') },
          ]}
        />
      </div>
      <div>
        <Text fz="sm" fw={500} mb={12}>
          {t('settings.volume')}
        </Text>
        <VolumeSlider />
      </div>
      <ChatSoundChoice />
      <PointerChoice />
    </Stack>
  );
}

/** What is chosen here, as long as the room has what it was chosen instead of: what somebody else has saved meanwhile is no change of this form. */
function useDraft<T extends string | number | boolean>(saved: T): [T, (value: T) => void] {
  const [draft, setDraft] = useState<{ insteadOf: T; value: T } | null>(null);
  return [draft?.insteadOf === saved ? draft.value : saved, (value) => setDraft({ insteadOf: saved, value })];
}

function RoomForm({ room }: { room: Room }) {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const [title, setTitle] = useDraft(room.title);
  const [slug, setSlug] = useDraft(room.slug);
  const [privacy, setPrivacy] = useDraft(room.privacy);
  const [entry, setEntry] = useDraft(room.entry);
  const [size, setSize] = useDraft(room.size);
  const most = useQuery(serverQuery(api)).data?.roomSize;
  const [password, setPassword] = useState('');
  const [removing, setRemoving] = useState(false);
  const [startUrl, setStartUrl] = useDraft(room.startUrl);
  const [screen, setScreen] = useState(room.screen);
  const [relayOnly, setRelayOnly] = useDraft(room.relayOnly);
  const save = useMutation({
    mutationFn: (body: RoomChange) => unwrap(api.PATCH('/rooms/{room}', { params: { path: { room: room.id } }, body })),
    onSuccess: () => {
      setPassword('');
      setRemoving(false);
      notifications.show({ message: t('app.saved'), color: 'turtle' });
      void queries.invalidateQueries({ queryKey: keys.rooms });
    },
  });
  const changes: RoomChange = {
    ...(title.trim() !== room.title ? { title: title.trim() } : {}),
    ...(slug !== room.slug ? { slug } : {}),
    ...(privacy !== room.privacy ? { privacy } : {}),
    ...(entryFor(privacy, entry) !== room.entry ? { entry: entryFor(privacy, entry) } : {}),
    ...(size !== room.size ? { size } : {}),
    ...(removing && room.hasPassword ? { password: '' } : password !== '' ? { password } : {}),
    ...(withScheme(startUrl) !== room.startUrl ? { startUrl: withScheme(startUrl) } : {}),
    ...(sameScreen(screen, room.screen) ? {} : { screen }),
    ...(relayOnly !== room.relayOnly ? { relayOnly } : {}),
  };
  const { errors, general, complete } = useFields(
    {
      title: { value: title, check: checkTitle, says: 'title' },
      slug: { value: slug, check: checkSlug, says: 'slug', code: 'slug_taken' },
      password: { value: password, check: checkRoomPassword, says: 'roomPassword' },
      startUrl: { value: withScheme(startUrl), check: checkStartUrl, says: 'startUrl' },
      relayOnly: { value: String(relayOnly), check: () => null, says: 'relayOnly' },
    },
    save.error,
  );
  return (
    <form
      className={classes.section}
      onSubmit={(event) => {
        event.preventDefault();
        if (complete()) save.mutate(changes);
      }}
    >
      <Stack gap="md">
        <Title order={2} fz="md">
          {t('settings.room')}
        </Title>
        <TextInput label={t('settings.title')} value={title} onChange={(event) => setTitle(event.currentTarget.value)} maxLength={80} error={errors.title} data-testid="settings-title" />
        <TextInput label={t('settings.address')} description={t('settings.addressHint')} value={slug} onChange={(event) => setSlug(event.currentTarget.value.toLowerCase().replace(/\s+/g, '-'))} leftSection="/r/" leftSectionWidth={40} maxLength={48} error={errors.slug} spellCheck={false} autoCapitalize="none" data-testid="settings-slug" />
        <PrivacyChoice label={t('settings.privacy')} value={privacy} onChange={setPrivacy} />
        <EntryChoice privacy={privacy} value={entryFor(privacy, entry)} onChange={setEntry} />
        <NumberInput size="md" label={t('entry.size')} description={t('entry.sizeHint', { count: most ?? 0 })} placeholder={String(most ?? '')} value={size === 0 ? '' : size} onChange={(next) => setSize(typeof next === 'number' ? next : 0)} min={1} max={most} allowDecimal={false} allowNegative={false} data-testid="settings-size" />
        <Stack gap={4}>
          <PasswordInput label={t('settings.password')} description={!room.hasPassword ? t('settings.passwordNone') : removing ? t('settings.passwordGoes') : t('settings.passwordSet')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} maxLength={200} autoComplete="new-password" error={errors.password} disabled={removing && room.hasPassword} data-testid="settings-password" />
          {room.hasPassword && (
            <Button
              variant="subtle"
              color="gray"
              size="compact-sm"
              style={{ alignSelf: 'flex-start' }}
              onClick={() => {
                setPassword('');
                setRemoving(!removing);
              }}
              data-testid="settings-password-remove"
            >
              {removing ? t('settings.passwordKeep') : t('settings.passwordRemove')}
            </Button>
          )}
        </Stack>
        <TextInput label={t('settings.startPage')} value={startUrl} onChange={(event) => setStartUrl(event.currentTarget.value)} placeholder="https://" maxLength={2048} inputMode="url" error={errors.startUrl} data-testid="settings-start-page" />
        <ScreenChoice value={screen} saved={room.screen} onChange={setScreen} />
        <Switch label={t('settings.relayOnly')} description={t(room.relayForced ? 'settings.relayForced' : 'settings.relayOnlyText')} checked={relayOnly} error={errors.relayOnly} disabled={room.relayForced} onChange={(event) => setRelayOnly(event.currentTarget.checked)} data-testid="settings-relay-only" />
        {general !== null && (
          <Alert color="red" role="alert">
            {general}
          </Alert>
        )}
        <Button type="submit" disabled={Object.keys(changes).length === 0 || title.trim() === ''} loading={save.isPending} data-testid="settings-save">
          {t('app.save')}
        </Button>
      </Stack>
    </form>
  );
}

function DeleteRoom({ room }: { room: Room }) {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const errorText = useErrorText();
  const [opened, { open, close }] = useDisclosure(false);
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE('/rooms/{room}', { params: { path: { room: room.id } } })),
    onSuccess: async () => {
      void queries.invalidateQueries({ queryKey: keys.rooms });
      await navigate('/rooms');
    },
  });
  return (
    <div className={classes.section}>
      <Button variant="subtle" color="red" onClick={open} data-testid="delete-room">
        {t('settings.delete')}
      </Button>
      <Modal opened={opened} onClose={close} title={t('settings.deleteTitle', { title: room.title })} closeButtonProps={{ 'aria-label': t('app.close') }}>
        <Stack>
          <Text c="dimmed">{t('settings.deleteText')}</Text>
          {remove.error && (
            <Alert color="red" role="alert">
              {errorText(remove.error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              {t('app.cancel')}
            </Button>
            <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()} data-testid="delete-room-confirm">
              {t('settings.deleteDo')}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </div>
  );
}
