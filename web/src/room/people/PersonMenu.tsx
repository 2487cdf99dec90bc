import { ActionIcon, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { IconDotsVertical, IconDoorExit, IconKey, IconShield, IconShieldOff } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import type { PublicPerson, Role } from '@/api/types';
import { Confirm } from '@/ui/Confirm';
import { useErrorText } from '@/ui/useErrorText';
import { useRoom } from '../context';
import classes from './People.module.css';
import { mayActOn } from './rank';

type Asked = 'remove' | 'handOver';

/** What may be done about somebody in the room; nothing where that is nothing. The server decides again. */
export function PersonMenu({ person, role }: { person: PublicPerson; role: Role }) {
  const { t } = useTranslation();
  const api = useApi();
  const errorText = useErrorText();
  const { room, own } = useRoom((live) => ({ room: live.room?.id ?? '', own: live.self?.role }));
  const [asked, setAsked] = useState<Asked | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const { id: personId, displayName: name } = person;
  const path = { room, personId };
  const done = (message: string): void => {
    setAsked(null);
    notifications.show({ message, color: 'turtle' });
  };
  const setRole = useMutation({
    mutationFn: (to: 'moderator' | 'member') => unwrap(api.PUT('/rooms/{room}/members/{personId}', { params: { path }, body: { role: to } })),
    onSuccess: (_, to) => done(t(`people.nowRole.${to}`, { name })),
    onError: (error) => notifications.show({ message: errorText(error), color: 'orange' }),
  });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE('/rooms/{room}/members/{personId}', { params: { path } })),
    onSuccess: () => done(t('people.removed', { name })),
  });
  const handOver = useMutation({
    mutationFn: () => unwrap(api.PUT('/rooms/{room}/owner', { params: { path: { room } }, body: { person: personId } })),
    onSuccess: () => done(t('people.handedOver', { name })),
  });
  if (own === undefined || !mayActOn(own, role)) return null;
  const ask = (what: Asked): void => {
    remove.reset();
    handOver.reset();
    button.current?.focus(); // where the question gives the focus back to: the menu's item is gone by then
    setAsked(what);
  };
  const close = (): void => setAsked(null);
  return (
    <>
      <Menu position="bottom-end" width={230} classNames={{ item: classes.item }}>
        <Menu.Target>
          <ActionIcon ref={button} aria-label={t('people.menu', { name })} data-testid="person-menu">
            <IconDotsVertical size={19} stroke={1.7} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
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
          <Menu.Item color="red" leftSection={<IconDoorExit size={17} stroke={1.7} />} onClick={() => ask('remove')} data-testid="remove-person">
            {t('people.remove')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm opened={asked === 'remove'} onClose={close} title={t('people.removeTitle', { name })} text={t('people.removeText')} does={t('people.remove')} pending={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} testId="remove" />
      <Confirm opened={asked === 'handOver'} onClose={close} title={t('people.handOverTitle', { name })} text={t('people.handOverText')} does={t('people.handOverDo')} pending={handOver.isPending} error={handOver.error} onConfirm={() => handOver.mutate()} testId="hand-over" />
    </>
  );
}
