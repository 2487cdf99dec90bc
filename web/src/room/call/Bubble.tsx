import { Button, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconAntennaBars2, IconCameraRotate, IconHandStop, IconMicrophoneOff, IconPlugConnectedX, IconVideoOff, IconVolumeOff } from '@tabler/icons-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Peer } from '@/api/types';
import type { CallPerson } from '@/call/Call';
import { bubbles, volumes } from '@/call/preferences';
import { Dropdown } from '@/ui/Dropdown';
import { later } from '@/ui/later';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { useCall, useCallSession, useDevices } from './hooks';
import classes from './Call.module.css';

const PersonVolume = later(() => import('@/ui/Slider'));

type Words = readonly string[];

/** Another person of the call: their picture or their face, whether they speak, and how loud they are here. */
export function FriendBubble({ person, size }: { person: CallPerson; size: number }) {
  const { t } = useTranslation();
  const { peer, picture, link, rests } = person;
  const speaks = useCall(({ speaking }) => speaking.includes(peer.id));
  const quality = useCall((call) => call.quality[peer.id] ?? null);
  const id = peer.person?.id ?? peer.id;
  const volume = useStore(volumes, (all) => all[id] ?? 1);
  const name = peer.person?.displayName ?? t('control.somebody');
  const sends = peer.media.microphone || peer.media.camera;
  const trouble = sends && link === 'interrupted' ? t('call.interrupted') : sends && link === 'connecting' ? t('call.connecting') : quality?.reason ? t(`call.quality.${quality.reason}.${quality.side ?? 'between'}`, { name }) : null;
  const words = [speaks ? t('call.speaking') : peer.media.microphone ? t('call.on') : t('call.off'), peer.media.camera && (rests ? t('call.rests') : t('call.cameraOn')), peer.hand !== undefined && t('hand.up'), !peer.connected && t('people.away'), trouble].filter((word) => typeof word === 'string');
  return (
    <Round
      peer={peer} name={name} size={size} speaks={speaks} picture={picture} words={words} muted={!peer.media.microphone} testId="bubble"
      mark={quality && link === 'connected' ? <IconAntennaBars2 size={14} aria-hidden data-testid="quality-mark" data-level={quality.level} data-reason={quality.reason} /> : trouble !== null ? <IconPlugConnectedX size={14} aria-hidden /> : rests ? <IconVideoOff size={14} aria-hidden data-testid="rests-mark" /> : volume === 0 ? <IconVolumeOff size={14} aria-hidden /> : null}
    >
      <Text fz="sm">{t('call.volumeOf', { name })}</Text>
      <PersonVolume value={Math.round(volume * 100)} onChange={(value) => volumes.setState({ [id]: value / 100 })} label={(value) => t('toolbar.volumeValue', { value })} thumbLabel={t('call.volumeOf', { name })} size={4} thumbSize={18} mx={14} data-testid="person-volume" />
      <Button variant="default" size="compact-md" onClick={() => volumes.setState({ [id]: volume === 0 ? 1 : 0 })} data-testid="person-mute">
        {volume === 0 ? t('call.hearAgain') : t('call.silence')}
      </Button>
    </Round>
  );
}

/** This person, mirrored as in a mirror. */
export function OwnBubble({ peer, size }: { peer: Peer; size: number }) {
  const { t } = useTranslation();
  const { devices } = useCallSession();
  const { microphone, track, canFlip } = useDevices((state) => ({ microphone: state.microphone, track: state.cameraTrack, canFlip: state.canFlip }));
  const speaks = useCall(({ speaking }) => speaking.includes(peer.id));
  const { hideOwn } = useStore(bubbles);
  const words = [speaks ? t('call.speaking') : microphone === 'on' ? t('call.on') : t('call.off'), peer.hand !== undefined && t('hand.up')].filter((word) => typeof word === 'string');
  return (
    <Round peer={peer} name={t('call.you')} size={size} speaks={speaks} picture={hideOwn ? null : track} mirror={!devices.facesAway} words={words} muted={microphone !== 'on'} mark={null} testId="own-bubble">
      {track && canFlip && (
        <Button variant="default" size="compact-md" leftSection={<IconCameraRotate size={16} />} onClick={() => void devices.flipCamera()} data-testid="flip-own">
          {t('call.flip')}
        </Button>
      )}
      {track && (
        <Button variant="default" size="compact-md" onClick={() => bubbles.setState({ hideOwn: !hideOwn })} data-testid="hide-own">
          {hideOwn ? t('call.showOwn') : t('call.hideOwn')}
        </Button>
      )}
    </Round>
  );
}

