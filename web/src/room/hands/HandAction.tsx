import { ActionIcon, Button } from '@mantine/core';
import { IconHandOff, IconHandStop } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Peer, Role } from '@/api/types';
import { Tooltip } from '@/ui/Tooltip';
import { useMay, useRoom, useRoomSession } from '../context';
import { mayActOn } from '../people/rank';
import { raisedOf } from '../state/roomState';
import classes from './Hands.module.css';
import { useHand } from './useHand';

/** A raised hand in somebody's row, and what may be done about it. In one's own row it is always there. */
export function HandAction({ peer, you }: { peer: Peer; you: boolean }) {
  if (you) return <Own />;
  return peer.hand !== undefined && <Raised peer={peer} />;
}

function Own() {
  const { t } = useTranslation();
  const { up, may, toggle } = useHand();
  return may && <Action label={t(up ? 'hand.lower' : 'hand.raise')} up={up} pressed={up} onClick={toggle} testId="own-hand" />;
}

function Raised({ peer }: { peer: Peer }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const may = useRoom((room) => room.self !== null && mayActOn(room.self.role, peer.role));
  if (!may) return <IconHandStop size={19} stroke={1.9} className={classes.up} aria-hidden data-testid="hand-up" />;
  return <Action label={t('hand.lowerOf', { name: peer.person?.displayName ?? t('control.somebody') })} up onClick={() => void session.ask('hand.lower', { peer: peer.id })} testId="hand-lower" />;
}

interface ActionProps {
  label: string;
  up: boolean;
  pressed?: boolean;
  onClick: () => void;
  testId: string;
}

function Action({ label, up, pressed, onClick, testId }: ActionProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon className={up ? (classes.up ?? '') : ''} aria-label={label} aria-pressed={pressed} onClick={onClick} data-testid={testId}>
        <IconHandStop size={20} stroke={1.9} />
      </ActionIcon>
    </Tooltip>
  );
}

/** For who moderates, as soon as it is less work than one after the other. */
export function LowerAll() {
  const { t } = useTranslation();
  const session = useRoomSession();
  const mayModerate = useMay('moderate');
  const count = useRoom((room) => {
    const own: Role = room.self?.role ?? 'guest';
    return raisedOf(room).filter(({ id, role }) => id === room.self?.peer || mayActOn(own, role)).length;
  });
  if (!mayModerate || count < 2) return null;
  return (
    <Button variant="default" size="compact-md" h={40} mx="md" mb={6} flex="none" leftSection={<IconHandOff size={17} />} onClick={() => void session.ask('hand.lower', { all: true })} data-testid="hands-lower-all">
      {t('hand.lowerAll')}
    </Button>
  );
}
