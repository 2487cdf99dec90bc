import { ActionIcon, Popover } from '@mantine/core';
import { IconMoodSmile } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';

const EmojiPicker = lazy(() => import('./EmojiPicker').then((m) => ({ default: m.EmojiPicker })));

/** Opens the emoji over the composer. */
export function EmojiButton({ choose }: { choose: (emoji: string) => void }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="top-end" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon size={42} aria-label={t('chat.emoji.open')} title={t('chat.emoji.open')} aria-expanded={opened} onClick={() => setOpened((open) => !open)} data-testid="emoji-open">
          <IconMoodSmile size={20} stroke={1.7} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={8} aria-label={t('chat.emoji.open')}>
        <Suspense>
          {opened && (
            <EmojiPicker
              choose={(emoji) => {
                setOpened(false);
                choose(emoji);
              }}
            />
          )}
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}