interface RoundProps {
  peer: Peer;
  name: string;
  size: number;
  speaks: boolean;
  muted: boolean;
  picture: MediaStreamTrack | null;
  mirror?: boolean;
  words: Words;
  mark: ReactNode;
  testId: string;
  children: ReactNode;
}

const longPress = 450;

function Round({ peer, name, size, speaks, muted, picture, mirror = false, words, mark, testId, children }: RoundProps) {
  const [open, setOpen] = useState(false);
  const pressing = useRef<ReturnType<typeof setTimeout> | null>(null);
  const held = useRef(false);
  const release = (): void => {
    if (pressing.current !== null) clearTimeout(pressing.current);
    pressing.current = null;
  };
  useEffect(() => release, []);
  return (
    <li className={classes.bubble} style={{ '--size': `${size}px` } as React.CSSProperties} data-speaking={speaks || undefined} data-away={!peer.connected || undefined} data-testid={testId} data-peer={peer.id}>
      <Dropdown
        kind="dialog"
        opened={open}
        onChange={setOpen}
        position="bottom"
        width={230}
        dropdown={{ 'aria-label': name }}
        button={
          <UnstyledButton
            className={classes.face}
            aria-label={[name, ...words].join(', ')}
            onClick={() => {
              // The finger that held it long has opened it already.
              if (held.current) held.current = false;
              else setOpen(!open);
            }}
            onPointerDown={(event) => {
              held.current = false;
              if (event.pointerType !== 'touch') return;
              pressing.current = setTimeout(() => {
                held.current = true;
                setOpen(true);
              }, longPress);
            }}
            onPointerUp={release}
            onPointerLeave={release}
            onContextMenu={(event) => event.preventDefault()}
          >
            {peer.person && <PersonAvatar person={peer.person} size={size} />}
            {picture && <Picture track={picture} mirror={mirror} />}
          </UnstyledButton>
        }
      >
        <Stack gap="xs">
          <div>
            <Text fw={600} truncate>
              {peer.person?.displayName ?? name}
            </Text>
            <Text fz="sm" c="dimmed">
              {words.join(' · ')}
            </Text>
          </div>
          {children}
        </Stack>
      </Dropdown>
      {muted && (
        <span className={classes.muted} data-testid="muted-mark">
          <IconMicrophoneOff size={size > 70 ? 14 : 12} aria-hidden />
        </span>
      )}
      {peer.hand !== undefined && (
        <span className={classes.hand} data-testid="hand-mark">
          <IconHandStop size={size > 70 ? 17 : 15} aria-hidden />
        </span>
      )}
      {mark && <span className={classes.mark}>{mark}</span>}
      <span className={classes.name} aria-hidden>
        {name}
      </span>
    </li>
  );
}

function Picture({ track, mirror }: { track: MediaStreamTrack; mirror: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const came = (): void => setSeen(true);
    element.srcObject = new MediaStream([track]);
    // Data are there before anything of them is on the screen; the older browsers tell of no more.
    if ('requestVideoFrameCallback' in element) element.requestVideoFrameCallback(came);
    else (element as HTMLVideoElement).onloadeddata = came;
    void element.play().catch(() => undefined);
    return () => {
      element.srcObject = null;
      setSeen(false);
    };
  }, [track]);
  // The face stays until there is a picture to see.
  return <video ref={video} className={classes.picture} data-mirror={mirror || undefined} data-seen={seen || undefined} muted playsInline autoPlay disablePictureInPicture disableRemotePlayback aria-hidden tabIndex={-1} />;
}
