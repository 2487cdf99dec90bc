import { Menu, Text } from '@mantine/core';
import {
  IconActivity, IconAdjustmentsHorizontal, IconArrowsMaximize, IconArrowsMinimize, IconCamera, IconChevronLeft, IconChevronRight, IconClipboardText, IconCopy, IconDoorExit, IconHandClick, IconHandStop, IconHeadset, IconLink, IconPictureInPicture, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconRectangle,
} from '@tabler/icons-react';
import { useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useStore } from 'zustand';
import { useDriving, useMay, useRoom, useRoomSession } from '../context';
import { useHand } from '../hands/useHand';
import { pointerChoice, pointing } from '../pointers/preferences';
import { useQuality } from '../preferences';
import { viewersOf } from '../state/roomState';
import type { View } from '../view';
import { QualityChoice } from './QualityChoice';
import { useCapture } from './useCapture';
import classes from './Toolbar.module.css';

interface Props {
  view: View;
  live: boolean;
  running: boolean;
  mayTalk: boolean;
  video: RefObject<HTMLVideoElement | null>;
  onPaste: () => void;
  /** Null where this browser has none. */
  onPictureInPicture: (() => void) | null;
  /** What the items open; stop is null for whoever may not. */
  open: { links: () => void; call: () => void; statistics: () => void; stop: (() => void) | null };
}

export function MoreItems({ view, live, running, mayTalk, video, onPaste, onPictureInPicture, open }: Props) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const paused = useRoom((room) => room.paused);
  const driving = useDriving();
  const hand = useHand();
  const mayReact = useMay('react');
  const company = useRoom((room) => viewersOf(room).some(({ id, connected }) => connected && id !== room.self?.peer));
  const mine = useStore(pointerChoice, (choice) => choice.mine);
  const quality = useQuality();
  const [choosing, setChoosing] = useState(false);
  const small = view.narrow;
  const capture = useCapture(video, view.touch);
  if (choosing) {
    return (
      <>
        <Menu.Item className={classes.item} leftSection={<IconChevronLeft size={17} />} closeMenuOnClick={false} onClick={() => setChoosing(false)} aria-label={t('toolbar.back')}>
          <b>{t('toolbar.quality')}</b>
        </Menu.Item>
        <QualityChoice />
      </>
    );
  }
  return (
    <>
      {running && (
        <Menu.Item className={classes.item} leftSection={<IconLink size={17} />} onClick={open.links} data-testid="links">
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
        <Menu.Item className={classes.item} leftSection={<IconHeadset size={17} />} onClick={open.call} data-testid="call-settings">
          {t('call.settings')}
        </Menu.Item>
      )}
      {small && live && (
        <Menu.Item className={classes.item} leftSection={<IconActivity size={17} />} onClick={open.statistics} data-testid="statistics">
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
      {running && open.stop && (
        <Menu.Item className={classes.item} color="red" leftSection={<IconPlayerStop size={17} />} onClick={open.stop} data-testid="stop-browser">
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
}
