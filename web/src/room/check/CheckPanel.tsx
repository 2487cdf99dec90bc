import { ActionIcon, Alert, Stack } from '@mantine/core';
import { IconMicrophone, IconMicrophoneOff, IconVideo, IconVideoOff } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Devices } from '@/call/Devices';
import { choice } from '@/call/preferences';
import { Choose } from '../call/Choose';
import { useMay, useRoom } from '../context';
import { EchoButton } from './EchoButton';
import { PathCheck } from './PathCheck';
import { useDevicesOf, useLevel } from './useCheckDevices';
import classes from './Check.module.css';

const canChooseSpeaker = 'setSinkId' in HTMLMediaElement.prototype;

/** Sees, hears and tries out, before anybody else does. Devices are asked for by a press alone. */
export function CheckPanel({ devices }: { devices: Devices }) {
  const { t } = useTranslation();
  const { microphone, camera, microphoneTrack, cameraTrack, microphones, cameras, speakers, trouble } = useDevicesOf(devices);
  const chosen = useStore(choice);
  const mayVoice = useMay('voice');
  const mayVideo = useMay('video');
  const relayOnly = useRoom(({ room }) => room?.relayOnly === true);
  const level = useLevel(microphoneTrack);
  return (
    <div className={classes.panel} data-testid="check">
      <div className={classes.seen}>
        <Mirror track={cameraTrack} mirrored={!devices.facesAway} />
        {!cameraTrack && <p className={classes.hint}>{t(camera === 'starting' ? 'check.starting' : mayVideo ? 'check.seeYourself' : 'check.noVideo')}</p>}
        <div className={classes.switches}>
          {mayVoice && (
            <Try label={t(microphone === 'on' ? 'check.microphoneOff' : 'check.microphoneOn')} on={microphone === 'on'} waiting={microphone === 'starting'} onClick={() => (microphone === 'off' ? void devices.startMicrophone() : devices.stop('microphone'))} testId="check-microphone">
              {microphone === 'on' ? <IconMicrophone size={22} /> : <IconMicrophoneOff size={22} />}
            </Try>
          )}
          {mayVideo && (
            <Try label={t(camera === 'on' ? 'check.cameraOff' : 'check.cameraOn')} on={camera === 'on'} waiting={camera === 'starting'} onClick={() => void devices.toggleCamera()} testId="check-camera">
              {camera === 'on' ? <IconVideo size={22} /> : <IconVideoOff size={22} />}
            </Try>
          )}
        </div>
        {mayVoice && (
          <div className={classes.level} role="meter" aria-label={t('check.level')} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(level * 100)} data-testid="check-level">
            <span style={{ transform: `scaleX(${level})` }} />
          </div>
        )}
      </div>
      <Stack gap="sm" className={classes.choices}>
        {(['microphone', 'camera'] as const).map((kind) => {
          const wrong = trouble[kind];
          return (
            wrong && (
              <Alert key={kind} color={wrong === 'replaced' ? 'turtle' : 'orange'} title={t(`call.trouble.${kind}.${wrong}`)} p="sm" role="alert">
                {t(`call.trouble.${kind}.${wrong}Text`)}
              </Alert>
            )
          );
        })}
        {mayVoice && <Choose label={t('call.microphoneLabel')} list={microphones} value={chosen.microphone} onChange={(id) => void devices.chooseMicrophone(id)} testId="check-choose-microphone" />}
        {mayVideo && <Choose label={t('call.cameraLabel')} list={cameras} value={chosen.camera} onChange={(id) => void devices.chooseCamera(id)} testId="check-choose-camera" />}
        {canChooseSpeaker && speakers.length > 0 && <Choose label={t('call.speakerLabel')} list={speakers} value={chosen.speaker} onChange={(id) => devices.chooseSpeaker(id)} testId="check-choose-speaker" />}
        {mayVoice && <EchoButton track={microphone === 'on' ? microphoneTrack : null} />}
        <PathCheck relayOnly={relayOnly} />
      </Stack>
    </div>
  );
}

interface TryProps {
  label: string;
  on: boolean;
  waiting: boolean;
  onClick: () => void;
  testId: string;
  children: React.ReactNode;
}

function Try({ label, on, waiting, onClick, testId, children }: TryProps) {
  return (
    <ActionIcon size={52} variant="filled" color={on ? 'turtle' : 'dark'} className={classes.try} aria-label={label} title={label} aria-pressed={on} aria-busy={waiting || undefined} onClick={onClick} data-testid={testId}>
      {children}
    </ActionIcon>
  );
}

/** The person as in a mirror. */
function Mirror({ track, mirrored }: { track: MediaStreamTrack | null; mirrored: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element || !track) return;
    element.srcObject = new MediaStream([track]);
    void element.play().catch(() => undefined);
    return () => void (element.srcObject = null);
  }, [track]);
  return <video ref={video} className={classes.mirror} data-mirror={mirrored || undefined} data-seen={track !== null || undefined} muted playsInline autoPlay disablePictureInPicture aria-hidden tabIndex={-1} data-testid="check-mirror" />;
}
