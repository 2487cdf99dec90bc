import { ActionIcon } from '@mantine/core';
import { IconScreenShare, IconScreenShareOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { Tooltip } from '@/ui/Tooltip';
import { useMay } from '../context';
import { useCall, useCallSession } from '../call/hooks';
import classes from '../call/Call.module.css';

/** A screen, a window or a tab for everybody; not on phones, whose browsers share none. */
export function ShareButton() {
  const { t } = useTranslation();
  const { screen } = useCallSession();
  const { state } = useStore(screen.store);
  const other = useCall(({ share }) => (share && !share.own ? (share.peer.person?.displayName ?? t('control.somebody')) : null));
  const may = useMay('screen');
  if (!may || !screen.possible) return null;
  const on = state === 'on';
  const label = on ? t('share.stop') : other === null ? t('share.start') : t('share.taken', { name: other });
  const taken = other !== null && !on;
  return (
    <Tooltip label={label}>
      <ActionIcon
        className={classes.switch}
        variant={on ? 'filled' : 'subtle'}
        color={on ? 'turtle' : 'gray'}
        aria-label={label}
        aria-pressed={on}
        aria-disabled={taken || undefined}
        aria-busy={state === 'starting' || undefined}
        data-state={on ? 'on' : 'off'}
        data-taken={taken || undefined}
        onClick={() => {
          if (on) screen.stop();
          else if (!taken) void screen.start();
        }}
        data-testid="share-screen"
      >
        {on ? <IconScreenShareOff size={20} stroke={1.7} /> : <IconScreenShare size={20} stroke={1.7} />}
      </ActionIcon>
    </Tooltip>
  );
}
