import { Modal as MantineModal } from '@mantine/core';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export interface ModalProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
}

export default function Modal({ opened, ...props }: ModalProps) {
  const { t } = useTranslation();
  // It is built closed: where the focus came from is noted when it opens.
  const [built, setBuilt] = useState(false);
  useEffect(() => setBuilt(true), []);
  return <MantineModal opened={opened && built} closeButtonProps={{ 'aria-label': t('app.close') }} {...props} />;
}
