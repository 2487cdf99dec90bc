import { ActionIcon, Anchor, Button, Container, Group, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconLanguage, IconMoon, IconSun } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useSession } from '@/account/session';
import { Dropdown } from './Dropdown';
import { PersonAvatar } from './PersonAvatar';
import { later } from './later';
import { Tooltip } from './Tooltip';
import { TurtleMark } from './TurtleMark';
import classes from './Page.module.css';

const ProfileItems = later(() => import('./ProfileItems').then((m) => ({ default: m.ProfileItems })));
const Languages = later(() => import('./Languages').then((m) => ({ default: m.Languages })));

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
  if (session.status !== 'signedIn') return null;
  const { person } = session;
  return (
    <Dropdown
      kind="menu"
      position="bottom-end"
      width={220}
      button={
        <UnstyledButton aria-label={t('account.menu', { name: person.displayName })} data-testid="profile-menu" className={classes.profile}>
          <PersonAvatar person={person} size={34} />
        </UnstyledButton>
      }
    >
      <ProfileItems person={person} />
    </Dropdown>
  );
}

/** The choice on a page whose reader has no menu yet. */
function LanguageMenu() {
  const { t } = useTranslation();
  return (
    <Dropdown
      kind="menu"
      position="bottom-end"
      width={220}
      button={
        <Tooltip label={t('language.title')}>
          <ActionIcon aria-label={t('language.title')} data-testid="language-open">
            <IconLanguage size={20} />
          </ActionIcon>
        </Tooltip>
      }
    >
      <Languages />
    </Dropdown>
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
