import { ActionIcon, Anchor, Button, Container, Group, Menu, Text, Tooltip, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconAdjustmentsCog, IconDoorExit, IconMoon, IconStethoscope, IconSun, IconUser } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useSession, useSignOut } from '@/account/session';
import { PersonAvatar } from './PersonAvatar';
import { LanguageChoice, LanguageMenu } from './Languages';
import { TurtleMark } from './TurtleMark';
import classes from './Page.module.css';

export function ThemeToggle() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const isDark = colorScheme !== 'light';
  const label = isDark ? t('theme.toLight') : t('theme.toDark');
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} data-testid="theme-toggle" onClick={() => setColorScheme(isDark ? 'light' : 'dark')}>
        {isDark ? <IconSun size={20} /> : <IconMoon size={20} />}
      </ActionIcon>
    </Tooltip>
  );
}

export function ProfileMenu() {
  const { t } = useTranslation();
  const session = useSession();
  const signOut = useSignOut();
  if (session.status !== 'signedIn') return null;
  const { person } = session;
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton aria-label={t('account.menu', { name: person.displayName })} data-testid="profile-menu" className={classes.profile}>
          <PersonAvatar person={person} size={34} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
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
      </Menu.Dropdown>
    </Menu>
  );
}

/** The frame of every page but the room. */
export function Page({ children, width = 1080 }: { children: ReactNode; width?: number }) {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <div className={classes.page}>
      <header className={classes.header}>
        <Anchor component={Link} to={session.status === 'signedIn' ? '/rooms' : '/'} underline="never" c="inherit" aria-label={t('app.home')}>
          <Group gap={10} wrap="nowrap">
            <TurtleMark size={30} />
            <Text component="span" fw={700} fz="lg" lts="-0.01em">
              {t('app.name')}
            </Text>
          </Group>
        </Anchor>
        <Group gap={6} wrap="nowrap">
          <ThemeToggle />
          {session.status === 'signedIn' && <ProfileMenu />}
          {session.status !== 'signedIn' && <LanguageMenu />}
          {session.status === 'signedOut' && (
            <Button component={Link} to="/sign-in" variant="subtle" color="gray" data-testid="signin-open">
              {t('account.signIn')}
            </Button>
          )}
        </Group>
      </header>
      <Container component="main" size={width} px={{ base: 'md', sm: 'xl' }} w="100%" className={classes.main}>
        {children}
      </Container>
    </div>
  );
}
