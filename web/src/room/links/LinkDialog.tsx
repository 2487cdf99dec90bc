import { Anchor, Button, Group, Modal, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { withScheme } from '@/lobby/startPage';
import { useFocusBack } from '@/ui/useFocusBack';
import { useRoom, useRoomSession } from '../context';
import { Suggested } from './LinkCard';

/** The box for a link, what is suggested, and what was opened lately. */
export default function LinkDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  useFocusBack();
  const { t } = useTranslation();
  const session = useRoomSession();
  const { suggested, recent } = useRoom((room) => room.links);
  const [url, setUrl] = useState('');
  const suggest = async (): Promise<void> => {
    if (await session.ask('link.suggest', { url: withScheme(url) })) setUrl('');
  };
  return (
    <Modal opened={opened} onClose={onClose} title={t('links.title')} closeButtonProps={{ 'aria-label': t('app.close') }}>
      <Stack>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void suggest();
          }}
        >
          <Group align="flex-end" wrap="nowrap">
            <TextInput flex={1} label={t('links.label')} placeholder="https://" value={url} onChange={(event) => setUrl(event.currentTarget.value)} maxLength={2048} inputMode="url" autoCapitalize="none" spellCheck={false} data-autofocus data-testid="link-url" />
            <Button type="submit" disabled={url.trim() === ''} data-testid="link-suggest">
              {t('links.suggest')}
            </Button>
          </Group>
        </form>
        {suggested.map((link) => (
          <Suggested key={link.id} link={link} />
        ))}
        {recent.length > 0 && (
          <Stack gap={4} component="section">
            <Title order={3} fz="sm">
              {t('links.recent')}
            </Title>
            {recent.map((link) => (
              <Anchor key={link.url} href={link.url} target="_blank" rel="noreferrer noopener" fz="sm" truncate data-testid="link-recent">
                {link.url}
              </Anchor>
            ))}
          </Stack>
        )}
        {suggested.length === 0 && recent.length === 0 && <Text c="dimmed">{t('links.none')}</Text>}
      </Stack>
    </Modal>
  );
}
