/** How well two people hear each other, why not better, and on whose side it is, as far as that shows. */
export interface Quality {
  level: 'good' | 'fair' | 'poor';
  reason: 'loss' | 'delay' | 'bandwidth' | null;
  /** Null where only two are in the talk, and nobody can tell. */
  side: 'mine' | 'theirs' | null;
}

export const good: Quality = { level: 'good', reason: null, side: null };

/** What a connection's statistics say at a moment; counts since its beginning. */
export interface Sample {
  received: number;
  lost: number;
  /** Of what this end sends, the share that the other end misses just now. */
  lostThere: number;
  /** Seconds there and back. */
  roundTrip: number;
  /** The camera is smaller than it would be, for want of a wider line. */
  limited: boolean;
  /** What the line towards the other end carries, in bit/s, as the browser believes; null where it does not say. */
  available: number | null;
}

/** The fields of RTCStats that are read here, of whichever kind. */
interface Stats {
  type: string;
  timestamp?: number;
  packetsReceived?: number;
  packetsLost?: number;
  fractionLost?: number;
  currentRoundTripTime?: number;
  nominated?: boolean;
  state?: string;
  qualityLimitationReason?: string;
  availableOutgoingBitrate?: number;
}

/** In milliseconds; reports on voices come every five seconds (RFC 3550, section 6.2), and one may be lost. */
const reportLife = 12_000;

export function sampleOf(report: Iterable<unknown>): Sample {
  const sample: Sample = { received: 0, lost: 0, lostThere: 0, roundTrip: 0, limited: false, available: null };
  const all = [...(report as Iterable<Stats>)];
  const newest = all.reduce((latest, { timestamp = 0 }) => Math.max(latest, timestamp), 0);
  for (const each of all) {
    switch (each.type) {
      case 'inbound-rtp':
        sample.received += each.packetsReceived ?? 0;
        sample.lost += Math.max(0, each.packetsLost ?? 0);
        break;
      case 'remote-inbound-rtp':
        // The last report on a sender that has nothing more to send stays; it says nothing of now.
        if (newest - (each.timestamp ?? newest) < reportLife) sample.lostThere = Math.max(sample.lostThere, each.fractionLost ?? 0);
        break;
      case 'candidate-pair':
        if (each.nominated !== true || each.state !== 'succeeded') break;
        sample.roundTrip = Math.max(sample.roundTrip, each.currentRoundTripTime ?? 0);
        sample.available = each.availableOutgoingBitrate ?? sample.available;
        break;
      case 'outbound-rtp':
        sample.limited ||= each.qualityLimitationReason === 'bandwidth';
        break;
      default:
        break;
    }
  }
  return sample;
}

/** Opus with what is in the next packet makes up for the odd lost one; what is more is heard. */
const loss = { fair: 0.03, poor: 0.1 };
/** People begin to talk at the same time. */
const delay = { fair: 0.35, poor: 0.8 };

/** The line carries this part of what is to be sent at most. */
const scarce = 0.7;

/** Whether the line to a friend has no place for all that is to be sent, in bit/s. */
export const crowded = ({ lostThere, available }: Sample, wanted: number): boolean => lostThere >= loss.poor || (available !== null && available < wanted * scarce);

const levelOf = (value: number, { fair, poor }: { fair: number; poor: number }): 0 | 1 | 2 => (value >= poor ? 2 : value >= fair ? 1 : 0);
const levels = ['good', 'fair', 'poor'] as const;

/** One connection, between two moments, without a word on whose side it is. */
export function judge(before: Sample, now: Sample): Quality {
  const lost = Math.max(0, now.lost - before.lost);
  const all = lost + Math.max(0, now.received - before.received);
  const found = [
    { reason: 'loss' as const, level: levelOf(Math.max(all > 0 ? lost / all : 0, now.lostThere), loss) },
    { reason: 'delay' as const, level: levelOf(now.roundTrip, delay) },
    { reason: 'bandwidth' as const, level: now.limited && before.limited ? (1 as const) : (0 as const) },
  ].reduce((worst, each) => (each.level > worst.level ? each : worst));
  return found.level === 0 ? good : { level: levels[found.level], reason: found.reason, side: null };
}

/** What is bad with most of several friends is this end's network; what is bad with few is theirs. */
export function withSides(qualities: ReadonlyMap<string, Quality>): Map<string, Quality> {
  const bad = [...qualities.values()].filter(({ level }) => level !== 'good').length;
  const side = qualities.size < 2 ? null : bad * 2 > qualities.size ? 'mine' : bad * 2 < qualities.size ? 'theirs' : null;
  return new Map([...qualities].map(([peer, quality]) => [peer, quality.level === 'good' ? good : { ...quality, side }]));
}
