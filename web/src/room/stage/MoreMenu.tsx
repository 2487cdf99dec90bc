import { ActionIcon, Button, Group, Menu, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import {
  IconActivity, IconAdjustmentsHorizontal, IconArrowsMaximize, IconArrowsMinimize, IconCamera, IconChevronLeft, IconChevronRight, IconClipboardText, IconCopy, IconDoorExit, IconDots, IconHandClick, IconHandStop, IconHeadset, IconLink, IconPictureInPicture, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconRectangle,
} from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { lazy, Suspense, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useStore } from 'zustand';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { useErrorText } from '@/ui/useErrorText';
import { CallSettings } from '../call/CallSettings';
import { useDriving, useMay, useRoom, useRoomSession } from '../context';
import { useHand } from '../hands/useHand';
import { pointerChoice, pointing } from '../pointers/preferences';
import { useQuality } from '../preferences';
import { viewersOf } from '../state/roomState';
import type { View } from '../view';
import { QualityChoice } from './QualityChoice';
import { Statistics } from './Statistics';
import { useCapture } from './useCapture';
import classes from './Toolbar.module.css';

const LinkDialog = lazy(() => import('../links/LinkDialog'));
const CheckDialog = lazy(() => import('../check/CheckDialog'));

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
  const session = useRoomSession();
  const { running, paused } = useRoom((room) => ({ running: ['starting', 'ready', 'degraded'].includes(room.browser.state), paused: room.paused }));
  const driving = useDriving();
  const quality = useQuality();
  const [choosing, setChoosing] = useState(false);
  const [reading, { open: openStatistics, close: closeStatistics }] = useDisclosure(false);
  const [calling, { open: openCall, close: closeCall }] = useDisclosure(false);
  const [linking, { open: openLinks, close: closeLinks }] = useDisclosure(false);
  const [checking, { open: openCheck, close: closeCheck }] = useDisclosure(false);
  const hand = useHand();
  const mayReact = useMay('react');
  const company = useRoom((room) => viewersOf(room).some(({ id, connected }) => connected && id !== room.self?.peer));
  const mine = useStore(pointerChoice, (choice) => choice.mine);
  const mayTalk = [useMay('voice'), useMay('video')].some(Boolean);
  const stop = useStop();
  const small = view.narrow;
  const capture = useCapture(video, view.touch);
  if (!running && !view.immersive && !small) return null;

  const items = (
    <>
      {running && (
        <Menu.Item className={classes.item} leftSection={<IconLink size={17} />} onClick={openLinks} data-testid="links">
          {t('links.title')}
        </Menu.Item>
      )}
      {live && (
        <Menu.Item
          className={classes.item}
          leftSection={<IconAdjustmentsHorizontal size={17} />}
          rightSection={<IconChevronRight size={16} aria-hidden />}
          closeMenuOnClick={false}
          onClick={() => setChoosing(true)}
          data-testid="quality"
        >
          {t('toolbar.quality')}
          <Text fz="xs" c="dimmed">
            {t(`quality.${quality}`)}
          </Text>
        </Menu.Item>
      )}
      {live && quality !== 'sound' && (
        <Menu.Item className={classes.item} leftSection={<IconCamera size={17} />} onClick={capture.save} data-testid="picture-save">
          {t('capture.save')}
        </Menu.Item>
      )}
      {live && quality !== 'sound' && capture.copy && (
        <Menu.Item className={classes.item} leftSection={<IconCopy size={17} />} onClick={capture.copy} data-testid="picture-copy">
          {t('capture.copy')}
        </Menu.Item>
      )}
      {live && driving && (
        <Menu.Item className={classes.item} leftSection={<IconClipboardText size={17} />} onClick={onPaste} data-testid="paste">
          {t('toolbar.paste')}
        </Menu.Item>
      )}
      {small && hand.may && (
        <Menu.Item className={classes.item} leftSection={<IconHandStop size={17} />} onClick={hand.toggle} data-testid="hand">
          {t(hand.up ? 'hand.lower' : 'hand.raise')}
        </Menu.Item>
      )}
      {view.touch && live && !driving && mayReact && company && mine && (
        <Menu.Item className={classes.item} leftSection={<IconHandClick size={17} />} onClick={() => pointing.setState({ on: true })} data-testid="point">
          {t('pointers.point')}
        </Menu.Item>
      )}
      {small && mayTalk && (
        <Menu.Item className={classes.item} leftSection={<IconHeadset size={17} />} onClick={openCall} data-testid="call-settings">
          {t('call.settings')}
        </Menu.Item>
      )}
      {small && live && (
        <Menu.Item className={classes.item} leftSection={<IconActivity size={17} />} onClick={openStatistics} data-testid="statistics">
          {t('toolbar.statistics')}
        </Menu.Item>
      )}
      {small && live && onPictureInPicture && (
        <Menu.Item className={classes.item} leftSection={<IconPictureInPicture size={17} />} onClick={onPictureInPicture} data-testid="pip">
          {t('toolbar.pip')}
        </Menu.Item>
      )}
      {small && (
        <Menu.Item className={classes.item} leftSection={view.fullscreen ? <IconArrowsMinimize size={17} /> : <IconArrowsMaximize size={17} />} onClick={view.toggleFullscreen} data-testid="fullscreen">
          {view.fullscreen ? t('toolbar.leaveFullscreen') : t('toolbar.fullscreen')}
        </Menu.Item>
      )}
      {small && (
        <Menu.Item className={classes.item} leftSection={<IconRectangle size={17} />} onClick={view.toggleTheatre} data-testid="theatre">
          {view.theatre ? t('room.leaveTheatre') : t('room.theatre')}
        </Menu.Item>
      )}
      {running && (
        <Menu.Item className={classes.item} leftSection={paused ? <IconPlayerPlay size={17} /> : <IconPlayerPause size={17} />} onClick={() => session.setPaused(!paused)} data-testid="pause-picture">
          {paused ? t('stage.resume') : t('toolbar.pause')}
        </Menu.Item>
      )}
      {running && stop.may && (
        <Menu.Item className={classes.item} color="red" leftSection={<IconPlayerStop size={17} />} onClick={stop.begin} data-testid="stop-browser">
          {t('toolbar.stop')}
        </Menu.Item>
      )}
      {view.immersive && (
        <Menu.Item className={classes.item} leftSection={<IconDoorExit size={17} />} component={Link} to="/rooms" data-testid="leave-room">
          {t('room.leave')}
        </Menu.Item>
      )}
    </>
  );

  return (
    <>
      <Menu position="top-end" width={250} onOpen={() => setChoosing(false)} closeOnItemClick>
        <Menu.Target>
          <ActionIcon aria-label={t('toolbar.more')} data-testid="more">
            <IconDots size={20} stroke={1.7} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown className={classes.menu}>
          {choosing ? (
            <>
              <Menu.Item className={classes.item} leftSection={<IconChevronLeft size={17} />} closeMenuOnClick={false} onClick={() => setChoosing(false)} aria-label={t('toolbar.back')}>
                <b>{t('toolbar.quality')}</b>
              </Menu.Item>
              <QualityChoice />
            </>
          ) : (
            items
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={reading} onClose={closeStatistics} title={t('statistics.title')} closeButtonProps={{ 'aria-label': t('app.close') }}>
        <Statistics />
      </Modal>
      <Modal opened={calling} onClose={closeCall} title={t('call.settings')} closeButtonProps={{ 'aria-label': t('app.close') }}>
        <CallSettings
          onCheck={() => {
            closeCall();
            openCheck();
          }}
        />
      </Modal>
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
      <Modal opened={asking} onClose={close} title={t('toolbar.stopTitle')} closeButtonProps={{ 'aria-label': t('app.close') }}>
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
      </Modal>
    ),
  };
}
