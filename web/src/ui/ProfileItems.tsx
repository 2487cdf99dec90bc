import { Menu } from '@mantine/core';
import { IconAdjustmentsCog, IconDoorExit, IconStethoscope, IconUser } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useSignOut } from '@/account/session';
import type { Person } from '@/api/types';
import { LanguageChoice } from './Languages';

export function ProfileItems({ person }: { person: Person }) {
  const { t } = useTranslation();
  const signOut = useSignOut();
  return (
    <>
      <Menu.Label>{person.kind === 'guest' ? t('account.guestName', { name: person.displayName }) : (person.username ?? person.displayName)}</Menu.Label>
      <Menu.Item leftSection={<IconUser size={16} />} component={Link} to="/profile" data-testid="profile-open">
        {person.kind === 'guest' ? t('account.claimShort') : t('account.profile')}
      </Menu.Item>
      {person.administrator && (
        <Menu.Item leftSection={<IconAdjustmentsCog size={16} />} component={Link} to="/admin/people" data-testid="admin-open">
          {t('admin.title')}
        </Menu.Item>
      )}
      {person.administrator && (
        <Menu.Item leftSection={<IconStethoscope size={16} />} component={Link} to="/admin/doctor" data-testid="doctor-open">
          {t('doctor.title')}
        </Menu.Item>
      )}
      <LanguageChoice />
      <Menu.Item leftSection={<IconDoorExit size={16} />} onClick={() => void signOut()} data-testid="sign-out">
        {t('account.signOut')}
      </Menu.Item>
    </>
  );
}
