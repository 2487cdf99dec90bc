import { ActionIcon, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { IconDeviceTv, IconHandFinger, IconLock, IconMouse, IconTransfer, IconUserPlus } from '@tabler/icons-react';
import { memo, Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Peer, Role } from '@/api/types';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { later } from '@/ui/later';
import { Tooltip } from '@/ui/Tooltip';
import { MediaMarks } from '../call/MediaMarks';
import { useHolds, useMay, useRoom, useRoomSession } from '../context';
import { DoorList } from '../door/DoorRequests';
import { HandAction, LowerAll } from '../hands/HandAction';
import { viewersOf } from '../state/roomState';
import { PersonMenu } from './PersonMenu';
import classes from './People.module.css';
import { Questions } from './Questions';

const ScreenDialog = later(() => import('../screens/ScreenDialog').then((m) => ({ default: m.ScreenDialog })));
const Moderation = later(() => import('./Moderation').then((m) => ({ default: m.Moderation })));

const order: readonly Role[] = ['owner', 'moderator', 'member', 'guest'];

/** Raised hands stand above the others, the first first. */
const first = ({ hand }: Peer): number => hand ?? Number.MAX_SAFE_INTEGER;

export function PeoplePanel({ onInvite }: { onInvite: () => void }) {
  const { t } = useTranslation();
  const { peers, self, holder, requests } = useRoom((room) => ({ peers: room.peers, self: room.self?.peer, holder: room.control.holder, requests: room.control.requests }));
  const mayInvite = useMay('invite');
  const mayModerate = useMay('moderate');
  const [screen, setScreen] = useState(false);
  const viewers = useMemo(() => [...viewersOf({ peers })].sort((a, b) => first(a) - first(b) || Number(b.id === self) - Number(a.id === self) || order.indexOf(a.role) - order.indexOf(b.role) || a.joinedAt.localeCompare(b.joinedAt)), [peers, self]);
  return (
    <Questions>
      <div className={classes.panel}>
        <DoorList />
        <LowerAll />
        <ul className={classes.list} aria-label={t('people.label')}>
          {viewers.map((peer) => (
            <Person key={peer.id} peer={peer} you={peer.id === self} drives={peer.id === holder} asks={requests.includes(peer.id)} />
          ))}
        </ul>
        {mayInvite && (
          <Button variant="light" leftSection={<IconUserPlus size={17} />} onClick={onInvite} mx="md" mt="xs" flex="none">
            {t('invite.dialog')}
          </Button>
        )}
        <Button variant="subtle" leftSection={<IconDeviceTv size={17} stroke={1.7} />} onClick={() => setScreen(true)} mx="md" mt="xs" flex="none" data-testid="screen-open">
          {t('screens.title')}
        </Button>
        <Suspense fallback={null}>{screen && <ScreenDialog opened onClose={() => setScreen(false)} />}</Suspense>
        {mayModerate ? (
          <Suspense fallback={null}>
            <Moderation />
          </Suspense>
        ) : (
          <Locked />
        )}
        <BrowserHealth />
      </div>
    </Questions>
  );
}

/** What is locked, for those who can't change it. */
function Locked() {
  const { t } = useTranslation();
  const { locked, controlLocked } = useRoom(({ room }) => ({ locked: room?.locked ?? false, controlLocked: room?.controlLocked ?? false }));
  const words = [locked && t('moderation.roomLocked'), controlLocked && t('moderation.controlLocked')].filter((one) => one !== false);
  return words.map((one) => (
    <Group key={one} gap={8} wrap="nowrap" mx="md" mt="sm" c="dimmed" data-testid="locked-note">
      <IconLock size={17} stroke={1.7} aria-hidden className={classes.whole} />
      <Text fz="sm">{one}</Text>
    </Group>
  ));
}

/** Rendered again only when something about them has changed: a room may be full. */
const Person = memo(function Person({ peer, you, drives, asks }: { peer: Peer; you: boolean; drives: boolean; asks: boolean }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const holds = useHolds();
  const name = peer.person?.displayName ?? t('control.somebody');
  const words = [peer.hand !== undefined && t('hand.up'), drives && t('people.driving'), asks && t('people.asking'), !peer.connected && t('people.away'), peer.muted?.chat === true && t('moderation.chatMuted'), peer.muted?.call === true && t('moderation.callMuted')].filter(Boolean).join(' · ');
  return (
    <li className={classes.person} data-away={!peer.connected || undefined} data-testid="people-item" data-peer={peer.id}>
      {peer.person && <PersonAvatar person={peer.person} size={38} />}
      <div className={classes.who}>
        <Group gap={7} wrap="nowrap">
          <Text fw={600} truncate miw={0} title={name}>
            {name}
          </Text>
          {you && (
            <Text c="dimmed" fz="sm" className={classes.whole}>
              {t('people.you')}
            </Text>
          )}
          {peer.role === 'guest' || (peer.role === 'member' && peer.person?.guest) ? (
            <Badge size="sm" variant="light" color="gray" tt="none" fw={600} className={classes.whole}>
              {t('people.guest')}
            </Badge>
          ) : (
            peer.role !== 'member' && (
              <Badge size="sm" variant="light" tt="none" fw={600} className={classes.whole}>
                {t(`roles.${peer.role}`)}
              </Badge>
            )
          )}
        </Group>
        {words && (
          <Text fz="sm" c="dimmed">
            {words}
          </Text>
        )}
      </div>
      <MediaMarks peer={peer} />
      <HandAction peer={peer} you={you} />
      {drives && <IconMouse size={19} stroke={1.7} color="var(--turtus-accent)" aria-hidden />}
      {asks && !drives && <IconHandFinger size={19} stroke={1.7} aria-hidden />}
      {holds && !you && peer.connected && (
        <Tooltip label={t('people.give')}>
          <ActionIcon aria-label={t('people.giveTo', { name })} onClick={() => void session.ask('control.give', { peer: peer.id })} data-testid="people-give">
            <IconTransfer size={19} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      )}
      {!you && peer.person && <PersonMenu person={peer.person} role={peer.role} muted={peer.muted} />}
    </li>
  );
});

/** What runs in the room's browser, when some of it does not. */
function BrowserHealth() {
  const { t } = useTranslation();
  const browser = useRoom((room) => room.browser);
  const unwell = browser.processes?.filter(({ state, restarts }) => state !== 'ready' || restarts > 0) ?? [];
  if (unwell.length === 0 || browser.state === 'stopped') return null;
  return (
    <Stack gap={4} className={classes.health}>
      <Text fz="sm" fw={600}>
        {t('people.processes')}
      </Text>
      {unwell.map((process) => (
        <Group key={process.name} justify="space-between" fz="sm" c="dimmed">
          <span>{process.name}</span>
          <span>{process.restarts > 0 ? t('people.restarted', { count: process.restarts }) : t(`processState.${process.state}`)}</span>
        </Group>
      ))}
    </Stack>
  );
}
