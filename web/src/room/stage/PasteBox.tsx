import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useErrorText } from '@/ui/useErrorText';
import { HubError } from '@/api/hub/HubConnection';
import { useRoomSession } from '../context';

/** Text for the room's browser, for devices where the page may not read the clipboard and no key pastes. */
export function PasteBox({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={t('clipboard.title')} closeButtonProps={{ 'aria-label': t('app.close') }}>
      <PasteForm onClose={onClose} />
    </Modal>
  );
}

function PasteForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const errorText = useErrorText();
  const [text, setText] = useState('');
  const [tooLong, setTooLong] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (session.input.paste(text)) onClose();
        else setTooLong(true);
      }}
    >
      <Stack>
        <Text c="dimmed">{t('clipboard.text')}</Text>
        <Textarea
          aria-label={t('clipboard.label')}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setTooLong(false);
          }}
          error={tooLong ? errorText(new HubError('message_too_large', '')) : undefined}
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
