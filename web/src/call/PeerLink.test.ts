import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SignalPayload } from '@/api/types';
import { aTrack, FakeNetwork } from '@/test/peerConnection';
import { PeerLink } from './PeerLink';

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Two ends whose signals arrive at once, and all that was said. */
function ends() {
  const network = new FakeNetwork();
  const said: { from: string; payload: SignalPayload }[] = [];
  const link = (id: string, other: () => PeerLink): PeerLink =>
    new PeerLink({
      id,
      polite: id === 'b',
      configuration: {},
      makePeerConnection: network.make,
      signal: (payload) => {
        said.push({ from: id, payload });
        other().receive(payload);
        return true;
      },
      changed: () => undefined,
      broken: () => undefined,
    });
  const a: PeerLink = link('a', () => b);
  const b: PeerLink = link('b', () => a);
  const offers = (): string[] => said.flatMap(({ from, payload }) => (payload.description?.type === 'offer' ? [from] : []));
  return { a, b, offers };
}

describe('one negotiation', () => {
  it('is enough for what both ends send, where the other end adds its track as the offer comes', async () => {
    const { a, b, offers } = ends();
    const receive = b.receive.bind(b);
    b.receive = (payload) => {
      if (payload.description) b.send('audio', aTrack('audio'));
      receive(payload);
    };
    a.send('audio', aTrack('audio'));
    await pass(1_000);
    expect([a.received.audio, b.received.audio]).not.toContain(null);
    expect(offers()).toEqual(['a']);
  });

  it('is followed by another for what it had no place for', async () => {
    const { a, b, offers } = ends();
    a.send('audio', aTrack('audio'));
    await pass(0);
    a.send('video', aTrack('video'));
    b.send('video', aTrack('video'));
    await pass(1_000);
    expect([a.received.video, b.received.video]).not.toContain(null);
    expect(offers().length).toBeGreaterThan(1);
  });
});
