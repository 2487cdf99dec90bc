import { ActionIcon } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronUp, IconMicrophone, IconMicrophoneOff, IconVideo, IconVideoOff } from '@tabler/icons-react';
import { Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { talking } from '@/call/preferences';
import { Dropdown } from '@/ui/Dropdown';
import { later } from '@/ui/later';
import { Tooltip } from '@/ui/Tooltip';
import { useMay } from '../context';
import { ShareButton } from '../share/ShareButton';
import { useCallSession, useDevices, useHeldKey, useKeys } from './hooks';
import { useTroubles } from './useTroubles';
import classes from './Call.module.css';

const CallSettings = later(() => import('./CallSettings').then((m) => ({ default: m.CallSettings })));
const CheckDialog = later(() => import('../check/CheckDialog'));

/** Microphone and camera, with the keys M and V, which the tooltips tell of while they do something. */
export function CallButtons({ small, touch }: { small: boolean; touch: boolean }) {
  const { t } = useTranslation();
  const { devices } = useCallSession();
  const { microphone, camera, cameraPaused } = useDevices((state) => ({ microphone: state.microphone, camera: state.camera, cameraPaused: state.cameraPaused }));
  const [open, setOpen] = useState(false);
  const [checking, { open: check, close: endCheck }] = useDisclosure(false);
  const { push } = useStore(talking);
  const mayVoice = useMay('voice');
  const mayVideo = useMay('video');
  useTroubles();
  const speak = mayVoice ? () => void devices.toggleMicrophone() : null;
  const film = mayVideo ? () => void devices.toggleCamera() : null;
  // A key may be struck by mistake: it takes no device that the person did not switch on by the button, in this visit.
  const speakKey = microphone === 'on' || microphone === 'muted' ? speak : null;
  const filmKey = camera === 'on' || cameraPaused ? film : null;
  const held = push && speak !== null;
  useKeys({ m: held ? null : speakKey, v: filmKey });
  const [hold, letGo] = [() => void devices.hold(), () => devices.letGo()];
  useHeldKey('m', held && speakKey !== null ? hold : null, letGo);
  const mayShare = useMay('screen');
  if (!speak && !film && !mayShare) return null;
  return (
    <div className={classes.buttons}>
      {speak && !held && <Switch label={t(`call.microphone.${microphone}`)} hint={touch || !speakKey ? null : t('call.key', { key: 'M' })} state={microphone} onClick={speak} testId="microphone" On={IconMicrophone} Off={IconMicrophoneOff} />}
      {held && <HeldSwitch label={t(`call.held.${microphone}`)} hint={touch || !speakKey ? null : t('call.holdKey', { key: 'M' })} state={microphone} hold={hold} letGo={letGo} />}
      {film && <Switch label={t(`call.camera.${camera}`)} hint={touch || !filmKey ? null : t('call.key', { key: 'V' })} state={camera} onClick={film} testId="camera" On={IconVideo} Off={IconVideoOff} />}
      <ShareButton />
      {!small && (speak ?? film) && (
        <Dropdown
          kind="dialog"
          opened={open}
          onChange={setOpen}
          position="top"
          width={330}
          dropdown={{ p: 'md', className: classes.settings, 'aria-label': t('call.settings') }}
          button={
            <Tooltip label={t('call.settings')} disabled={open}>
              <ActionIcon size={28} className={classes.more} aria-label={t('call.settings')} data-testid="call-settings">
                <IconChevronUp size={16} stroke={2} />
              </ActionIcon>
            </Tooltip>
          }
        >
          <CallSettings
            onCheck={() => {
              setOpen(false);
              check();
            }}
          />
        </Dropdown>
      )}
      {checking && (
        <Suspense>
          <CheckDialog onClose={endCheck} />
        </Suspense>
      )}
    </div>
  );
}

interface HeldProps {
  label: string;
  hint: string | null;
  state: 'off' | 'starting' | 'on' | 'muted';
  hold: () => void;
  letGo: () => void;
}

/** Push-to-talk: the microphone while a finger, the mouse or a key is on its button. */
function HeldSwitch({ label, hint, state, hold, letGo }: HeldProps) {
  const on = state === 'on';
  const Icon = on ? IconMicrophone : IconMicrophoneOff;
  useEffect(() => letGo, []); // eslint-disable-line react-hooks/exhaustive-deps -- once, when the button goes
  return (
    <Tooltip label={hint === null ? label : `${label} · ${hint}`}>
      <ActionIcon
        className={classes.switch}
        variant={on ? 'filled' : 'subtle'}
        color={on ? 'turtle' : 'gray'}
        aria-label={label}
        aria-pressed={on}
        aria-busy={state === 'starting' || undefined}
        data-state={state}
        data-held
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          // The finger may slip off the button and still speaks.
          event.currentTarget.setPointerCapture(event.pointerId);
          hold();
        }}
        onPointerUp={letGo}
        onPointerCancel={letGo}
        onLostPointerCapture={letGo}
        onKeyDown={(event) => {
          if ((event.key !== ' ' && event.key !== 'Enter') || event.repeat) return;
          event.preventDefault();
          hold();
        }}
        onKeyUp={letGo}
        onBlur={letGo}
        onContextMenu={(event) => event.preventDefault()}
        data-testid="microphone"
      >
        <Icon size={20} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  );
}

interface SwitchProps {
  label: string;
  hint: string | null;
  state: 'off' | 'starting' | 'on' | 'muted';
  onClick: () => void;
  testId: string;
  On: typeof IconVideo;
  Off: typeof IconVideo;
}

function Switch({ label, hint, state, onClick, testId, On, Off }: SwitchProps) {
  const on = state === 'on';
  const Icon = on ? On : Off;
  return (
    <Tooltip label={hint === null ? label : `${label} · ${hint}`}>
      <ActionIcon
        className={classes.switch}
        variant={on ? 'filled' : state === 'muted' ? 'light' : 'subtle'}
        color={on ? 'turtle' : state === 'muted' ? 'red' : 'gray'}
        aria-label={label}
        aria-pressed={on}
        aria-busy={state === 'starting' || undefined}
        data-state={state}
        onClick={onClick}
        data-testid={testId}
      >
        <Icon size={20} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  );
}
