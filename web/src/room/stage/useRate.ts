import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';

/** Bits per second in words. */
export function useRate(): (bits: number) => string {
  const { t } = useTranslation();
  return useCallback((bits: number) => (bits >= 1e6 ? t('statistics.megabits', { value: (bits / 1e6).toFixed(1) }) : t('statistics.kilobits', { value: Math.round(bits / 1e3) })), [t]);
}
