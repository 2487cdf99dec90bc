import { Group, Radio, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Privacy } from '@/api/types';
import { privacies, PrivacyIcon } from './privacy';
import classes from './PrivacyChoice.module.css';

interface Props {
  value: Privacy;
  onChange: (privacy: Privacy) => void;
  label: string;
  disabled?: boolean;
}

export function PrivacyChoice({ value, onChange, label, disabled = false }: Props) {
  const { t } = useTranslation();
  return (
    <Radio.Group label={label} value={value} onChange={(next) => onChange(next)}>
      <Stack gap={8} mt={8}>
        {privacies.map((privacy) => (
          <Radio.Card key={privacy} value={privacy} radius="md" className={classes.card} disabled={disabled} data-testid={`privacy-${privacy}`}>
            <Group wrap="nowrap" gap="sm" align="flex-start">
              <Radio.Indicator mt={2} />
              <div>
                <Group gap={6}>
                  <PrivacyIcon privacy={privacy} />
                  <Text fw={600} fz="sm">
                    {t(`privacy.${privacy}`)}
                  </Text>
                </Group>
                <Text fz="sm" c="dimmed">
                  {t(`privacy.${privacy}Text`)}
                </Text>
              </div>
            </Group>
          </Radio.Card>
        ))}
      </Stack>
    </Radio.Group>
  );
}
