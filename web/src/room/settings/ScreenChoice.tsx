import { Input, SegmentedControl, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Screen } from '@/api/types';

const sizes: readonly Pick<Screen, 'width' | 'height'>[] = [
  { width: 854, height: 480 },
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
];
const rates = [30, 60];

const name = ({ width, height }: Pick<Screen, 'width' | 'height'>): string => `${width}×${height}`;
export const sameScreen = (a: Screen, b: Screen): boolean => name(a) === name(b) && a.frameRate === b.frameRate;

/** How large and how smooth a room's browser is; what the room has of the server's own stays among the usual ones. */
export function ScreenChoice({ value, saved, onChange }: { value: Screen; saved: Screen; onChange: (screen: Screen) => void }) {
  const { t } = useTranslation();
  const offered = sizes.some((size) => name(size) === name(saved)) ? sizes : [...sizes, saved].sort((a, b) => a.width - b.width);
  const offeredRates = [...new Set([...rates, saved.frameRate])].sort((a, b) => a - b);
  return (
    <Stack gap={10}>
      <Input.Wrapper label={t('settings.screenSize')} labelElement="div" size="md" labelProps={{ mb: 6 }}>
        <SegmentedControl
          fullWidth
          radius="xl"
          aria-label={t('settings.screenSize')}
          value={name(value)}
          onChange={(chosen) => {
            const size = offered.find((other) => name(other) === chosen);
            if (size) onChange({ ...value, width: size.width, height: size.height });
          }}
          data={offered.map((size) => ({ value: name(size), label: name(size) }))}
          data-testid="screen-size"
        />
      </Input.Wrapper>
      <Input.Wrapper label={t('settings.frameRate')} labelElement="div" size="md" labelProps={{ mb: 6 }}>
        <SegmentedControl
          fullWidth
          radius="xl"
          aria-label={t('settings.frameRate')}
          value={String(value.frameRate)}
          onChange={(chosen) => onChange({ ...value, frameRate: Number(chosen) })}
          data={offeredRates.map(String)}
          data-testid="frame-rate"
        />
      </Input.Wrapper>
      <Text fz="xs" c="dimmed">
        {t('settings.screenHint')}
      </Text>
    </Stack>
  );
}
