import { Button } from '@mantine/core';
import { IconPhoto } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { TurtleMark } from '@/ui/TurtleMark';
import { useRoom } from '../context';
import { showPicture } from '../preferences';
import { peerById } from '../state/roomState';
import { ShellPattern } from './ShellPattern';
import classes from './Stage.module.css';

/** The stage of somebody who wants to hear the browser and not to see it. */
export function SoundOnly() {
  const { t } = useTranslation();
  const driver = useRoom((room) => (room.control.holder === room.self?.peer ? null : (peerById(room, room.control.holder)?.person ?? null)));
  return (
    <div className={classes.state} data-testid="sound-only" role="status">
      <ShellPattern />
      {driver ? <PersonAvatar person={driver} size={56} /> : <TurtleMark size={64} />}
      <h2>{t('stage.soundOnly')}</h2>
      <p>
        {driver && `${t('stage.soundOnlyDriver', { name: driver.displayName })} `}
        {t('stage.soundOnlyText')}
      </p>
      <Button size="md" leftSection={<IconPhoto size={18} />} onClick={showPicture} data-testid="show-picture">
        {t('stage.resume')}
      </Button>
    </div>
  );
}
