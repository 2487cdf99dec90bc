import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useErrorText } from './useErrorText';

interface ConfirmProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  text: string;
  /** What the button that does it says. */
  does: string;
  pending: boolean;
  error: unknown;
  onConfirm: () => void;
  /** It takes nothing from anybody: the button is not red. */
  harmless?: boolean;
  /** Fields that go with it. */
  children?: ReactNode;
  testId: string;
}

/** Asks before what can't be taken back, or is hard on somebody. The way back has the focus. */
export function Confirm({ opened, onClose, title, text, does, pending, error, onConfirm, harmless = false, children, testId }: ConfirmProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('app.close') }}>
      <Stack data-testid={testId}>
        <Text c="dimmed">{text}</Text>
        {children}
        {error !== null && (
          <Alert color="red" role="alert">
            {errorText(error)}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('app.cancel')}
          </Button>
          <Button {...(harmless ? {} : { color: 'red' })} loading={pending} onClick={onConfirm} data-testid={`${testId}-confirm`}>
            {does}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
