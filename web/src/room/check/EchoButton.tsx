import { Button, Text } from '@mantine/core';
import { IconEar } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { Echo } from '@/call/Echo';
import { choice } from '@/call/preferences';

const makeEcho = (): Echo =>
  new Echo({ makeRecorder: (stream) => new MediaRecorder(stream), makeVoice: () => new Audio(), speaker: () => choice.getState().speaker, urls: URL });

/** Records three seconds of the microphone and plays them on the chosen loudspeaker. */
export function EchoButton({ track }: { track: MediaStreamTrack | null }) {
  const { t } = useTranslation();
  const [echo] = useState(makeEcho);
  const { state } = useStore(echo.store);
  // Another microphone, or none: what was recorded is not its.
  useEffect(() => () => echo.stop(), [echo, track]);
  if (typeof MediaRecorder === 'undefined') return null;
  const busy = state === 'recording' || state === 'playing';
  return (
    <div>
      <Button
        fullWidth
        variant="default"
        leftSection={<IconEar size={17} />}
        disabled={!track}
        onClick={() => {
          if (busy) echo.stop();
          else if (track) echo.start(track);
        }}
        data-state={state}
        data-testid="check-echo"
      >
        {busy ? t('check.echoStop') : t('check.echo')}
      </Button>
      <Text fz="sm" c="dimmed" mt={4} mih={20} role="status">
        {state === 'idle' ? (track ? '' : t('check.echoNeeds')) : t(`check.echoState.${state}`)}
      </Text>
    </div>
  );
}
