import { Button, Loader, UnstyledButton } from '@mantine/core';
import { IconHandStop, IconMouse } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { Tooltip } from '@/ui/Tooltip';
import { useMay, useRoom, useRoomSession } from '../context';
import { useQuality } from '../preferences';
import { peerById } from '../state/roomState';
import { heldElsewhere } from './elsewhere';
import classes from './Control.module.css';

/** Who drives, and what one may do about it. */
export function ControlPill({ short = false }: { short?: boolean }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const { self, holderId, holder, asked, elsewhere } = useRoom((room) => ({
    elsewhere: heldElsewhere(room),
    self: room.self?.peer,
    holderId: room.control.holder,
    holder: peerById(room, room.control.holder),
    asked: room.self !== null && room.control.requests.includes(room.self.peer),
  }));
  // Nobody drives by ear alone.
  const seen = useQuality() !== 'sound';
  const mayControl = useMay('control') && seen;
  const mayModerate = useMay('moderate');
  const [busy, setBusy] = useState(false);
  const ask = (type: 'control.take' | 'control.request' | 'control.cancel' | 'control.release'): void => {
    setBusy(true);
    void session.ask(type, {}).finally(() => setBusy(false));
  };

  if (holderId === undefined) {
    if (!mayControl) {
      return (
        <div className={classes.pill} data-testid="control-pill" data-control="free">
          <span className={classes.words}>{t(seen ? 'control.freeCannot' : 'control.freeUnseen')}</span>
        </div>
      );
    }
    return (
      <UnstyledButton className={classes.pill} onClick={() => ask('control.take')} disabled={busy} data-testid="control-pill" data-control="free">
        <IconMouse size={18} stroke={1.7} aria-hidden />
        <span className={classes.words}>{short ? t('control.freeShort') : t('control.free')}</span>
        <span className="sr-only">{t('control.take')}</span>
      </UnstyledButton>
    );
  }
  if (holderId === self) {
    return (
      <div className={classes.pill} data-testid="control-pill" data-control="yours">
        <Tooltip label={t('control.hint')}>
          <span className={classes.words}>
            <span className={classes.spark} aria-hidden />
            {short ? t('control.yoursShort') : t('control.yours')}
          </span>
        </Tooltip>
        <Button size="compact-sm" h={32} px={14} variant="white" color="dark" onClick={() => ask('control.release')} disabled={busy} data-testid="release-control">
          {t('control.release')}
        </Button>
      </div>
    );
  }
  const name = holder?.person?.displayName ?? t('control.somebody');
  const said = elsewhere ? t(short ? 'control.otherTabShort' : 'control.otherTab') : short ? name : t(holder?.connected === false ? 'control.away' : 'control.theirs', { name });
  return (
    <div className={classes.pill} data-testid="control-pill" data-control="theirs" data-elsewhere={elsewhere || undefined}>
      {holder?.person && <PersonAvatar person={holder.person} size={26} />}
      <span className={classes.words}>
        <span className={classes.ellipsis}>{said}</span>
      </span>
      {mayControl &&
        (elsewhere ? (
          <Button size="compact-sm" h={32} px={14} onClick={() => ask('control.take')} disabled={busy} aria-label={t('control.takeHere')} data-testid="take-here">
            {t(short ? 'control.takeHereShort' : 'control.takeHere')}
          </Button>
        ) : asked ? (
          <Tooltip label={t('control.cancel')}>
            <Button size="compact-sm" h={32} px={14} variant="light" leftSection={<Loader size={12} />} onClick={() => ask('control.cancel')} disabled={busy} data-testid="cancel-ask">
              {t('control.asked')}
            </Button>
          </Tooltip>
        ) : (
          <Button size="compact-sm" h={32} px={14} onClick={() => ask('control.request')} disabled={busy} data-testid="ask-control">
            {t('control.ask')}
          </Button>
        ))}
      {mayControl && mayModerate && !elsewhere && (
        <Tooltip label={t('control.seize')}>
          <Button size="compact-sm" h={32} px={10} variant="default" onClick={() => ask('control.take')} disabled={busy} aria-label={t('control.seize')} data-testid="seize-control">
            <IconHandStop size={17} stroke={1.7} aria-hidden />
          </Button>
        </Tooltip>
      )}
    </div>
  );
}
