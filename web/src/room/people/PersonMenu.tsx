import { ActionIcon, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconBan, IconDotsVertical, IconDoorExit, IconKey, IconMessageCircle, IconMessageCircleOff, IconMicrophone, IconMicrophoneOff, IconShield, IconShieldOff } from '@tabler/icons-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { keys } from '@/api/queries';
import type { MuteChange, Muted, PublicPerson, Role } from '@/api/types';
import { useErrorText } from '@/ui/useErrorText';
import { useRoom } from '../context';
import classes from './People.module.css';
import { useAsk, type Asked } from './Questions';
import { mayActOn } from './rank';

interface Props {
  person: PublicPerson;
  role: Role;
  muted: Muted | undefined;
}

/** What may be done about somebody, in the room or not; nothing where that is nothing. The server decides again. */
export function PersonMenu({ person, role, muted }: Props) {
  const { t } = useTranslation();
  const own = useRoom((live) => live.self?.role);
  const question = useAsk();
  const button = useRef<HTMLButtonElement>(null);
  if (own === undefined || !mayActOn(own, role)) return null;
  const ask = (what: Asked): void => {
    button.current?.focus(); // where the question gives the focus back to: the menu's item is gone by then
    question(what, person);
  };
  return (
    <Menu position="bottom-end" width={230} classNames={{ item: classes.item }}>
      <Menu.Target>
        <ActionIcon ref={button} aria-label={t('people.menu', { name: person.displayName })} data-testid="person-menu">
          <IconDotsVertical size={19} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Items own={own} person={person} role={role} muted={muted} ask={ask} />
      </Menu.Dropdown>
    </Menu>
  );
}

/** Built when the menu opens. */
function Items({ own, person, role, muted, ask }: Props & { own: Role; ask: (what: Asked) => void }) {
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
          <Menu.Item leftSection={<IconShieldOff size={17} stroke={1.7} />} onClick={() => setRole.mutate('member')} data-testid="make-member">
            {t('people.makeMember')}
          </Menu.Item>
        ) : (
          <Menu.Item leftSection={<IconShield size={17} stroke={1.7} />} onClick={() => setRole.mutate('moderator')} data-testid="make-moderator">
            {t('people.makeModerator')}
          </Menu.Item>
        ))}
      {own === 'owner' && !person.guest && (
        <Menu.Item leftSection={<IconKey size={17} stroke={1.7} />} onClick={() => ask('handOver')} data-testid="hand-over">
          {t('people.handOver')}
        </Menu.Item>
      )}
      {own === 'owner' && <Menu.Divider />}
      <Menu.Item leftSection={<ChatIcon size={17} stroke={1.7} />} onClick={() => mute.mutate({ chat: !chat })} data-testid="mute-chat">
        {chat ? t('moderation.unmuteChat') : t('moderation.muteChat')}
      </Menu.Item>
      <Menu.Item leftSection={<CallIcon size={17} stroke={1.7} />} onClick={() => mute.mutate({ call: !call })} data-testid="mute-call">
        {call ? t('moderation.unmuteCall') : t('moderation.muteCall')}
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item color="red" leftSection={<IconDoorExit size={17} stroke={1.7} />} onClick={() => ask('remove')} data-testid="remove-person">
        {t('people.remove')}
      </Menu.Item>
      <Menu.Item color="red" leftSection={<IconBan size={17} stroke={1.7} />} onClick={() => ask('ban')} data-testid="ban-person">
        {t('moderation.ban')}
      </Menu.Item>
    </>
  );
}
