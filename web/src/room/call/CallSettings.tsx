import { Alert, Button, Group, Slider, Stack, Switch, Text } from '@mantine/core';
import { IconCameraRotate, IconDeviceSpeaker, IconPhoneOff, IconStethoscope } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { bubbles, choice, hearing, talking } from '@/call/preferences';
import { Choose } from './Choose';
import { useCallSession, useDevices } from './hooks';

const canChooseSpeaker = 'setSinkId' in HTMLMediaElement.prototype;

/** Which devices, and how friends are heard and seen here. */
export function CallSettings({ onCheck }: { onCheck: () => void }) {
  const { t } = useTranslation();
  const call = useCallSession();
  const { devices } = call;
  const { microphone, camera, microphones, cameras, speakers, canFlip, trouble } = useDevices((state) => state);
  const chosen = useStore(choice);
  const { friends, duck } = useStore(hearing);
  const { shown, hideOwn } = useStore(bubbles);
  const { push } = useStore(talking);
  useEffect(() => void devices.list(), [devices]);
  const on = microphone !== 'off' || camera !== 'off';
  return (
    <Stack gap="sm" data-testid="call-settings-panel">
      {(['microphone', 'camera'] as const).map((kind) => {
        const wrong = trouble[kind];
        return (
          wrong && (
            <Alert key={kind} color={wrong === 'replaced' ? 'turtle' : 'orange'} title={t(`call.trouble.${kind}.${wrong}`)} p="sm">
              {t(`call.trouble.${kind}.${wrong}Text`)}
            </Alert>
          )
        );
      })}
      <Choose label={t('call.microphoneLabel')} list={microphones} value={chosen.microphone} onChange={(id) => void devices.chooseMicrophone(id)} testId="choose-microphone" />
      <Choose label={t('call.cameraLabel')} list={cameras} value={chosen.camera} onChange={(id) => void devices.chooseCamera(id)} testId="choose-camera" />
      {canChooseSpeaker && speakers.length > 0 && <Choose label={t('call.speakerLabel')} list={speakers} value={chosen.speaker} onChange={(id) => devices.chooseSpeaker(id)} testId="choose-speaker" />}
      {canChooseSpeaker && devices.asksForSpeaker && (
        <Button variant="default" leftSection={<IconDeviceSpeaker size={17} />} onClick={() => void devices.askForSpeaker()} data-testid="ask-speaker">
          {t('call.askSpeaker')}
        </Button>
      )}
      <Button variant="default" leftSection={<IconStethoscope size={17} />} onClick={onCheck} h="auto" mih={36} py={7} styles={{ label: { whiteSpace: 'normal' } }} data-testid="open-check">
        {t('check.open')}
      </Button>
      <div>
        <Text fz="sm" fw={500} mb={8}>
          {t('call.friends')}
        </Text>
        <Slider value={Math.round(friends * 100)} onChange={(value) => hearing.setState({ friends: value / 100 })} label={(value) => t('toolbar.volumeValue', { value })} thumbLabel={t('call.friends')} size={4} thumbSize={16} mx={4} mb={4} data-testid="friends-volume" />
      </div>
      <Toggle label={t('call.duck')} on={duck} set={(value) => hearing.setState({ duck: value })} testId="duck" />
      <Toggle label={t('call.push')} description={t('call.pushText')} on={push} set={(value) => talking.setState({ push: value })} testId="push-to-talk" />
      <Toggle label={t('call.noise')} on={chosen.noiseSuppression} set={(noiseSuppression) => void devices.setProcessing({ noiseSuppression })} testId="noise" />
      <Toggle label={t('call.echo')} on={chosen.echoCancellation} set={(echoCancellation) => void devices.setProcessing({ echoCancellation })} testId="echo" />
      <Toggle label={t('call.gain')} on={chosen.autoGainControl} set={(autoGainControl) => void devices.setProcessing({ autoGainControl })} testId="gain" />
      <Toggle label={t('call.bubbles')} on={shown} set={(value) => bubbles.setState({ shown: value })} testId="show-bubbles" />
      <Toggle label={t('call.own')} on={!hideOwn} set={(value) => bubbles.setState({ hideOwn: !value })} testId="show-own" />
      <Group gap="xs" grow>
        {canFlip && camera === 'on' && (
          <Button variant="default" leftSection={<IconCameraRotate size={17} />} onClick={() => void devices.flipCamera()} data-testid="flip-camera">
            {t('call.flip')}
          </Button>
        )}
        {on && (
          <Button variant="light" color="red" leftSection={<IconPhoneOff size={17} />} onClick={() => call.quit()} data-testid="leave-call">
            {t('call.quit')}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function Toggle({ label, description, on, set, testId }: { label: string; description?: string; on: boolean; set: (on: boolean) => void; testId: string }) {
  return <Switch label={label} description={description} checked={on} onChange={(event) => set(event.currentTarget.checked)} data-testid={testId} />;
}
