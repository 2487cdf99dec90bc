import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { membersQuery } from '@/api/queries';
import type { Member } from '@/api/types';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { useRoom } from '../context';
import { Found, useSearch } from './Found';
import classes from './People.module.css';
import { PersonMenu } from './PersonMenu';

/** The members of the room who are not in it, and what may be done about them. */
export function Absent({ room }: { room: string }) {
  const { t } = useTranslation();
  const api = useApi();
  const search = useSearch();
  const { data, error } = useQuery(membersQuery(api, room, search.asked));
  const here = useRoom((live) => live.peers).map(({ person }) => person?.id);
  const rows = data?.members.filter(({ person }) => !here.includes(person.id)).map((member) => <Row key={member.person.id} member={member} />) ?? null;
  return <Found search={search} error={error} rows={rows} more={data?.more ?? false} none={t('moderation.absentNone')} label={t('moderation.absent')} />;
}

const Row = memo(function Row({ member: { person, role, muted } }: { member: Member }) {
  const { t } = useTranslation();
  const words = [t(`roles.${role}`), muted?.chat === true && t('moderation.chatMuted'), muted?.call === true && t('moderation.callMuted')].filter((one) => one !== false);
  return (
    <li className={classes.person} data-testid="absent-item">
      <PersonAvatar person={person} size={32} />
      <div className={classes.who}>
        <Text fw={600} truncate title={person.displayName}>
          {person.displayName}
        </Text>
        <Text fz="sm" c="dimmed">
          {words.join(' · ')}
        </Text>
      </div>
      <PersonMenu person={person} role={role} muted={muted} />
    </li>
  );
});
