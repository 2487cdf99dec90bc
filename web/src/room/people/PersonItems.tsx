import { Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconBan, IconDoorExit, IconKey, IconMessageCircle, IconMessageCircleOff, IconMicrophone, IconMicrophoneOff, IconShield, IconShieldOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { keys } from '@/api/queries';
import type { MuteChange, Muted, PublicPerson, Role } from '@/api/types';
import { useErrorText } from '@/ui/useErrorText';
import { useRoom } from '../context';
import type { Asked } from './Questions';
import classes from './People.module.css';

interface Props {
  own: Role;
  person: PublicPerson;
  role: Role;
  muted: Muted | undefined;
  ask: (what: Asked) => void;
}

export function PersonItems({ own, person, role, muted, ask }: Props) {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const errorText = useErrorText();
  const room = useRoom((live) => live.room?.id ?? '');
  const { id: personId, displayName: name } = person;
  const path = { room, personId };
  const failed = (error: Error): void => void notifications.show({ message: errorText(error), color: 'orange' });
  const done = (message: string): void => {
    notifications.show({ message, color: 'turtle' });
    void queries.invalidateQueries({ queryKey: keys.members(room) });
  };
  const setRole = useMutation({
    mutationFn: (to: 'moderator' | 'member') => unwrap(api.PUT('/rooms/{room}/members/{personId}', { params: { path }, body: { role: to } })),
    onSuccess: (_, to) => done(t(`people.nowRole.${to}`, { name })),
    onError: failed,
  });
  const mute = useMutation({
    mutationFn: (body: MuteChange) => unwrap(api.PUT('/rooms/{room}/members/{personId}/mute', { params: { path }, body })),
    onSuccess: (_, body) => done(Object.values(body).includes(true) ? t('moderation.nowMuted', { name }) : t('moderation.nowUnmuted', { name })),
    onError: failed,
  });
  const { chat, call } = muted ?? { chat: false, call: false };
  const ChatIcon = chat ? IconMessageCircle : IconMessageCircleOff;
  const CallIcon = call ? IconMicrophone : IconMicrophoneOff;
  return (
    <>
      {own === 'owner' &&
        (role === 'moderator' ? (
          <Menu.Item className={classes.item} leftSection={<IconShieldOff size={17} stroke={1.7} />} onClick={() => setRole.mutate('member')} data-testid="make-member">
            {t('people.makeMember')}
          </Menu.Item>
        ) : (
          <Menu.Item className={classes.item} leftSection={<IconShield size={17} stroke={1.7} />} onClick={() => setRole.mutate('moderator')} data-testid="make-moderator">
            {t('people.makeModerator')}
          </Menu.Item>
        ))}
      {own === 'owner' && !person.guest && (
        <Menu.Item className={classes.item} leftSection={<IconKey size={17} stroke={1.7} />} onClick={() => ask('handOver')} data-testid="hand-over">
          {t('people.handOver')}
        </Menu.Item>
      )}
      {own === 'owner' && <Menu.Divider />}
      <Menu.Item className={classes.item} leftSection={<ChatIcon size={17} stroke={1.7} />} onClick={() => mute.mutate({ chat: !chat })} data-testid="mute-chat">
        {chat ? t('moderation.unmuteChat') : t('moderation.muteChat')}
      </Menu.Item>
      <Menu.Item className={classes.item} leftSection={<CallIcon size={17} stroke={1.7} />} onClick={() => mute.mutate({ call: !call })} data-testid="mute-call">
        {call ? t('moderation.unmuteCall') : t('moderation.muteCall')}
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item className={classes.item} color="red" leftSection={<IconDoorExit size={17} stroke={1.7} />} onClick={() => ask('remove')} data-testid="remove-person">
        {t('people.remove')}
      </Menu.Item>
      <Menu.Item className={classes.item} color="red" leftSection={<IconBan size={17} stroke={1.7} />} onClick={() => ask('ban')} data-testid="ban-person">
        {t('moderation.ban')}
      </Menu.Item>
    </>
  );
}
