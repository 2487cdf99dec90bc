import { IconCellSignal2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { useRoomSession } from '../context';
import type { Trouble } from '../stream/trouble';
import { useRate } from './useRate';
import classes from './Stage.module.css';

/** Why the picture is worse than it could be, when it is this person's network. */
export function NetworkMark() {
  const session = useRoomSession();
  const trouble = useStore(session.log.store, (log) => log.trouble);
  const words = useWords();
  // The place for it stands before the words do, so that they are read aloud.
  return (
    <div role="status" className={classes.network} data-testid="network-mark">
      {trouble && (
        <>
          <IconCellSignal2 size={16} aria-hidden />
          <span>{words(trouble)}</span>
        </>
      )}
    </div>
  );
}

function useWords(): (trouble: Trouble) => string {
  const { t } = useTranslation();
  const rate = useRate();
  return (trouble) => {
    switch (trouble.kind) {
      case 'loss':
        return t(trouble.smaller ? 'network.lossSmaller' : 'network.loss', { share: Math.round(trouble.share * 100) });
      case 'narrow':
        return trouble.bits > 0 ? t('network.narrow', { rate: rate(trouble.bits) }) : t('network.narrowUnknown');
      case 'slow':
        return t('network.slow', { time: Math.round(trouble.roundTrip) });
    }
  };
}
