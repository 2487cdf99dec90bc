import { Menu } from '@mantine/core';
import { IconEar, IconEraser, IconSpeakerphone } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { PublicPerson } from '@/api/types';
import { useMay, useRoom, useRoomSession } from '../context';

/** The waits of slow mode that can be chosen, in seconds. */
const waits = [0, 5, 10, 30, 60, 300] as const;

export interface Choices {
  others: readonly PublicPerson[];
  whisper: (to: PublicPerson) => void;
  announce: () => void;
}

export function ComposerItems({ others, whisper, announce, clear }: Choices & { clear: () => void }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const moderates = useMay('moderate');
  const slow = useRoom((room) => room.room?.slowMode ?? 0);
  return (
    <>
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
          <Menu.Item color="red" leftSection={<IconEraser size={17} stroke={1.7} />} onClick={clear} data-testid="chat-clear">
            {t('chat.clear')}
          </Menu.Item>
        </>
      )}
    </>
  );
}
