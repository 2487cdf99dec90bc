import { Alert, Button, Collapse, Group, Modal, PasswordInput, Stack, TextInput, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { keys } from '@/api/queries';
import type { Entry, Privacy } from '@/api/types';
import { checkRoomPassword, checkSlug, checkStartUrl, checkTitle } from '@/ui/fields';
import { useFields } from '@/ui/useFields';
import { useBuilt } from '@/ui/useBuilt';
import { EntryChoice, entryFor } from './EntryChoice';
import { PrivacyChoice } from './PrivacyChoice';
import { suggestSlug } from './slug';
import { withScheme } from './startPage';

export function NewRoomDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const built = useBuilt();
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [title, setTitle] = useState('');
  const [ownSlug, setOwnSlug] = useState<string | null>(null);
  const [privacy, setPrivacy] = useState<Privacy>('unlisted');
  const [entry, setEntry] = useState<Entry>('open');
  const [password, setPassword] = useState('');
  const [startUrl, setStartUrl] = useState('');
  const [more, setMore] = useState(false);
  const slug = ownSlug ?? suggestSlug(title);
  const create = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST('/rooms', {
          body: { title: title.trim(), privacy, entry: entryFor(privacy, entry), ...(slug ? { slug } : {}), ...(password ? { password } : {}), ...(startUrl.trim() ? { startUrl: withScheme(startUrl) } : {}) },
        }),
      ),
    onSuccess: async (room) => {
      void queries.invalidateQueries({ queryKey: keys.rooms });
      await navigate(`/r/${room.slug}`);
    },
  });
  const { errors, general, complete } = useFields(
    {
      title: { value: title, check: checkTitle, says: 'title' },
      slug: { value: slug, check: (typed) => (typed === '' ? null : checkSlug(typed)), says: 'slug', code: 'slug_taken' },
      password: { value: password, check: checkRoomPassword, says: 'roomPassword' },
      startUrl: { value: withScheme(startUrl), check: checkStartUrl, says: 'startUrl' },
    },
    create.error,
  );
  // What has to be mended is not folded away.
  const shown = more || errors.password !== undefined || errors.startUrl !== undefined;
  return (
    <Modal opened={opened && built} onClose={onClose} title={t('lobby.new')} size={520} closeButtonProps={{ 'aria-label': t('app.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (complete()) create.mutate();
        }}
      >
        <Stack gap="md">
          <TextInput label={t('lobby.roomTitle')} placeholder={t('lobby.roomTitlePlaceholder')} value={title} onChange={(event) => setTitle(event.currentTarget.value)} maxLength={80} error={errors.title} data-autofocus data-testid="room-title" />
          <TextInput
            label={t('lobby.address')}
            description={t('lobby.addressHint')}
            value={slug}
            onChange={(event) => setOwnSlug(event.currentTarget.value.toLowerCase().replace(/\s+/g, '-'))}
            leftSection="/r/"
            leftSectionWidth={40}
            maxLength={48}
            spellCheck={false}
            autoCapitalize="none"
            error={errors.slug}
            data-testid="room-slug"
          />
          <PrivacyChoice label={t('lobby.privacy')} value={privacy} onChange={setPrivacy} />
          <UnstyledButton fz="sm" fw={600} c="dimmed" py={6} onClick={() => setMore(!shown)} aria-expanded={shown} data-testid="room-options">
            <Group gap={4}>
              {shown ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
              {t('lobby.options')}
            </Group>
          </UnstyledButton>
          <Collapse expanded={shown}>
            <Stack gap="md">
              <EntryChoice privacy={privacy} value={entryFor(privacy, entry)} onChange={setEntry} />
              <PasswordInput label={t('lobby.password')} description={t('lobby.passwordHint')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} maxLength={200} autoComplete="new-password" error={errors.password} data-testid="room-password" />
              <TextInput label={t('lobby.startPage')} description={t('lobby.startPageHint')} placeholder="https://" value={startUrl} onChange={(event) => setStartUrl(event.currentTarget.value)} maxLength={2048} inputMode="url" error={errors.startUrl} data-testid="room-start-page" />
            </Stack>
          </Collapse>
          {general !== null && (
            <Alert color="red" role="alert">
              {general}
            </Alert>
          )}
          <Group justify="flex-end" mt="xs">
            <Button variant="default" onClick={onClose}>
              {t('app.cancel')}
            </Button>
            <Button type="submit" disabled={!title.trim()} loading={create.isPending} data-testid="create-room">
              {t('lobby.create')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
