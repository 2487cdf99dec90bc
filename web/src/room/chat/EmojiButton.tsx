import { ActionIcon } from '@mantine/core';
import { IconMoodSmile } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dropdown } from '@/ui/Dropdown';
import { later } from '@/ui/later';

const EmojiPicker = later(() => import('./EmojiPicker').then((m) => ({ default: m.EmojiPicker })));

/** Opens the emoji over the composer. */
export function EmojiButton({ choose }: { choose: (emoji: string) => void }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  return (
    <Dropdown
      kind="dialog"
      opened={opened}
      onChange={setOpened}
      position="top-end"
      dropdown={{ p: 8, 'aria-label': t('chat.emoji.open') }}
      button={
        <ActionIcon size={42} aria-label={t('chat.emoji.open')} title={t('chat.emoji.open')} data-testid="emoji-open">
          <IconMoodSmile size={20} stroke={1.7} />
        </ActionIcon>
      }
    >
      <EmojiPicker
        choose={(emoji) => {
          setOpened(false);
          choose(emoji);
        }}
      />
    </Dropdown>
  );
}
