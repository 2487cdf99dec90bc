import type { ICEServer } from '@/api/types';
import { allocate, reflects, type Surroundings } from './allocate';

/** Which ways out of this network there are; null where the server offers none. */
export interface Path {
  /** The router lets UDP out, and a server said from where it comes. */
  stun: boolean | null;
  turnUdp: boolean | null;
  turnTcp: boolean | null;
}

/** What a path means for a person, from the best to the worst. */
export type Verdict = 'good' | 'slow' | 'some' | 'direct' | 'near' | 'none';

const transportOf = (url: string): 'udp' | 'tcp' => (url.startsWith('turns:') || url.includes('transport=tcp') ? 'tcp' : 'udp');

/** Tries each way once. It needs no microphone, and so no question of the browser. */
export async function probePath(servers: readonly ICEServer[], around: Surroundings): Promise<Path> {
  const given = servers.map(({ urls, username, credential }) => ({ urls, ...(username === undefined ? {} : { username }), ...(credential === undefined ? {} : { credential }) }));
  const by = (transport: 'udp' | 'tcp'): RTCIceServer | undefined => {
    for (const { urls, ...rest } of given) {
      const own = urls.filter((url) => url.startsWith('turn') && transportOf(url) === transport);
      if (own.length > 0) return { urls: own, ...rest };
    }
    return undefined;
  };
  const relay = async (transport: 'udp' | 'tcp'): Promise<boolean | null> => {
    const server = by(transport);
    return server ? (await allocate(server, around)) === null : null;
  };
  const offersStun = given.some(({ urls }) => urls.some((url) => url.startsWith('stun') || (url.startsWith('turn') && transportOf(url) === 'udp')));
  const [reflected, turnUdp, turnTcp] = await Promise.all([offersStun ? reflects(given, around) : null, relay('udp'), relay('tcp')]);
  // Who is in the server's own network has no router between, which is no candidate of its own; the relay's answer shows that UDP gets there.
  return { stun: reflected === null ? null : reflected || turnUdp === true, turnUdp, turnTcp };
}

/** Between rooms where friends may connect directly and those where all goes by the relay, the relay makes the difference. */
export function verdictOf({ stun, turnUdp, turnTcp }: Path, relayOnly: boolean): Verdict {
  if (turnUdp === true) return 'good';
  if (turnTcp === true) return 'slow';
  if (relayOnly) return 'none';
  // A server that offers no way of its own leaves nothing to try.
  if (stun === null && turnUdp === null && turnTcp === null) return 'direct';
  return stun === true ? 'some' : 'near';
}
