import { Modal as MantineModal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useBuilt } from './useBuilt';

export interface ModalProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
}

export default function Modal({ opened, ...props }: ModalProps) {
  const { t } = useTranslation();
  const built = useBuilt();
  return <MantineModal opened={opened && built} closeButtonProps={{ 'aria-label': t('app.close') }} {...props} />;
}
