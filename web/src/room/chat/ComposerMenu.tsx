import { ActionIcon } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dropdown } from '@/ui/Dropdown';
import { later } from '@/ui/later';
import { useMay } from '../context';
import type { Choices } from './ComposerItems';
import classes from './Chat.module.css';

const ComposerItems = later(() => import('./ComposerItems').then((m) => ({ default: m.ComposerItems })));
const ClearChat = later(() => import('./ClearChat').then((m) => ({ default: m.ClearChat })));

/** What a message can be besides one to all, and what somebody who moderates does to the chat. */
export function ComposerMenu({ others, whisper, announce }: Choices) {
  const { t } = useTranslation();
  const moderates = useMay('moderate');
  const [clearing, setClearing] = useState(false);
  if (others.length === 0 && !moderates) return null;
  return (
    <>
      <Dropdown
        kind="menu"
        position="top-start"
        width={230}
        dropdown={{ className: classes.menu }}
        button={
          <ActionIcon size={42} aria-label={t('chat.more')} title={t('chat.more')} data-testid="chat-more">
            <IconPlus size={19} stroke={1.8} />
          </ActionIcon>
        }
      >
        <ComposerItems others={others} whisper={whisper} announce={announce} clear={() => setClearing(true)} />
      </Dropdown>
      <Suspense>{clearing && <ClearChat onClose={() => setClearing(false)} />}</Suspense>
    </>
  );
}
