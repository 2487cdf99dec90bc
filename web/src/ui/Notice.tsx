import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { TurtleMark } from './TurtleMark';

interface Props {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  icon?: ReactNode;
  testId?: string;
}

/** A calm full-page word: not found, over, away. */
export function Notice({ title, children, actions, icon, testId }: Props) {
  return (
    <Stack align="center" justify="center" gap="md" m="auto" maw={460} ta="center" p="lg" data-testid={testId} role="status">
      {icon ?? <TurtleMark size={72} />}
      <Title order={1} fz={26} lh={1.2}>
        {title}
      </Title>
      {children !== undefined && (
        <Text c="dimmed" fz="md">
          {children}
        </Text>
      )}
      {actions}
    </Stack>
  );
}
