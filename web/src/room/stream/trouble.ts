import type { Quality, StatisticsEvent } from '@/api/types';
import type { StreamNumbers } from './statistics';

/** What is wrong with a viewer's network, so far as it can be seen in the picture. */
export type Trouble =
  /** Packets are lost; perhaps so many that the smaller picture is sent. */
  | { kind: 'loss'; share: number; smaller: boolean }
  /** It carries less than the whole picture needs; bits is 0 while it is not known how much. */
  | { kind: 'narrow'; bits: number }
  /** Whoever drives waits for each answer. */
  | { kind: 'slow'; roundTrip: number };

export interface Circumstances {
  quality: Quality;
  hidden: boolean;
  driving: boolean;
}

const losing = 0.02;
const losingMuch = 0.05;
const slow = 250;
/** So many readings must agree, before it is said and before it is over. */
const agreed = 3;

export function troubleOf(numbers: StreamNumbers, agent: StatisticsEvent | null, { quality, hidden, driving }: Circumstances): Trouble | null {
  if (hidden || quality === 'sound') return null;
  const smaller = quality === 'auto' && agent?.layer === 'low';
  const loss = Math.max(numbers.loss, agent?.loss ?? 0);
  if (smaller) return loss >= losing ? { kind: 'loss', share: loss, smaller } : { kind: 'narrow', bits: agent.estimate };
  if (loss >= losingMuch) return { kind: 'loss', share: loss, smaller };
  const roundTrip = numbers.roundTrip ?? agent?.roundTrip ?? 0;
  return driving && roundTrip >= slow ? { kind: 'slow', roundTrip } : null;
}

/** Judge says what is wrong once it has lasted, and that it is over once that has lasted: a mark that flickers helps nobody. */
export class Judge {
  private said: Trouble | null = null;
  private contrary = 0;

  hear(found: Trouble | null): Trouble | null {
    if ((found === null) === (this.said === null)) {
      this.contrary = 0;
      this.said = found;
    } else if (++this.contrary >= agreed) {
      this.contrary = 0;
      this.said = found;
    }
    return this.said;
  }
}
