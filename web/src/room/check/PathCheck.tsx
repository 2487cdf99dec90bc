import { Button, Loader } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheckFilled, IconCircleXFilled, IconInfoCircle, IconMinus, IconRefresh } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ICEServer } from '@/api/types';
import { probePath, verdictOf, type Path, type Verdict } from '@/call/path';
import { useCallSession } from '../call/hooks';
import classes from './Check.module.css';

const icons = { good: IconCircleCheckFilled, slow: IconAlertTriangle, some: IconAlertTriangle, direct: IconInfoCircle, near: IconAlertTriangle, none: IconCircleXFilled } as const satisfies Record<Verdict, unknown>;

const probe = (servers: readonly ICEServer[]): Promise<Path> =>
  probePath(servers, { makePeerConnection: (configuration) => new RTCPeerConnection(configuration), setTimeout: (run, milliseconds) => setTimeout(run, milliseconds) });

/** Whether this network carries voices and pictures, which way, and what to do where it does not. */
export function PathCheck({ relayOnly }: { relayOnly: boolean }) {
  const { t } = useTranslation();
  const call = useCallSession();
  const [path, setPath] = useState<Path | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let over = false;
    setPath(null);
    void probe(call.iceServers).then((found) => !over && setPath(found));
    return () => void (over = true);
  }, [call, turn]);
  const verdict = path ? verdictOf(path, relayOnly) : null;
  const Icon = verdict && icons[verdict];
  const way = (found: boolean | null): string => t(found === null ? 'check.path.notOffered' : found ? 'check.path.reached' : 'check.path.notReached');
  return (
    <section className={classes.path} aria-label={t('check.path.title')} data-testid="check-path" data-verdict={verdict ?? 'waiting'}>
      <div role="status" className={classes.verdict}>
        {Icon ? <Icon size={20} className={classes.verdictIcon} aria-hidden /> : <Loader size={16} aria-hidden />}
        <div>
          <b>{verdict ? t(`check.path.${verdict}`) : t('check.path.waiting')}</b>
          {verdict && <p>{t(relayOnly && verdict === 'none' ? 'check.path.noneRelayText' : `check.path.${verdict}Text`)}</p>}
        </div>
      </div>
      {path && (
        <dl className={classes.ways}>
          {(['stun', 'turnUdp', 'turnTcp'] as const).map((name) => (
            <div key={name} data-found={path[name] ?? undefined}>
              <dt>{t(`check.path.${name}`)}</dt>
              <dd>
                {path[name] === null && <IconMinus size={14} aria-hidden />}
                {way(path[name])}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {verdict && verdict !== 'good' && verdict !== 'direct' && (
        <Button variant="subtle" color="gray" size="compact-md" leftSection={<IconRefresh size={16} />} onClick={() => setTurn((n) => n + 1)} data-testid="check-path-again">
          {t('check.path.again')}
        </Button>
      )}
    </section>
  );
}
