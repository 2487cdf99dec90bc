import { ActionIcon, Button, Group, Text } from '@mantine/core';
import { IconBan } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { DoorRequest } from '@/api/types';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { useSettled } from '@/ui/useSettled';
import { useRoom, useRoomSession } from '../context';
import { useAsk } from '../people/Questions';
import classes from './Door.module.css';

/** For those who may answer: the first who asks to come in, over the picture. */
export function DoorRequests() {
  const { t } = useTranslation();
  const door = useRoom((room) => room.door);
  const [first] = door;
  if (!first) return null;
  const text = t('door.asks', { name: first.person.displayName });
  return (
    <div className={classes.card} role="group" aria-label={text} data-over-stage data-testid="door-request">
      <Group gap="sm" wrap="nowrap">
        <PersonAvatar person={first.person} size={34} />
        <div role="status">
          <Text fz="sm" fw={600} lh={1.3}>
            {text}
          </Text>
          {door.length > 1 && (
            <Text fz="sm" c="dimmed">
              {t('door.more', { count: door.length - 1 })}
            </Text>
          )}
        </div>
      </Group>
      <Group gap={8} grow>
        <Answers request={first} />
      </Group>
    </div>
  );
}

/** All of them, above the people. */
export function DoorList() {
  const { t } = useTranslation();
  const door = useRoom((room) => room.door);
  if (door.length === 0) return null;
  return (
    <ul className={classes.list} aria-label={t('door.list')}>
      {door.map((request) => (
        <li key={request.id} data-testid="door-item">
          <PersonAvatar person={request.person} size={38} />
          <Text fw={600} lineClamp={2} lh={1.25} miw={0} flex={1} title={request.person.displayName}>
            {request.person.displayName}
          </Text>
          <Answers request={request} small />
          <Ban request={request} />
        </li>
      ))}
    </ul>
  );
}

function Answers({ request: { id, person }, small = false }: { request: DoorRequest; small?: boolean }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const settled = useSettled(id);
  const size = small ? 'compact-sm' : 'sm';
  const answer = (letIn: boolean): void => {
    if (settled) void session.ask('door.answer', { id, letIn });
  };
  return (
    <>
      <Button size={size} h={small ? 36 : undefined} aria-disabled={!settled} onClick={() => answer(true)} aria-label={t('door.letInName', { name: person.displayName })} data-testid="let-in">
        {t('door.letIn')}
      </Button>
      <Button size={size} h={small ? 36 : undefined} variant="default" aria-disabled={!settled} onClick={() => answer(false)} aria-label={t('door.denyName', { name: person.displayName })} data-testid="not-let-in">
        {t('door.deny')}
      </Button>
    </>
  );
}

/** For whoever rings without end, or by a name that nobody should read. */
function Ban({ request: { person } }: { request: DoorRequest }) {
  const { t } = useTranslation();
  const ask = useAsk();
  return (
    <ActionIcon color="red" aria-label={t('moderation.banName', { name: person.displayName })} onClick={() => ask('ban', person)} data-testid="ban-at-door">
      <IconBan size={19} stroke={1.7} />
    </ActionIcon>
  );
}
