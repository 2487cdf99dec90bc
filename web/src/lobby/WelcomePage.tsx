import { Alert, Button, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconEye, IconHomeHeart, IconSteeringWheel } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useLocation } from 'react-router';
import { isAccountDeleted } from '@/account/deleted';
import { useApi, useSession } from '@/account/session';
import { serverQuery } from '@/api/queries';
import { Page } from '@/ui/Page';
import { TurtleMark } from '@/ui/TurtleMark';
import classes from './Lobby.module.css';

export function WelcomePage() {
  const { t } = useTranslation();
  const session = useSession();
  const { state } = useLocation() as { state: unknown };
  const server = useQuery(serverQuery(useApi()));
  if (session.status === 'signedIn') return <Navigate to="/rooms" replace />;
  const firstRun = server.data?.firstRun ?? false;
  const setUp = server.data?.setupTokenNeeded ?? false;
  const closed = server.data?.signUps === 'closed' && !firstRun;
  const points = [
    { icon: IconEye, title: t('welcome.point1'), text: t('welcome.point1Text') },
    { icon: IconSteeringWheel, title: t('welcome.point2'), text: t('welcome.point2Text') },
    { icon: IconHomeHeart, title: t('welcome.point3'), text: t('welcome.point3Text') },
  ];
  return (
    <Page>
      <Stack my="auto" gap={56}>
        <Stack align="center" ta="center" gap="lg">
          {isAccountDeleted(state) && (
            <Alert variant="light" radius="lg" role="status" data-testid="account-deleted">
              {t('account.deleted')}
            </Alert>
          )}
          <TurtleMark size={104} />
          <Title order={1} className={classes.hero}>
            {t('welcome.title')}
          </Title>
          <Text fz={{ base: 'lg', sm: 20 }} c="dimmed" maw={600} lh={1.5}>
            {t('welcome.text')}
          </Text>
          {firstRun && (
            <Alert variant="light" radius="lg" data-testid="first-run">
              {setUp ? t('welcome.setUpText') : t('welcome.firstRun')}
            </Alert>
          )}
          <Group justify="center" gap="sm" mt={4}>
            {!closed && (
              <Button component={Link} to={setUp ? '/setup' : '/sign-up'} size="lg" data-testid="welcome-signup">
                {setUp ? t('welcome.setUp') : t('welcome.signUp')}
              </Button>
            )}
            {!firstRun && (
              <Button component={Link} to="/sign-in" size="lg" variant={closed ? 'filled' : 'default'} data-testid="welcome-signin">
                {t('welcome.signIn')}
              </Button>
            )}
          </Group>
          <Text fz="sm" c="dimmed">
            {closed ? t('welcome.closed') : server.data?.signUps === 'invite' ? t('welcome.byInvite') : t('welcome.invited')}
          </Text>
        </Stack>
        <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="xl" maw={900} mx="auto">
          {points.map(({ icon: Icon, title, text }) => (
            <Stack key={title} gap={6}>
              <Icon size={26} stroke={1.6} color="var(--turtus-accent)" aria-hidden />
              <Text fw={650}>{title}</Text>
              <Text c="dimmed" fz="sm" lh={1.5}>
                {text}
              </Text>
            </Stack>
          ))}
        </SimpleGrid>
      </Stack>
    </Page>
  );
}
