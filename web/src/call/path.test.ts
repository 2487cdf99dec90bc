import { expect, it } from 'vitest';
import type { ICEServer } from '@/api/types';
import { probePath, verdictOf } from './path';

/** What a network lets through to which address. */
type Network = Partial<Record<'srflx' | 'udp' | 'tcp', boolean>>;

const all: ICEServer[] = [{ urls: ['stun:t:3478'] }, { urls: ['turn:t:3478?transport=udp', 'turn:t:3478?transport=tcp'], username: 'u', credential: 'c' }];

function around(network: Network) {
  let open = 0;
  const makePeerConnection = ({ iceServers, iceTransportPolicy }: RTCConfiguration): RTCPeerConnection => {
    open++;
    const urls = (iceServers ?? []).flatMap((server) => server.urls);
    const found = iceTransportPolicy === 'relay' ? urls.filter((url) => (url.endsWith('tcp') ? network.tcp : network.udp)).map(() => 'relay') : ['host', ...(network.srflx ? ['srflx'] : [])];
    const connection = {
      onicecandidate: null as ((event: { candidate: { candidate: string } | null }) => void) | null,
      createDataChannel: () => undefined,
      setLocalDescription: () => {
        queueMicrotask(() => {
          for (const type of found) connection.onicecandidate?.({ candidate: { candidate: `candidate:1 1 udp 1 192.0.2.1 9 typ ${type}` } });
          connection.onicecandidate?.({ candidate: null });
        });
        return Promise.resolve();
      },
      close: () => {
        open--;
      },
    };
    return connection as unknown as RTCPeerConnection;
  };
  return { makePeerConnection, setTimeout: (run: () => void) => setTimeout(run, 5_000), open: () => open };
}

it.each<[Network, ICEServer[], string, string]>([
  [{ srflx: true, udp: true, tcp: true }, all, 'good', 'good'],
  [{ udp: true }, all, 'good', 'good'],
  [{ srflx: true, tcp: true }, all, 'slow', 'slow'],
  [{ srflx: true }, all, 'some', 'none'],
  [{}, all, 'near', 'none'],
  [{ srflx: true }, all.slice(0, 1), 'some', 'none'],
  [{ srflx: true, udp: true }, [], 'direct', 'none'],
])('a network that lets %o through to %o is %s, and %s where all goes by the relay', async (network, servers, verdict, relayed) => {
  const surroundings = around(network);
  const path = await probePath(servers, surroundings);
  expect([verdictOf(path, false), verdictOf(path, true)]).toEqual([verdict, relayed]);
  expect(surroundings.open(), 'nothing is left open').toBe(0);
});

it('says of what the server does not offer that it is not offered', async () => {
  expect(await probePath([], around({}))).toEqual({ stun: null, turnUdp: null, turnTcp: null });
  expect(await probePath(all.slice(0, 1), around({ srflx: true }))).toEqual({ stun: true, turnUdp: null, turnTcp: null });
});
