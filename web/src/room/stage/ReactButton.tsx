import { ActionIcon } from '@mantine/core';
import { IconMoodSmile } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dropdown } from '@/ui/Dropdown';
import { Tooltip } from '@/ui/Tooltip';
import { atHand } from '../chat/emoji';
import { useMay, useRoomSession } from '../context';
import classes from './Floating.module.css';

/** Sends an emoji over everybody's picture: R opens the choice, a digit takes one. */
export function ReactButton() {
  const { t } = useTranslation();
  const session = useRoomSession();
  const mayReact = useMay('react');
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    if (!mayReact) return;
    const pressed = (event: KeyboardEvent): void => {
      // What is typed into a field, or goes to the room's browser, is none of it.
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const chosen = opened ? atHand[Number(event.key) - 1] : undefined;
      if (event.key.toLowerCase() === 'r' && !event.repeat) setOpened((open) => !open);
      else if (chosen !== undefined) void session.ask('reaction', { emoji: chosen });
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [mayReact, opened, session]);
  if (!mayReact) return null;
  return (
    <Dropdown
      kind="dialog"
      opened={opened}
      onChange={setOpened}
      position="top"
      trapFocus={false}
      dropdown={{ p: 6, 'aria-label': t('toolbar.react') }}
      button={
        <Tooltip label={t('toolbar.react')} disabled={opened}>
          <ActionIcon aria-label={t('toolbar.react')} aria-keyshortcuts="R" data-testid="react">
            <IconMoodSmile size={20} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      }
    >
      <div className={classes.choice}>
        {atHand.map((emoji, i) => (
          <button key={emoji} type="button" aria-label={t('toolbar.reactWith', { emoji, key: i + 1 })} title={String(i + 1)} onClick={() => void session.ask('reaction', { emoji })} data-testid="react-emoji">
            {emoji}
          </button>
        ))}
      </div>
    </Dropdown>
  );
}
