import { IconMicrophone, IconVideo } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Peer } from '@/api/types';
import { useCall } from './hooks';
import classes from './Call.module.css';

/** What somebody has on, in the list of people. */
export function MediaMarks({ peer }: { peer: Peer }) {
  const { t } = useTranslation();
  const speaks = useCall(({ speaking }) => speaking.includes(peer.id));
  const { microphone, camera } = peer.media;
  if (!microphone && !camera) return null;
  return (
    <span className={classes.marks} data-testid="media-marks">
      {microphone && <IconMicrophone size={18} stroke={1.7} role="img" aria-label={speaks ? t('call.speaking') : t('call.on')} color={speaks ? 'var(--turtus-accent)' : undefined} />}
      {camera && <IconVideo size={18} stroke={1.7} role="img" aria-label={t('call.cameraOn')} />}
    </span>
  );
}
