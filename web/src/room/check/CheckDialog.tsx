import { Button, Group, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFocusBack } from '@/ui/useFocusBack';
import { useCallSession } from '../call/hooks';
import { CheckPanel } from './CheckPanel';
import { useCheckDevices } from './useCheckDevices';

/** The same check for who is inside: what they chose holds for their talk from then on. */
export default function CheckDialog({ onClose }: { onClose: () => void }) {
  useFocusBack();
  const { t } = useTranslation();
  const call = useCallSession();
  const devices = useCheckDevices();
  const close = (): void => {
    onClose();
    void call.devices.renew();
  };
  return (
    <Modal opened onClose={close} title={t('check.title')} size={900} closeButtonProps={{ 'aria-label': t('app.close') }}>
      {devices && <CheckPanel devices={devices} />}
      <Group justify="flex-end" mt="md">
        <Button onClick={close} data-testid="check-done">
          {t('check.done')}
        </Button>
      </Group>
    </Modal>
  );
}
