import { ActionIcon, Group, Indicator } from '@mantine/core';
import {
  IconActivity, IconArrowsMaximize, IconArrowsMinimize, IconMessageCircle, IconPictureInPicture, IconRectangle, IconRectangleFilled, IconVolume, IconVolume2, IconVolumeOff,
} from '@tabler/icons-react';
import { lazy, Suspense, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { CallButtons } from '../call/CallButtons';
import { useDriving, useHolds, useRoom } from '../context';
import { ControlPill } from '../control/ControlPill';
import { HandButton } from '../hands/HandButton';
import { toggleMute, useSound } from '../preferences';
import type { View } from '../view';
import { Dropdown } from '@/ui/Dropdown';
import { later } from '@/ui/later';
import { Tooltip } from '@/ui/Tooltip';
import { MoreMenu } from './MoreMenu';
import { ReactButton } from './ReactButton';
import { usePaste } from './usePaste';
import classes from './Toolbar.module.css';

const Statistics = later(() => import('./Statistics').then((m) => ({ default: m.Statistics })));
const VolumeSlider = later(() => import('./VolumeSlider').then((m) => ({ default: m.VolumeSlider })));
const TouchTools = lazy(() => import('../touch/TouchTools'));

interface Props {
  view: View;
  video: RefObject<HTMLVideoElement | null>;
  touchTyping: boolean;
  onTouchTyping: (on: boolean) => void;
  unread: number;
  onChat: () => void;
}

export function Toolbar({ view, video, touchTyping, onTouchTyping, unread, onChat }: Props) {
  const { t } = useTranslation();
  const live = useRoom((room) => room.stream === 'live' || room.stream === 'interrupted');
  const driving = useDriving();
  const holds = useHolds();
  const [statsOpen, setStatsOpen] = useState(false);
  const pip = 'pictureInPictureEnabled' in document && document.pictureInPictureEnabled;
  const small = view.narrow;
  const paste = usePaste();
  const picturesOut = (): void => {
    const out = document.pictureInPictureElement ? document.exitPictureInPicture() : video.current?.requestPictureInPicture();
    void out?.catch(() => undefined);
  };
  const floating = view.immersive || undefined;

  return (
    // A click on a button leaves the keyboard where it is: with the picture, for whoever drives.
    <div
      onMouseDown={(event) => event.target instanceof Element && event.target.closest('button') && event.preventDefault()}
      className={classes.toolbar} role="toolbar" aria-label={t('toolbar.label')} data-floating={floating} data-mantine-color-scheme={floating ? 'dark' : undefined}>
      <Group gap={8} wrap="nowrap" miw={0} flex={1}>
        {/* Who holds control may release it without a picture too. */}
        {(live || holds) && <ControlPill short={view.narrow} />}
      </Group>
      {live && driving && view.touch && (
        <Suspense>
          <TouchTools typing={touchTyping} onTyping={onTouchTyping} onPaste={paste.begin} />
        </Suspense>
      )}
      <Group gap={small ? 0 : 4} wrap="nowrap">
        <CallButtons small={small} touch={view.touch} />
        {live && <ReactButton />}
        <HandButton shown={!small} />
        {live && <Volume slider={!small} />}
        {live && !small && (
          <Dropdown
            kind="dialog"
            opened={statsOpen}
            onChange={setStatsOpen}
            position="top"
            width={320}
            trapFocus={false}
            dropdown={{ p: 'md', className: classes.menu, 'aria-label': t('statistics.title') }}
            button={
              <Tooltip label={t('toolbar.statistics')} disabled={statsOpen}>
                <ActionIcon aria-label={t('toolbar.statistics')} data-testid="statistics">
                  <IconActivity size={20} stroke={1.7} />
                </ActionIcon>
              </Tooltip>
            }
          >
            <Statistics />
          </Dropdown>
        )}
        {live && pip && !small && (
          <Tool label={t('toolbar.pip')} onClick={picturesOut} testId="pip">
            <IconPictureInPicture size={20} stroke={1.7} />
          </Tool>
        )}
        {view.immersive && (
          <Tool label={t('chat.label')} onClick={onChat} testId="overlay-chat">
            <Indicator disabled={unread === 0} label={unread} size={16} offset={2}>
              <IconMessageCircle size={20} stroke={1.7} />
            </Indicator>
          </Tool>
        )}
        {!small && (
          <Tool label={view.theatre ? t('room.leaveTheatre') : t('room.theatre')} onClick={view.toggleTheatre} active={view.theatre} testId="theatre">
            {view.theatre ? <IconRectangleFilled size={20} /> : <IconRectangle size={20} stroke={1.7} />}
          </Tool>
        )}
        {!small && (
          <Tool label={view.fullscreen ? t('toolbar.leaveFullscreen') : t('toolbar.fullscreen')} onClick={view.toggleFullscreen} testId="fullscreen">
            {view.fullscreen ? <IconArrowsMinimize size={20} stroke={1.7} /> : <IconArrowsMaximize size={20} stroke={1.7} />}
          </Tool>
        )}
        <MoreMenu view={view} live={live} video={video} onPaste={paste.begin} onPictureInPicture={pip ? picturesOut : null} />
      </Group>
      {paste.box}
    </div>
  );
}

function Tool({ label, onClick, children, active = false, testId }: { label: string; onClick: () => void; children: React.ReactNode; active?: boolean; testId: string }) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} aria-pressed={active || undefined} onClick={onClick} data-testid={testId} color={active ? 'turtle' : 'gray'}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function Volume({ slider }: { slider: boolean }) {
  const { t } = useTranslation();
  const { volume, muted } = useSound();
  const silent = muted || volume === 0;
  const Icon = silent ? IconVolumeOff : volume < 0.5 ? IconVolume2 : IconVolume;
  return (
    <Group gap={2} wrap="nowrap">
      <Tool label={silent ? t('toolbar.unmute') : t('toolbar.mute')} onClick={toggleMute} testId="mute">
        <Icon size={20} stroke={1.7} />
      </Tool>
      {slider && (
        <Suspense fallback={<div className={classes.volume} />}>
          <VolumeSlider className={classes.volume} />
        </Suspense>
      )}
    </Group>
  );
}
