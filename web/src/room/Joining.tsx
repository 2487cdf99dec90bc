import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Dots } from '@/ui/Dots';

export function Joining() {
  const { t } = useTranslation();
  return (
    <div className="waiting">
      <Dots />
      <Text c="dimmed" role="status">
        {t('room.joining')}
      </Text>
    </div>
  );
}
