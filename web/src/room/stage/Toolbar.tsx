import { ActionIcon, Group, Indicator, Popover, Slider, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconActivity, IconArrowsMaximize, IconArrowsMinimize, IconMessageCircle, IconPictureInPicture, IconRectangle, IconRectangleFilled, IconVolume, IconVolume2, IconVolumeOff,
} from '@tabler/icons-react';
import { lazy, Suspense, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { CallButtons } from '../call/CallButtons';
import { useDriving, useHolds, useRoom } from '../context';
import { ControlPill } from '../control/ControlPill';
import { HandButton } from '../hands/HandButton';
import { setVolume, toggleMute, useSound } from '../preferences';
import type { View } from '../view';
import { MoreMenu } from './MoreMenu';
import { ReactButton } from './ReactButton';
import { Statistics } from './Statistics';
import { usePaste } from './usePaste';
import classes from './Toolbar.module.css';

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
  const [statsOpen, { toggle: toggleStats, close: closeStats, open: openStats }] = useDisclosure(false);
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
          <Popover opened={statsOpen} onChange={(open) => (open ? openStats() : closeStats())} position="top" width={320}>
            <Popover.Target>
              <Tooltip label={t('toolbar.statistics')} disabled={statsOpen}>
                <ActionIcon aria-label={t('toolbar.statistics')} aria-expanded={statsOpen} onClick={toggleStats} data-testid="statistics">
                  <IconActivity size={20} stroke={1.7} />
                </ActionIcon>
              </Tooltip>
            </Popover.Target>
            <Popover.Dropdown p="md" className={classes.menu} aria-label={t('statistics.title')}>
              <Statistics />
            </Popover.Dropdown>
          </Popover>
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
      {slider && <VolumeSlider className={classes.volume} />}
    </Group>
  );
}

export function VolumeSlider({ className }: { className?: string | undefined }) {
  const { t } = useTranslation();
  const { volume, muted } = useSound();
  return (
    <Slider
      className={className ?? ''}
      value={muted ? 0 : Math.round(volume * 100)}
      onChange={(value) => setVolume(value / 100)}
      min={0}
      max={100}
      size={4}
      thumbSize={14}
      label={(value) => t('toolbar.volumeValue', { value })}
      thumbLabel={t('toolbar.volume')}
      data-testid="volume"
    />
  );
}
