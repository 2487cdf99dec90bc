import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoomSession } from '../context';
import { readStatistics, type StreamNumbers } from '../stream/statistics';
import classes from './Statistics.module.css';

const rate = (bits: number): string => (bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`);
const ms = (value: number | null): string => (value === null ? '–' : `${Math.round(value)} ms`);

export function Statistics() {
  const { t } = useTranslation();
  const session = useRoomSession();
  const [numbers, setNumbers] = useState<StreamNumbers | null>(null);
  useEffect(() => {
    let before: Parameters<typeof readStatistics>[1] = null;
    let current = true;
    const read = async (): Promise<void> => {
      const report = await session.stream.statistics();
      const result = report && current ? readStatistics(report, before) : null;
      if (!result) return;
      before = result.next;
      setNumbers(result.numbers);
    };
    void read();
    const timer = setInterval(() => void read(), 1000);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [session]);
  if (!numbers) return <Text c="dimmed">{t('statistics.none')}</Text>;
  const rows: [string, string][] = [
    [t('statistics.codec'), numbers.codec ?? '–'],
    [t('statistics.resolution'), `${numbers.width} × ${numbers.height}`],
    [t('statistics.fps'), String(Math.round(numbers.framesPerSecond))],
    [t('statistics.bitrate'), rate(numbers.bitsPerSecond)],
    [t('statistics.roundTrip'), ms(numbers.roundTrip)],
    [t('statistics.buffer'), ms(numbers.buffer)],
    [t('statistics.lost'), String(numbers.lost)],
    [t('statistics.path'), numbers.relayed === null ? '–' : numbers.relayed ? t('statistics.relayed') : t('statistics.direct')],
  ];
  return (
    <dl className={classes.list} data-testid="statistics-list">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="tnum">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
