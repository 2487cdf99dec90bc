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
      mayOffer: () => true,
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

/** One end, with what the other says in the test's hands. */
function setUp(polite: boolean) {
  const network = new FakeNetwork();
  const said: SignalPayload[] = [];
  const broken = vi.fn();
  const link = new PeerLink({ id: 'a1', polite, configuration: {}, makePeerConnection: network.make, signal: (payload) => said.push(payload) > 0, changed: () => undefined, broken, mayOffer: () => true });
  const [connection] = network.connections;
  if (!connection) throw new Error('no connection was made');
  const candidate = (ufrag: string): SignalPayload => ({ session: 'call:b1:a1', candidate: { candidate: `of ${ufrag}`, usernameFragment: ufrag } });
  const offer = (ufrag: string): SignalPayload => ({ session: 'call:b1:a1', description: { type: 'offer', sdp: `ufrag=${ufrag} kinds=audio offer=${ufrag}.1` } });
  const types = (): (string | undefined)[] => said.flatMap(({ description }) => (description ? [description.type] : []));
  return { link, connection, said, broken, candidate, offer, types };
}

describe('one end', () => {
  it('keeps candidates that come before their description, and takes them in their order', async () => {
    const { link, connection, candidate, offer, types } = setUp(true);
    link.receive(candidate('x'));
    await pass(0);
    expect(connection.added).toEqual([]);
    link.receive(offer('x'));
    link.receive(candidate('x'));
    await pass(0);
    expect(connection.added).toEqual(['of x', 'of x']);
    expect(types()).toEqual(['answer']);
  });

  it('drops what belongs to an offer that it did not take, and goes on with its own', async () => {
    const { link, connection, broken, candidate, offer, types } = setUp(false);
    link.send('audio', aTrack('audio'));
    await pass(0);
    link.receive(offer('x'));
    link.receive(candidate('x'));
    await pass(0);
    expect([connection.signalingState, connection.added, broken.mock.calls.length]).toEqual(['have-local-offer', [], 0]);
    expect(types()).toEqual(['offer']);
  });

  it('takes its own offer back where it is the polite one', async () => {
    const { link, connection, candidate, offer, types } = setUp(true);
    link.send('audio', aTrack('audio'));
    await pass(0);
    link.receive(offer('x'));
    link.receive(candidate('x'));
    await pass(0);
    expect([connection.signalingState, connection.rollbacks, connection.added]).toEqual(['stable', 1, ['of x']]);
    expect(types()).toEqual(['offer', 'answer']);
  });

  it('names both ends in what it says, once it knows the other', async () => {
    const { link, said } = setUp(true);
    link.send('audio', aTrack('audio'));
    await pass(0);
    link.remote = 'b1';
    await pass(10);
    expect(said.map(({ session }) => session)).toEqual(['call:a1:', 'call:a1:b1', 'call:a1:b1']);
  });

  it('does nothing any more once it is closed', async () => {
    const { link, said, broken, offer } = setUp(true);
    link.send('audio', aTrack('audio'));
    link.close();
    link.receive(offer('x'));
    link.hubBack();
    await pass(300_000);
    expect([said, broken.mock.calls, vi.getTimerCount()]).toEqual([[], [], 0]);
  });
});
