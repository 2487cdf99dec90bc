import { notifications } from '@mantine/notifications';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeviceKind } from '@/call/Devices';
import type { Trouble } from '@/call/trouble';
import { useStore } from 'zustand';
import { useCallSession, useDevices } from './hooks';

/** Says what is wrong with microphone or camera, and what to do about it. */
export function useTroubles(): void {
  const { microphone, camera } = useDevices(({ trouble }) => trouble);
  useScreenTrouble();
  useSaid('microphone', microphone);
  useSaid('camera', camera);
}

function useScreenTrouble(): void {
  const { t } = useTranslation();
  const { trouble } = useStore(useCallSession().screen.store);
  useEffect(() => {
    if (trouble) notifications.show({ title: t('share.failed'), message: t('share.failedText'), color: 'orange', autoClose: 12_000, closeButtonProps: { 'aria-label': t('app.close') } });
  }, [trouble, t]);
}

function useSaid(kind: DeviceKind, trouble: Trouble | null): void {
  const { t } = useTranslation();
  useEffect(() => {
    if (!trouble) return;
    const id = notifications.show({
      title: t(`call.trouble.${kind}.${trouble}`),
      message: t(`call.trouble.${kind}.${trouble}Text`),
      color: trouble === 'replaced' ? 'turtle' : 'orange',
      autoClose: 12_000,
      closeButtonProps: { 'aria-label': t('app.close') },
    });
    return () => void notifications.hide(id);
  }, [kind, trouble, t]);
}
