import { SegmentedControl, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { chatSounds, chime, setChatSound, useChatSound } from './alerts';

/** Which messages make a sound; a choice is heard at once. */
export function ChatSoundChoice() {
  const { t } = useTranslation();
  const sound = useChatSound();
  return (
    <div>
      <Text fz="sm" fw={500} mb={6}>
        {t('chat.sound.label')}
      </Text>
      <SegmentedControl
        fullWidth
        radius="xl"
        aria-label={t('chat.sound.label')}
        value={sound}
        onChange={(value) => {
          setChatSound(value);
          if (value !== 'off') chime(true);
        }}
        data={chatSounds.map((value) => ({ value, label: t(`chat.sound.${value}`) }))}
        data-testid="chat-sound"
      />
    </div>
  );
}
