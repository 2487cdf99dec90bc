import { Button, Group, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { checked } from '@/call/preferences';
import { Page } from '@/ui/Page';
import { useCallSession } from '../call/hooks';
import { useRoom } from '../context';
import { CheckPanel } from './CheckPanel';
import { useCheckDevices, useDevicesOf } from './useCheckDevices';
import type { Devices } from '@/call/Devices';
import classes from './Check.module.css';

/** The first time on this device, between the door and the room. What is on when the person enters, they enter with. */
export default function CheckPage({ onDone }: { onDone: () => void }) {
  const devices = useCheckDevices();
  return <Page width={960}>{devices && <Check devices={devices} onDone={onDone} />}</Page>;
}

function Check({ devices, onDone }: { devices: Devices; onDone: () => void }) {
  const { t } = useTranslation();
  const call = useCallSession();
  const title = useRoom(({ room }) => room?.title ?? '');
  const { microphone, camera } = useDevicesOf(devices);
  const speaks = microphone === 'on';
  const films = camera === 'on';
  const enter = (withThem: boolean): void => {
    checked.setState({ done: true });
    // Phones give a device to one at a time.
    devices.stop('microphone');
    devices.stop('camera');
    if (withThem && speaks) void call.devices.startMicrophone();
    if (withThem && films) void call.devices.toggleCamera();
    onDone();
  };
  return (
    <div className={classes.page}>
      <title>{`${t('check.title')} · ${t('app.name')}`}</title>
      <div>
        <Title order={1} fz={{ base: 24, sm: 30 }} lts="-0.02em">
          {t('check.title')}
        </Title>
        <Text c="dimmed">{t('check.text', { title })}</Text>
      </div>
      <CheckPanel devices={devices} />
      <Group justify="flex-end" gap="sm" className={classes.actions}>
        <Text fz="sm" c="dimmed" role="status" flex={1} miw={200}>
          {t(speaks ? (films ? 'check.withBoth' : 'check.withMicrophone') : films ? 'check.withCamera' : 'check.withNothing')}
        </Text>
        {(speaks || films) && (
          <Button variant="default" size="md" onClick={() => enter(false)} data-testid="check-skip">
            {t('check.enterWithout')}
          </Button>
        )}
        <Button size="md" onClick={() => enter(true)} data-testid="check-enter">
          {t('check.enter')}
        </Button>
      </Group>
    </div>
  );
}
