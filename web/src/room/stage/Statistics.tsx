import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { useRoom, useRoomSession } from '../context';
import { Sparkline } from './Sparkline';
import { useRate } from './useRate';
import classes from './Statistics.module.css';

/** How well the stream comes to this device, in numbers and words. */
export function Statistics() {
  const { t } = useTranslation();
  const session = useRoomSession();
  const rate = useRate();
  const readings = useStore(session.log.store, (log) => log.readings);
  const agent = useRoom((room) => room.statistics);
  const last = readings.at(-1);
  if (!last) return <Text c="dimmed">{t('statistics.none')}</Text>;
  const { numbers } = last;
  // While nothing moves, the newest that is known.
  const delay = readings.findLast((reading) => reading.delay !== null)?.delay ?? null;
  const ms = (value: number | null): string => (value === null ? '–' : t('statistics.milliseconds', { value: Math.round(value) }));
  const percent = (share: number): string => (share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0);
  const profile = numbers.profile ? `${t(`statistics.profiles.${numbers.profile.name}`)} ${numbers.profile.level}` : null;
  const path = numbers.path ? [t(`statistics.paths.${numbers.path.kind}`), numbers.path.protocol].filter(Boolean).join(', ') : '–';
  const rows: [string, string][] = [
    [t('statistics.picture'), numbers.width > 0 ? t('statistics.pictureValue', { width: numbers.width, height: numbers.height, rate: Math.round(numbers.framesPerSecond) }) : '–'],
    ...(agent ? [[t('statistics.layer'), t(`statistics.layers.${agent.layer}`)] satisfies [string, string]] : []),
    [t('statistics.roundTrip'), ms(numbers.roundTrip)],
    [t('statistics.loss'), t('statistics.percent', { value: percent(Math.max(numbers.loss, agent?.loss ?? 0)) })],
    [t('statistics.freezes'), String(numbers.freezes)],
    [t('statistics.path'), path],
    [t('statistics.codec'), [numbers.codec ?? '–', profile].filter(Boolean).join(', ')],
    ...(numbers.soundBuffer === null ? [] : [[t('statistics.sound'), t('statistics.soundValue', { buffer: Math.round(numbers.soundBuffer), concealed: percent(numbers.concealed ?? 0) })] satisfies [string, string]]),
  ];
  return (
    <Stack gap={14} data-testid="statistics-list">
      <dl className={classes.tiles}>
        <div>
          <dt title={t('statistics.delayHint')}>{t('statistics.delay')}</dt>
          <dd className="tnum">{delay ? ms(delay.total) : <span className={classes.still}>{t('statistics.still')}</span>}</dd>
          <Sparkline values={readings.map((reading) => reading.delay?.total ?? null)} />
        </div>
        <div>
          <dt>{t('statistics.bitrate')}</dt>
          <dd className="tnum">{rate(numbers.bitsPerSecond)}</dd>
          <Sparkline values={readings.map((reading) => reading.numbers.bitsPerSecond)} />
        </div>
      </dl>
      {(delay !== null || (agent !== null && agent.estimate > 0)) && (
        <Text fz="xs" c="dimmed" lh={1.4} className="tnum">
          {delay && t('statistics.delayParts', { server: Math.round(delay.server), way: Math.round(delay.way), waiting: Math.round(delay.waiting), decoding: Math.round(delay.decoding) })}
          {delay && agent !== null && agent.estimate > 0 && <br />}
          {agent !== null && agent.estimate > 0 && t('statistics.estimate', { rate: rate(agent.estimate) })}
        </Text>
      )}
      <dl className={classes.list}>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="tnum">{value}</dd>
          </div>
        ))}
      </dl>
    </Stack>
  );
}
