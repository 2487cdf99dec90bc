import { Button, Loader } from '@mantine/core';
import { IconCheck, IconCopy, IconWifiOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { copyText } from '@/ui/copy';
import type { Finding } from './useDiagnosis';
import classes from './Stage.module.css';

/** Which step failed on the way to a picture, and what to do about it. */
export function NoPicture({ finding }: { finding: Finding }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const { diagnosis, port, details } = finding;
  return (
    <>
      <IconWifiOff size={34} stroke={1.5} color="#f2b25c" aria-hidden />
      <h2>{t(`noPicture.${diagnosis}`, { port })}</h2>
      <p data-testid="no-picture" data-diagnosis={diagnosis}>
        {t(`noPicture.${diagnosis}Do`, { port })}
      </p>
      <p className={classes.again}>
        <Loader color="turtle.4" type="dots" size="xs" aria-hidden />
        {t('noPicture.again')}
      </p>
      <details className={classes.details}>
        <summary>{t('noPicture.details')}</summary>
        <pre tabIndex={0} aria-label={t('noPicture.details')}>
          {details}
        </pre>
        <Button variant="default" leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />} onClick={() => void copyText(details).then(setCopied)} data-testid="no-picture-copy">
          {copied ? t('app.copied') : t('noPicture.copy')}
        </Button>
      </details>
    </>
  );
}
