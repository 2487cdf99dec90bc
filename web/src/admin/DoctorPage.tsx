import { Alert, Button, Group, Loader, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconCircleCheckFilled, IconCopy, IconHelpCircle, IconRefresh, IconCircleXFilled } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { doctorQuery } from '@/api/queries';
import type { DoctorCheck, DoctorReport, DoctorState } from '@/api/types';
import { copyText } from '@/ui/copy';
import { useErrorText } from '@/ui/useErrorText';
import { probeAll, type Probe } from './probes';
import classes from './Doctor.module.css';

const states: readonly DoctorState[] = ['fail', 'warn', 'unknown', 'ok'];
const worstFirst = (a: DoctorCheck, b: DoctorCheck): number => states.indexOf(a.state) - states.indexOf(b.state);

/** What keeps this server from working for everybody, and the mend. */
export function Doctor() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const report = useQuery(doctorQuery(useApi()));
  const here = useProbes(report.data);
  const [copied, setCopied] = useState(false);
  const checks = report.data?.checks ?? [];
  const all = [...here.checks, ...checks];
  const asking = report.isFetching || here.isFetching;
  return (
    <Stack gap="xl">
      <Group justify="space-between" align="flex-end" gap="md">
        <div>
          <Title order={2} fz={24} lts="-0.01em">
            {t('doctor.title')}
          </Title>
          <Text c="dimmed" role="status" data-testid="doctor-summary">
            {asking ? t('doctor.asking') : report.data ? summary(all, t) : ''}
          </Text>
        </div>
        <Group gap="xs">
          <Button variant="default" size="md" disabled={!report.data} leftSection={copied ? <IconCheck size={18} /> : <IconCopy size={18} />} onClick={() => void copyText(asText(report.data, all)).then(setCopied)} data-testid="doctor-copy">
            {copied ? t('app.copied') : t('doctor.copy')}
          </Button>
          <Button
            size="md"
            loading={asking}
            leftSection={<IconRefresh size={18} />}
            onClick={() => {
              setCopied(false);
              void report.refetch();
            }}
            data-testid="doctor-again"
          >
            {t('doctor.again')}
          </Button>
        </Group>
      </Group>
      {report.error && (
        <Alert color="red" role="alert">
          {errorText(report.error)}
        </Alert>
      )}
      {report.data && (
        <>
          <Checks title={t('doctor.server')} text={t('doctor.serverText', { version: report.data.version })} checks={checks} />
          <Checks title={t('doctor.here')} text={t('doctor.hereText')} checks={here.checks} waiting={here.isFetching} />
        </>
      )}
      {report.isPending && <Loader type="dots" aria-label={t('app.loading')} />}
    </Stack>
  );
}

function summary(checks: readonly DoctorCheck[], t: TFunction): string {
  const count = (state: DoctorState): number => checks.filter((check) => check.state === state).length;
  const parts = [count('fail') > 0 && t('doctor.fails', { count: count('fail') }), count('warn') > 0 && t('doctor.warns', { count: count('warn') }), count('unknown') > 0 && t('doctor.unknowns', { count: count('unknown') })];
  return parts.filter(Boolean).join(', ') || t('doctor.allRight', { count: checks.length });
}

/** The whole as text, for whoever is asked for help. */
function asText(report: DoctorReport | undefined, checks: readonly DoctorCheck[]): string {
  const lines = checks.map(({ state, title, found, code, wrong, mend }) => [`${state.padEnd(7)} ${title}: ${found}`, code && `        ${code}`, wrong && `        ${wrong}`, mend && `        → ${mend}`].filter(Boolean).join('\n'));
  return [`Turtus ${report?.version ?? ''}, ${report?.checkedAt ?? ''}`, ...lines].join('\n');
}

function Checks({ title, text, checks, waiting = false }: { title: string; text: string; checks: readonly DoctorCheck[]; waiting?: boolean }) {
  return (
    <section aria-label={title}>
      <Title order={3} fz={20}>
        {title}
      </Title>
      <Text c="dimmed" mb="md">
        {text}
      </Text>
      {waiting && checks.length === 0 && <Loader type="dots" size="sm" />}
      <ul className={classes.list}>
        {[...checks].sort(worstFirst).map((check) => (
          <Row key={check.id} check={check} />
        ))}
      </ul>
    </section>
  );
}

const icons = { ok: IconCircleCheckFilled, warn: IconAlertTriangle, fail: IconCircleXFilled, unknown: IconHelpCircle };

function Row({ check }: { check: DoctorCheck }) {
  const { t } = useTranslation();
  const Icon = icons[check.state];
  return (
    <li className={classes.row} data-state={check.state} data-testid={`doctor-${check.id}`}>
      <Icon size={22} className={classes.icon} role="img" aria-label={t(`doctor.states.${check.state}`)} />
      <div className={classes.words}>
        <div className={classes.head}>
          <h4>{check.title}</h4>
          <p>{check.found}</p>
        </div>
        {check.wrong !== undefined && <p className={classes.wrong}>{check.wrong}</p>}
        {check.mend !== undefined && <p className={classes.mend}>{check.mend}</p>}
      </div>
    </li>
  );
}

/** The checks that this page makes itself, anew with each report. */
function useProbes(report: DoctorReport | undefined): { checks: readonly DoctorCheck[]; isFetching: boolean } {
  const { t } = useTranslation();
  const api = useApi();
  const probes = useQuery({
    queryKey: ['doctor', 'here', report?.checkedAt],
    enabled: report !== undefined,
    staleTime: Infinity,
    queryFn: () =>
      report === undefined
        ? []
        : probeAll(report, {
            makePeerConnection: (configuration) => new RTCPeerConnection(configuration),
            openSocket: () => new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/v1/ws`),
            serverTime: async () => (await unwrap(api.GET('/time'))).unixMilliseconds,
            now: Date.now,
            host: location.host,
            setTimeout: (run, milliseconds) => setTimeout(run, milliseconds),
          }),
  });
  return { checks: (probes.data ?? []).map((probe) => inWords(probe, t)), isFetching: probes.isFetching };
}

function inWords({ id, state, words, values }: Probe, t: TFunction): DoctorCheck {
  const say = (what: string): string => t(`doctor.probes.${id}.${what}` as 'doctor.probes.clock.title', { ...values, defaultValue: '' });
  const check: DoctorCheck = { id: `here-${id}`, title: say('title'), state, found: say(words) };
  if (words === 'ok') return check;
  return { ...check, wrong: say(`${words}Means`) || undefined, mend: say(`${words}Do`) || undefined };
}
