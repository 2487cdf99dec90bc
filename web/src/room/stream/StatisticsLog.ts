import { createStore, type StoreApi } from 'zustand/vanilla';
import type { StatisticsEvent } from '@/api/types';
import { delayOf, readStatistics, type Delay, type StreamNumbers } from './statistics';
import { Judge, troubleOf, type Circumstances, type Trouble } from './trouble';

export interface Reading {
  numbers: StreamNumbers;
  delay: Delay | null;
}

interface Log {
  /** The oldest first. */
  readings: readonly Reading[];
  trouble: Trouble | null;
}

interface Options {
  statistics: () => Promise<RTCStatsReport | null>;
  agent: () => StatisticsEvent | null;
  circumstances: () => Circumstances;
}

/** As often as the agent tells its part. */
const interval = 2_000;
const kept = 60;
const nothing: Log = { readings: [], trouble: null };

/** StatisticsLog reads how well the stream comes while there is one, keeps the last two minutes, and says what is wrong with the network. */
export class StatisticsLog {
  readonly store: StoreApi<Log> = createStore<Log>(() => nothing);
  private timer: ReturnType<typeof setInterval> | null = null;
  private run = 0;

  constructor(private readonly options: Options) {}

  start(): void {
    if (this.timer !== null) return;
    const run = ++this.run;
    const judge = new Judge();
    let before: Parameters<typeof readStatistics>[1] = null;
    const read = async (): Promise<void> => {
      const report = await this.options.statistics();
      const result = report && run === this.run ? readStatistics(report, before) : null;
      if (!result) return;
      before = result.next;
      const { numbers } = result;
      const agent = this.options.agent();
      const trouble = judge.hear(troubleOf(numbers, agent, this.options.circumstances()));
      this.store.setState(({ readings }) => ({ readings: [...readings, { numbers, delay: delayOf(numbers, agent) }].slice(-kept), trouble }));
    };
    const quietly = (): void => void read().catch(() => undefined); // the connection went meanwhile; the next one tells
    this.timer = setInterval(quietly, interval);
    quietly();
  }

  /** Forgets all: what follows is another stream. */
  stop(): void {
    if (this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
    this.run++;
    this.store.setState(nothing);
  }
}
