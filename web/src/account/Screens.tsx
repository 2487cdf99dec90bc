import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { unwrap } from '@/api/client';
import { keys, screensQuery } from '@/api/queries';
import type { SecondScreen } from '@/api/types';
import pageClasses from '@/ui/Page.module.css';
import { useErrorText } from '@/ui/useErrorText';
import { useApi } from './session';

/** The other screens to which one has brought a seat; nothing where there is none. */
export function Screens() {
  const { t } = useTranslation();
  const screens = useQuery(screensQuery(useApi())).data?.screens ?? [];
  if (screens.length === 0) return null;
  return (
    <section className={pageClasses.card} aria-labelledby="screens" data-testid="screens">
      <Stack gap="md">
        <div>
          <Title order={2} fz={20} id="screens">
            {t('screens.list')}
          </Title>
          <Text c="dimmed" fz="sm">
            {t('screens.listText')}
          </Text>
        </div>
        {screens.map((screen) => (
          <Group key={screen.id} justify="space-between" wrap="nowrap" data-testid="screen-item">
            <div style={{ minWidth: 0 }}>
              <Text fw={600}>{t(`screens.devices.${screen.device}`)}</Text>
              <Text fz="sm" c="dimmed" truncate>
                {screen.room.title}
              </Text>
            </div>
            <EndScreen screen={screen} />
          </Group>
        ))}
      </Stack>
    </section>
  );
}

/** Signs another screen out at once. */
export function EndScreen({ screen }: { screen: SecondScreen }) {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const errorText = useErrorText();
  const device = t(`screens.devices.${screen.device}`);
  const end = useMutation({
    mutationFn: () => unwrap(api.DELETE('/users/me/screens/{screenId}', { params: { path: { screenId: screen.id } } })),
    onSuccess: () => notifications.show({ message: t('screens.ended', { device }), color: 'turtle' }),
    onError: (error) => notifications.show({ message: errorText(error), color: 'orange' }),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.screens }),
  });
  return (
    <Button variant="light" color="red" size="sm" onClick={() => end.mutate()} loading={end.isPending} aria-label={t('screens.endNamed', { device, title: screen.room.title })} data-testid="screen-end">
      {t('screens.end')}
    </Button>
  );
}
