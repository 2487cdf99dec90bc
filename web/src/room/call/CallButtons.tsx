import { ActionIcon, Popover, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronUp, IconMicrophone, IconMicrophoneOff, IconVideo, IconVideoOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../context';
import { CallSettings } from './CallSettings';
import { useCallSession, useDevices, useKeys } from './hooks';
import { useTroubles } from './useTroubles';
import classes from './Call.module.css';

/** Microphone and camera, with the keys M and V, which the tooltips tell of while they do something. */
export function CallButtons({ small, touch }: { small: boolean; touch: boolean }) {
  const { t } = useTranslation();
  const { devices } = useCallSession();
  const { microphone, camera, cameraPaused } = useDevices((state) => ({ microphone: state.microphone, camera: state.camera, cameraPaused: state.cameraPaused }));
  const [open, { toggle, close }] = useDisclosure(false);
  const mayVoice = useMay('voice');
  const mayVideo = useMay('video');
  useTroubles();
  const speak = mayVoice ? () => void devices.toggleMicrophone() : null;
  const film = mayVideo ? () => void devices.toggleCamera() : null;
  // A key may be struck by mistake: it takes no device that the person did not switch on by the button, in this visit.
  const speakKey = microphone === 'on' || microphone === 'muted' ? speak : null;
  const filmKey = camera === 'on' || cameraPaused ? film : null;
  useKeys({ m: speakKey, v: filmKey });
  if (!speak && !film) return null;
  return (
    <div className={classes.buttons}>
      {speak && <Switch label={t(`call.microphone.${microphone}`)} hint={touch || !speakKey ? null : t('call.key', { key: 'M' })} state={microphone} onClick={speak} testId="microphone" On={IconMicrophone} Off={IconMicrophoneOff} />}
      {film && <Switch label={t(`call.camera.${camera}`)} hint={touch || !filmKey ? null : t('call.key', { key: 'V' })} state={camera} onClick={film} testId="camera" On={IconVideo} Off={IconVideoOff} />}
      {!small && (
        <Popover opened={open} onChange={(next) => !next && close()} position="top" width={330} trapFocus returnFocus>
          <Popover.Target>
            <Tooltip label={t('call.settings')} disabled={open}>
              <ActionIcon size={28} className={classes.more} aria-label={t('call.settings')} aria-expanded={open} onClick={toggle} data-testid="call-settings">
                <IconChevronUp size={16} stroke={2} />
              </ActionIcon>
            </Tooltip>
          </Popover.Target>
          <Popover.Dropdown p="md" className={classes.settings} aria-label={t('call.settings')}>
            <CallSettings />
          </Popover.Dropdown>
        </Popover>
      )}
    </div>
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
