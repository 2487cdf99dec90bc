import { NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Device } from '@/call/Devices';

export function Choose({ label, list, value, onChange, testId }: { label: string; list: readonly Device[]; value: string; onChange: (id: string) => void; testId: string }) {
  const { t } = useTranslation();
  const known = list.some(({ id }) => id === value);
  return (
    <NativeSelect
      label={label}
      value={known ? value : ''}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[{ value: '', label: t('call.systemDefault') }, ...list.filter(({ id }) => id !== 'default').map(({ id, label: name }, index) => ({ value: id, label: name || `${label} ${index + 1}` }))]}
      data-testid={testId}
    />
  );
}
