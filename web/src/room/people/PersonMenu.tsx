import { ActionIcon } from '@mantine/core';
import { IconDotsVertical } from '@tabler/icons-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Muted, PublicPerson, Role } from '@/api/types';
import { Dropdown } from '@/ui/Dropdown';
import { later } from '@/ui/later';
import { useRoom } from '../context';
import { useAsk, type Asked } from './Questions';
import { mayActOn } from './rank';

const PersonItems = later(() => import('./PersonItems').then((m) => ({ default: m.PersonItems })));

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
  const button = useRef<HTMLElement>(null);
  if (own === undefined || !mayActOn(own, role)) return null;
  const ask = (what: Asked): void => {
    button.current?.focus(); // where the question gives the focus back to: the menu's item is gone by then
    question(what, person);
  };
  return (
    <Dropdown
      kind="menu"
      position="bottom-end"
      width={230}
      ref={button}
      button={
        <ActionIcon aria-label={t('people.menu', { name: person.displayName })} data-testid="person-menu">
          <IconDotsVertical size={19} stroke={1.7} />
        </ActionIcon>
      }
    >
      <PersonItems own={own} person={person} role={role} muted={muted} ask={ask} />
    </Dropdown>
  );
}
