import { Alert, Button, Group, Modal, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { EndScreen } from '@/account/Screens';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { screensQuery } from '@/api/queries';
import { QrCode } from '@/ui/QrCode';
import { useErrorText } from '@/ui/useErrorText';
import { clock, useNow } from '@/ui/useNow';
import { useRoom } from '../context';
import { isLoopback } from '../invite/loopback';

/** Brings one's own seat to another screen, by a code that is typed or scanned there. */
export function ScreenDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const api = useApi();
  const errorText = useErrorText();
  const room = useRoom((live) => live.room?.id ?? '');
  const make = useMutation({ mutationFn: () => unwrap(api.POST('/rooms/{room}/screens', { params: { path: { room } } })) });
  const { mutate } = make;
  // Whoever opens it wants a code: one is made, once.
  const made = useRef(false);
  useEffect(() => {
    if (made.current || room === '') return;
    made.current = true;
    mutate();
  }, [mutate, room]);
  const code = make.data;
  const screens = useQuery({ ...screensQuery(api), enabled: opened, refetchInterval: 2000 }).data?.screens ?? [];
  const linked = screens.find(({ id }) => id === code?.screen);
  // A code works once, also when the screen is signed out again.
  const [used, setUsed] = useState<string | null>(null);
  if (linked && linked.id !== used) setUsed(linked.id);
  const now = useNow(opened && !linked);
  const left = code && code.screen !== used ? Date.parse(code.expiresAt) - now : 0;
  const again = (
    <Button onClick={() => mutate()} loading={make.isPending} data-testid="screen-again">
      {t('screens.another')}
    </Button>
  );
  return (
    <Modal opened={opened} onClose={onClose} title={t('screens.title')} closeButtonProps={{ 'aria-label': t('app.close') }}>
      <Stack gap="md" data-testid="screen-dialog">
        <Text c="dimmed">{t('screens.text')}</Text>
        {isLoopback(location.hostname) && (
          <Text fz="sm" c="orange">
            {t('invite.loopback')}
          </Text>
        )}
        {make.error && (
          <Alert color="red" role="alert">
            {errorText(make.error)}
          </Alert>
        )}
        {!code && !make.error && <Skeleton h={200} radius="md" />}
        <div role="status">
          {linked && (
            <Group justify="space-between" data-testid="screen-linked">
              <Text fw={600}>{t('screens.linked', { device: t(`screens.devices.${linked.device}`) })}</Text>
              <EndScreen screen={linked} />
            </Group>
          )}
        </div>
        {code && !linked && left > 0 && (
          <Stack align="center" gap="sm" ta="center">
            <Text>{t('screens.open')}</Text>
            <Text fw={600} fz="lg" style={{ overflowWrap: 'anywhere' }} data-testid="screen-url">
              {code.url.replace(/^https?:\/\//, '')}
            </Text>
            <Text>{t('screens.type')}</Text>
            <Text fw={700} fz={34} lts="0.1em" className="tnum" data-testid="screen-code">
              {code.code}
            </Text>
            <QrCode text={code.link} label={t('screens.qr')} />
            <Text c="dimmed" fz="sm" className="tnum">
              {t('screens.left', { time: clock(left) })}
            </Text>
          </Stack>
        )}
        {code && !linked && left <= 0 && <Text>{t(code.screen === used ? 'screens.signedOut' : 'screens.over')}</Text>}
        {(code ? left <= 0 : make.error !== null) && <Group justify="flex-end">{again}</Group>}
      </Stack>
    </Modal>
  );
}
