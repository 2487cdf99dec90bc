import { ActionIcon, Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconDots } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { Suspense, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { useErrorText } from '@/ui/useErrorText';
import { Dialog } from '@/ui/Dialog';
import { Dropdown } from '@/ui/Dropdown';
import { later } from '@/ui/later';
import { useMay, useRoom } from '../context';
import { viewersOf } from '../state/roomState';
import type { View } from '../view';
import classes from './Toolbar.module.css';

const MoreItems = later(() => import('./MoreItems').then((m) => ({ default: m.MoreItems })));
const CallSettings = later(() => import('../call/CallSettings').then((m) => ({ default: m.CallSettings })));
const Statistics = later(() => import('./Statistics').then((m) => ({ default: m.Statistics })));
const LinkDialog = later(() => import('../links/LinkDialog'));
const CheckDialog = later(() => import('../check/CheckDialog'));

interface Props {
  view: View;
  live: boolean;
  video: RefObject<HTMLVideoElement | null>;
  onPaste: () => void;
  /** Null where this browser has none. */
  onPictureInPicture: (() => void) | null;
}

/** What is wanted seldom, and on a narrow screen what finds no place beside. */
export function MoreMenu({ view, live, video, onPaste, onPictureInPicture }: Props) {
  const { t } = useTranslation();
  const running = useRoom((room) => ['starting', 'ready', 'degraded'].includes(room.browser.state));
  const [reading, { open: openStatistics, close: closeStatistics }] = useDisclosure(false);
  const [calling, { open: openCall, close: closeCall }] = useDisclosure(false);
  const [linking, { open: openLinks, close: closeLinks }] = useDisclosure(false);
  const [checking, { open: openCheck, close: closeCheck }] = useDisclosure(false);
  const mayTalk = [useMay('voice'), useMay('video')].some(Boolean);
  const stop = useStop();
  if (!running && !view.immersive && !view.narrow) return null;

  return (
    <>
      <Dropdown
        kind="menu"
        position="top-end"
        width={250}
        dropdown={{ className: classes.menu }}
        button={
          <ActionIcon aria-label={t('toolbar.more')} data-testid="more">
            <IconDots size={20} stroke={1.7} />
          </ActionIcon>
        }
      >
        <MoreItems view={view} live={live} running={running} mayTalk={mayTalk} video={video} onPaste={onPaste} onPictureInPicture={onPictureInPicture} open={{ links: openLinks, call: openCall, statistics: openStatistics, stop: stop.may ? stop.begin : null }} />
      </Dropdown>
      <Dialog opened={reading} onClose={closeStatistics} title={t('statistics.title')}>
        <Statistics />
      </Dialog>
      <Dialog opened={calling} onClose={closeCall} title={t('call.settings')}>
        <CallSettings
          onCheck={() => {
            closeCall();
            openCheck();
          }}
        />
      </Dialog>
      <Suspense>{linking && <LinkDialog opened onClose={closeLinks} />}</Suspense>
      {checking && (
        <Suspense>
          <CheckDialog onClose={closeCheck} />
        </Suspense>
      )}
      {stop.question}
    </>
  );
}

/** Stopping the browser, with a question first where others watch. */
function useStop(): { may: boolean; begin: () => void; question: React.ReactNode } {
  const { t } = useTranslation();
  const api = useApi();
  const errorText = useErrorText();
  const { roomId, others, startedByMe } = useRoom((room) => ({
    roomId: room.room?.id ?? '',
    others: viewersOf(room).filter(({ id, connected }) => connected && id !== room.self?.peer).length,
    startedByMe: room.browser.startedBy !== undefined && room.browser.startedBy.id === room.peers.find(({ id }) => id === room.self?.peer)?.person?.id,
  }));
  const mayModerate = useMay('moderate');
  const [asking, { open, close }] = useDisclosure(false);
  const stop = useMutation({
    mutationFn: () => unwrap(api.DELETE('/rooms/{room}/browser', { params: { path: { room: roomId } } })),
    onError: (error) => notifications.show({ message: errorText(error), color: 'red' }),
    onSettled: close,
  });
  return {
    may: mayModerate || startedByMe,
    begin: () => (others > 0 ? open() : stop.mutate()),
    question: (
      <Dialog opened={asking} onClose={close} title={t('toolbar.stopTitle')}>
        <Stack>
          <Text c="dimmed">{t('toolbar.stopText', { count: others })}</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              {t('app.cancel')}
            </Button>
            <Button color="red" loading={stop.isPending} onClick={() => stop.mutate()} data-testid="stop-confirm">
              {t('toolbar.stopDo')}
            </Button>
          </Group>
        </Stack>
      </Dialog>
    ),
  };
}
