import { Button, SegmentedControl } from '@mantine/core';
import { IconScreenShare, IconScreenShareOff, IconVolume } from '@tabler/icons-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Share } from '@/call/Call';
import { useCallSession, useDuckedVolume } from '../call/hooks';
import { useSound } from '../preferences';
import { chooseView, type ShareView } from './view';
import classes from './Share.module.css';

/** The screen that somebody shares, where the viewer wants it, and whose it is. */
export default function SharedScreen({ share, view }: { share: Share; view: ShareView }) {
  const { t } = useTranslation();
  const name = share.peer.person?.displayName ?? t('control.somebody');
  return (
    <div className={classes.share} data-view={view} data-testid="shared-screen" role="group" aria-label={share.own ? t('share.yours') : t('share.theirs', { name })}>
      {view !== 'browser' && <Shown share={share} />}
      <div className={classes.bar}>
        <span className={classes.who} role="status">
          <IconScreenShare size={16} aria-hidden />
          <span>{share.own ? t('share.yours') : t('share.theirs', { name })}</span>
        </span>
        <SegmentedControl
          size="xs"
          radius="xl"
          aria-label={t('share.view')}
          value={view}
          onChange={(next) => chooseView(share, next)}
          data={(['screen', 'both', 'browser'] as const).map((value) => ({ value, label: t(`share.views.${value}`) }))}
          data-testid="share-view"
        />
        {share.own && <Own />}
      </div>
    </div>
  );
}

function Own() {
  const { t } = useTranslation();
  const { screen } = useCallSession();
  const { hint } = useStore(screen.store);
  return (
    <>
      <SegmentedControl
        size="xs"
        radius="xl"
        aria-label={t('share.hint')}
        value={hint}
        onChange={(next) => screen.setHint(next)}
        data={(['detail', 'motion'] as const).map((value) => ({ value, label: t(`share.hints.${value}`) }))}
        data-testid="share-hint"
      />
      <Button size="compact-md" color="red" leftSection={<IconScreenShareOff size={16} />} onClick={() => screen.stop()} data-testid="share-stop">
        {t('share.stop')}
      </Button>
    </>
  );
}

function Shown({ share: { picture, sound, own } }: { share: Share }) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const [silenced, setSilenced] = useState(false);
  const [seen, setSeen] = useState(false);
  const { volume, muted } = useSound();
  useDuckedVolume(video, volume);
  const wanted = useRef(false);
  useLayoutEffect(() => {
    wanted.current = muted || own;
  });
  useEffect(() => {
    const element = video.current;
    const tracks = [picture, sound].filter((track) => track !== null);
    if (!element || tracks.length === 0) return;
    element.srcObject = new MediaStream(tracks);
    // A browser may want a click before it lets a page be heard: then it begins without sound and says so. It is asked for what is wanted,
    // for whatever was muted before it always plays.
    element.muted = wanted.current;
    element.play().then(
      () => setSilenced(false),
      (error: unknown) => {
        if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
        element.muted = true;
        setSilenced(true);
        void element.play().catch(() => undefined);
      },
    );
    return () => {
      element.srcObject = null;
      setSeen(false);
    };
  }, [picture, sound]);
  useEffect(() => {
    if (video.current && !silenced) video.current.muted = muted || own;
  }, [muted, own, silenced]);
  const unsilence = (): void => {
    setSilenced(false);
    if (!video.current) return;
    video.current.muted = muted || own;
    void video.current.play().catch(() => undefined);
  };
  return (
    <div className={classes.shown} data-seen={seen || undefined}>
      <video ref={video} className={classes.video} autoPlay playsInline disableRemotePlayback onLoadedData={() => setSeen(true)} data-testid="shared-video" />
      {!seen && <p className={classes.waiting}>{t('share.coming')}</p>}
      {silenced && (
        <Button className={classes.sound} size="md" leftSection={<IconVolume size={20} />} onClick={unsilence} data-testid="share-unmute">
          {t('stage.sound')}
        </Button>
      )}
    </div>
  );
}
