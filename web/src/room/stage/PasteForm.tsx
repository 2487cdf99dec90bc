import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoomSession } from '../context';
import { unpasted } from './unpasted';

/** Text for the room's browser, for devices where the page may not read the clipboard and no key pastes. */
export function PasteForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const [text, setText] = useState('');
  const [refused, setRefused] = useState<string | null>(null);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const done = session.input.paste(text);
        if (done === 'sent') onClose();
        else setRefused(t(`errors.${unpasted[done]}`));
      }}
    >
      <Stack>
        <Text c="dimmed">{t('clipboard.text')}</Text>
        <Textarea
          aria-label={t('clipboard.label')}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setRefused(null);
          }}
          error={refused}
          size="md"
          minRows={3}
          maxRows={8}
          autosize
          spellCheck={false}
          data-autofocus
          data-testid="paste-text"
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" disabled={text === ''} data-testid="paste-do">
            {t('clipboard.do')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
