import { useTranslation } from 'react-i18next';
import type { Browser } from '@/api/types';

/** What people know by name, in the order in which one takes the others down. */
const known = ['xvfb', 'firefox', 'pulseaudio'] as const;

/** What is being mended in a degraded browser, in words. */
export function useDegraded(): (browser: Pick<Browser, 'processes' | 'detail'>) => string {
  const { t } = useTranslation();
  return ({ processes, detail }) => {
    const down = known.find((name) => processes?.some((process) => process.name === name && process.state !== 'ready'));
    return down ? t(`stage.down.${down}`) : (detail ?? t('stage.degraded'));
  };
}
