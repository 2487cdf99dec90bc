import { Menu, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Quality } from '@/api/types';
import { useHolds, useRoom } from '../context';
import { setQuality, useQuality } from '../preferences';
import classes from './Toolbar.module.css';

const qualities = ['auto', 'high', 'low', 'sound'] as const satisfies readonly Quality[];

/** Which picture this device gets; in automatic also which one that is now. */
export function QualityChoice() {
  const { t } = useTranslation();
  const quality = useQuality();
  const holds = useHolds();
  const layer = useRoom((room) => room.statistics?.layer);
  return (
    <Menu.RadioGroup value={quality} onChange={(value) => setQuality(value as Quality)} aria-label={t('toolbar.quality')}>
      {qualities.map((value) => (
        <Menu.RadioItem key={value} value={value} closeMenuOnClick className={classes.item} data-testid={`quality-${value}`}>
          {t(`quality.${value}`)}
          <Text fz="xs" c="dimmed" data-testid={value === 'auto' ? 'quality-now' : undefined}>
            {value === 'auto' && quality === 'auto' && layer !== undefined ? t(`quality.now.${layer}`) : t(value === 'sound' && holds ? 'quality.soundReleases' : `quality.${value}Text`)}
          </Text>
        </Menu.RadioItem>
      ))}
    </Menu.RadioGroup>
  );
}
