import { Slider } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { setVolume, useSound } from '../preferences';

export function VolumeSlider({ className }: { className?: string | undefined }) {
  const { t } = useTranslation();
  const { volume, muted } = useSound();
  return (
    <Slider
      className={className ?? ''}
      value={muted ? 0 : Math.round(volume * 100)}
      onChange={(value) => setVolume(value / 100)}
      min={0}
      max={100}
      size={4}
      thumbSize={14}
      label={(value) => t('toolbar.volumeValue', { value })}
      thumbLabel={t('toolbar.volume')}
      data-testid="volume"
    />
  );
}
