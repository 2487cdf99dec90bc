import { Button, Loader, Progress } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconPlayerPlay, IconPlayerPlayFilled } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { toApiError } from '@/api/problem';
import { serverQuery } from '@/api/queries';
import type { Browser, BrowserStep } from '@/api/types';
import { useErrorText } from '@/ui/useErrorText';
import { useMay, useRoom, useRoomSession } from '../context';
import { NoPicture } from './NoPicture';
import { ShellPattern } from './ShellPattern';
import type { Finding } from './useDiagnosis';
import classes from './Stage.module.css';

const steps = ['launching', 'display', 'sound', 'firefox', 'picture'] as const satisfies readonly BrowserStep[];

const megabyte = 1_000_000;

/** What the stage says while there is no picture. */
export function StageState({ connecting, finding }: { connecting: boolean; finding: Finding | null }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const { browser, paused, roomId, online } = useRoom((room) => ({ browser: room.browser, paused: room.paused, roomId: room.room?.id ?? '', online: room.status.kind === 'online' }));
  const mayStart = useMay('navigate');
  const api = useApi();
  const errorText = useErrorText();
  const server = useQuery(serverQuery(api));
  const start = useMutation({ mutationFn: () => unwrap(api.POST('/rooms/{room}/browser', { params: { path: { room: roomId } } })) });
  const refused = start.error && toApiError(start.error).code !== 'browser_running' ? errorText(start.error) : null;
  const startButton = (label: string) =>
    mayStart && (
      <Button size="md" leftSection={<IconPlayerPlayFilled size={17} />} loading={start.isPending} disabled={!online} onClick={() => start.mutate()} data-testid="start-browser">
        {label}
      </Button>
    );

  let body: React.ReactNode;
  if (browser.state === 'starting') {
    body = browser.step === 'downloading' ? <Downloading progress={browser.progress} download={browser.download} /> : <Starting step={browser.step} progress={browser.progress} />;
  } else if (browser.state === 'stopping') {
    body = (
      <>
        <Loader color="turtle.4" type="dots" />
        <h2>{t('stage.stopping')}</h2>
      </>
    );
  } else if (paused && (browser.state === 'ready' || browser.state === 'degraded')) {
    body = (
      <>
        <h2>{t('stage.paused')}</h2>
        <p>{t('stage.pausedText')}</p>
        <Button size="md" leftSection={<IconPlayerPlay size={18} />} onClick={() => session.setPaused(false)} data-testid="resume-picture">
          {t('stage.resume')}
        </Button>
      </>
    );
  } else if (connecting && finding) {
    body = <NoPicture finding={finding} />;
  } else if (connecting) {
    body = (
      <>
        <Loader color="turtle.4" type="dots" />
        <h2>{t('stage.connecting')}</h2>
        {browser.state === 'degraded' && <p>{browser.detail ?? t('stage.degraded')}</p>}
      </>
    );
  } else if (browser.state === 'failed') {
    body = (
      <>
        <IconAlertTriangle size={34} stroke={1.5} color="#f2b25c" aria-hidden />
        <h2>{browser.startedAt !== undefined && browser.endReason === 'signal_lost' ? t('stage.failedLater') : t('stage.failed')}</h2>
        {(refused ?? browser.detail) !== undefined && <p role="alert">{refused ?? browser.detail}</p>}
        {startButton(t('app.tryAgain'))}
      </>
    );
  } else {
    const away = server.data?.browsersAvailable === false;
    const why = server.data?.browsersDetail ?? '';
    body = (
      <>
        <h2>{away ? t('stage.notAvailable') : t('stage.stopped')}</h2>
        <p>
          {browser.detail !== undefined ? `${browser.detail} ` : browser.endReason ? `${t(`stage.ended.${browser.endReason}`)} ` : ''}
          {away ? why : mayStart ? t('stage.stoppedText') : t('stage.stoppedCannot')}
        </p>
        {refused !== null && (
          <p role="alert" style={{ color: '#f7c983' }} data-testid="start-refused">
            {refused}
          </p>
        )}
        {startButton(t('stage.start'))}
      </>
    );
  }
  return (
    <div className={classes.state} data-testid="browser-state" data-state={browser.state} role="status">
      <ShellPattern />
      {body}
    </div>
  );
}

/** The server's first browser has to be fetched before it can start. */
function Downloading({ progress, download }: Pick<Browser, 'progress' | 'download'>) {
  const { t } = useTranslation();
  const count = Math.floor((download?.received ?? 0) / megabyte);
  return (
    <>
      <h2>{t('stage.downloading')}</h2>
      <Progress value={100 * Math.max(progress ?? 0, 0.03)} w="min(340px, 70%)" size={5} radius="xl" color="turtle.4" bg="rgba(255,255,255,0.1)" aria-label={t('stage.downloading')} my={6} transitionDuration={300} />
      <p data-testid="download">
        {download?.total === undefined ? t('stage.downloaded', { megabytes: count }) : t('stage.downloadedOf', { megabytes: count, total: Math.ceil(download.total / megabyte) })}
      </p>
      <p>{t('stage.downloadingText')}</p>
    </>
  );
}

function Starting({ step, progress }: { step: Exclude<BrowserStep, 'downloading'> | undefined; progress: number | undefined }) {
  const { t } = useTranslation();
  const at = step === undefined ? 0 : step === 'signalling' ? steps.length : steps.indexOf(step);
  return (
    <>
      <h2>{t('stage.starting')}</h2>
      <Progress value={100 * Math.max(progress ?? at / steps.length, 0.03)} w="min(340px, 70%)" size={5} radius="xl" color="turtle.4" bg="rgba(255,255,255,0.1)" aria-label={t('stage.starting')} my={6} transitionDuration={300} />
      <ol className={classes.steps} aria-label={t('stage.stepsLabel')} data-testid="start-steps">
        {steps.map((name, index) => (
          <li key={name} data-step={index < at ? 'done' : index === at ? 'now' : 'later'} aria-current={index === at ? 'step' : undefined}>
            <span className={classes.dot}>{index < at && <IconCheck size={16} color="#4acb98" aria-hidden />}</span>
            {t(`stage.steps.${name}`)}
          </li>
        ))}
      </ol>
    </>
  );
}
