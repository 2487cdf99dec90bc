/** What a receiver wants of a friend's camera. */
export interface Wish {
  /** The shorter side of what is shown of it, in the screen's own pixels; 0 where nothing is. */
  side: number;
  /** How much of the rate that this takes may come, from 0 to 1: less where the film suffers. */
  share: number;
}

/** What the two ends of a call tell each other about their cameras. */
export interface Said {
  wish?: Wish;
  /** No picture is sent just now, for want of a line; the camera is on all the same. */
  rests?: boolean;
}

/** A channel that both ends open by themselves, so that it costs no negotiation. */
export const wishChannel = ['picture', { negotiated: true, id: 0 }] as const;

const within = (value: unknown, most: number): value is number => typeof value === 'number' && value >= 0 && value <= most;

/** Null for what no page of ours says. */
export function parseSaid(data: unknown): Said | null {
  if (typeof data !== 'string' || data.length > 200) return null;
  try {
    const { wish, rests } = JSON.parse(data) as { wish?: { side?: unknown; share?: unknown } | null; rests?: unknown };
    const said: Said = {};
    if (wish && within(wish.side, 10_000) && within(wish.share, 1)) said.wish = { side: wish.side, share: wish.share };
    if (typeof rests === 'boolean') said.rests = rests;
    return said;
  } catch {
    return null;
  }
}

/** The part of a data channel that is used. */
type Channel = Pick<RTCDataChannel, 'readyState' | 'onopen' | 'onmessage' | 'send'>;

/** Wishes carries what is said to the other end: the newest of each, and all of it as soon as there is a way. */
export class Wishes {
  private said: Said = {};

  constructor(
    private readonly channel: Channel,
    heard: (said: Said) => void,
  ) {
    channel.onopen = () => this.send(this.said);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      const said = parseSaid(data);
      if (said) heard(said);
    };
  }

  say(news: Said): void {
    this.said = { ...this.said, ...news };
    this.send(news);
  }

  close(): void {
    this.channel.onopen = this.channel.onmessage = null;
  }

  private send(said: Said): void {
    if (this.channel.readyState !== 'open' || Object.keys(said).length === 0) return;
    try {
      this.channel.send(JSON.stringify(said));
    } catch {
      // It closes just now, and says everything again with the connection that follows.
    }
  }
}
