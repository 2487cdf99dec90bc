import { ActionIcon, Menu } from '@mantine/core';
import { IconEar, IconEraser, IconPlus, IconSpeakerphone } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PublicPerson } from '@/api/types';
import { useMay, useRoom, useRoomSession } from '../context';
import classes from './Chat.module.css';

const ClearChat = lazy(() => import('./ClearChat').then((m) => ({ default: m.ClearChat })));

/** The waits of slow mode that can be chosen, in seconds. */
const waits = [0, 5, 10, 30, 60, 300] as const;

interface Props {
  others: readonly PublicPerson[];
  whisper: (to: PublicPerson) => void;
  announce: () => void;
}

/** What a message can be besides one to all, and what somebody who moderates does to the chat. */
export function ComposerMenu({ others, whisper, announce }: Props) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const moderates = useMay('moderate');
  const slow = useRoom((room) => room.room?.slowMode ?? 0);
  const [clearing, setClearing] = useState(false);
  if (others.length === 0 && !moderates) return null;
  return (
    <>
      <Menu position="top-start" width={230} classNames={{ dropdown: classes.menu ?? '' }}>
        <Menu.Target>
          <ActionIcon size={42} aria-label={t('chat.more')} title={t('chat.more')} data-testid="chat-more">
            <IconPlus size={19} stroke={1.8} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {moderates && (
            <Menu.Item leftSection={<IconSpeakerphone size={17} stroke={1.7} />} onClick={announce} data-testid="chat-announce">
              {t('chat.announce')}
            </Menu.Item>
          )}
          {others.length > 0 && <Menu.Label>{t('chat.whisperTo')}</Menu.Label>}
          {others.map((person) => (
            <Menu.Item key={person.id} leftSection={<IconEar size={17} stroke={1.7} />} onClick={() => whisper(person)} data-testid="chat-whisper-to">
              <span dir="auto">{person.displayName}</span>
            </Menu.Item>
          ))}
          {moderates && (
            <>
              <Menu.Label>{t('chat.slow.label')}</Menu.Label>
              <Menu.RadioGroup value={String(slow)} onChange={(seconds) => void session.ask('chat.slow', { seconds: Number(seconds) })}>
                {waits.map((seconds) => (
                  <Menu.RadioItem key={seconds} value={String(seconds)} closeMenuOnClick data-testid={`chat-slow-${seconds}`}>
                    {seconds === 0 ? t('chat.slow.off') : seconds < 60 ? t('chat.slow.seconds', { count: seconds }) : t('chat.slow.minutes', { count: seconds / 60 })}
                  </Menu.RadioItem>
                ))}
              </Menu.RadioGroup>
              <Menu.Divider />
              <Menu.Item color="red" leftSection={<IconEraser size={17} stroke={1.7} />} onClick={() => setClearing(true)} data-testid="chat-clear">
                {t('chat.clear')}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Suspense>{clearing && <ClearChat onClose={() => setClearing(false)} />}</Suspense>
    </>
  );
}
