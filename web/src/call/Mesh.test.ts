import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Peer, SignalPayload } from '@/api/types';
import { aPeer, jon, mia, uuid } from '@/test/mockServer';
import { aTrack, FakeNetwork } from '@/test/peerConnection';
import { Mesh } from './Mesh';

const latency = 20;

/** A hub that keeps the order, and pages that talk over it. */
class FakeHub {
  readonly network = new FakeNetwork();
  readonly pages = new Map<string, Page>();
  readonly log: { from: string; to: string; payload: SignalPayload }[] = [];
  /** Peers that the hub does not reach just now. */
  readonly away = new Set<string>();
  seats: Peer[] = [];

  page(id: string, person = { ...mia, id: uuid(id.charCodeAt(0)) }): Page {
    this.seats = [...this.seats.filter((seat) => seat.id !== id), aPeer(id, person)];
    const page = new Page(this, id);
    this.pages.set(id, page);
    this.tell();
    return page;
  }

  update(id: string, change: Partial<Peer>): void {
    this.seats = this.seats.map((seat) => (seat.id === id ? { ...seat, ...change } : seat));
    this.tell();
  }

  leave(id: string): void {
    this.seats = this.seats.filter((seat) => seat.id !== id);
    this.pages.delete(id);
    this.tell();
  }

  tell(): void {
    for (const page of this.pages.values()) if (!this.away.has(page.id)) page.mesh.setSeats(page.id, this.seats);
  }

  signal(from: string, to: string, payload: SignalPayload): boolean {
    if (this.away.has(from)) return false;
    this.log.push({ from, to, payload });
    setTimeout(() => {
      if (!this.away.has(to)) this.pages.get(to)?.mesh.receive(structuredClone(payload), from);
    }, latency);
    return true;
  }

  lose(id: string): void {
    this.away.add(id);
    this.update(id, { connected: false });
  }

  back(id: string): void {
    this.away.delete(id);
    this.update(id, { connected: true });
    this.pages.get(id)?.mesh.hubBack(false);
  }

  offers(): number {
    return this.log.filter(({ payload }) => payload.description?.type === 'offer').length;
  }
}

let named = 0;

class Page {
  readonly mesh: Mesh;
  constructor(
    readonly hub: FakeHub,
    readonly id: string,
  ) {
    this.mesh = new Mesh({ makePeerConnection: hub.network.make, signal: (payload, target) => hub.signal(id, target, payload), makeId: () => `c${++named}`, changed: () => undefined });
  }
  speak(): void {
    this.hub.update(this.id, { media: { microphone: true, camera: false } });
    this.mesh.setTracks({ audio: aTrack('audio'), video: null });
  }
  hush(): void {
    this.hub.update(this.id, { media: { microphone: false, camera: false } });
  }
  hears(other: string): boolean {
    const link = this.mesh.link(other);
    return link?.state === 'connected' && link.received.audio !== null;
  }
  connection(other: string) {
    return this.mesh.link(other)?.connection;
  }
}

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function room(...ids: string[]) {
  const hub = new FakeHub();
  return { hub, network: hub.network, pages: ids.map((id) => hub.page(id)) as [Page, Page, ...Page[]] };
}

describe('who is connected with whom', () => {
  it('nobody, while nobody sends', async () => {
    const { network } = room('a', 'b', 'c');
    await pass(60_000);
    expect(network.connections).toHaveLength(0);
  });

  it('who speaks with each of the others, and not those with one another', async () => {
    const { network, pages } = room('a', 'b', 'c');
    pages[0].speak();
    await pass(1_000);
    expect(network.open).toHaveLength(4);
    expect(pages.map((page) => page.mesh.size)).toEqual([2, 1, 1]);
    expect(pages.slice(1).every((page) => page.hears('a'))).toBe(true);
  });

  it('whoever comes later too', async () => {
    const { hub, pages } = room('a', 'b');
    pages[0].speak();
    await pass(1_000);
    const late = hub.page('c');
    await pass(1_000);
    expect(late.hears('a')).toBe(true);
  });

  it('not two seats of one person, nor the browser', async () => {
    const hub = new FakeHub();
    const laptop = hub.page('a', mia);
    hub.page('b', mia);
    hub.seats.push({ ...aPeer('vb', jon), kind: 'vb' });
    laptop.speak();
    await pass(60_000);
    expect(hub.network.connections).toHaveLength(0);
  });

  it('lets a stranger to the room start nothing', () => {
    const { network, pages } = room('a', 'b');
    pages[0].mesh.receive({ session: 'call:x:', description: { type: 'offer', sdp: 'ufrag=x kinds=audio' } }, 'nobody');
    pages[0].mesh.receive({ session: 'call', description: { type: 'offer', sdp: 'ufrag=x kinds=audio' } }, 'b');
    expect(network.connections).toHaveLength(0);
  });
});

describe('who may offer', () => {
  it('is nobody while both are silent: nothing is answered that tells addresses', async () => {
    const { hub, network, pages } = room('a', 'b');
    pages[0].mesh.receive({ session: 'call:x:', description: { type: 'offer', sdp: 'ufrag=x kinds=audio offer=x.1' } }, 'b');
    await pass(1_000);
    expect(network.connections).toHaveLength(0);
    expect(hub.log).toEqual([]);
  });

  it('is who speaks again: what broke in the silence is mended then', async () => {
    const { hub, network, pages } = room('a', 'b');
    const track = aTrack('audio');
    hub.update('a', { media: { microphone: true, camera: false } });
    pages[0].mesh.setTracks({ audio: track, video: null });
    await pass(1_000);
    track.enabled = false;
    pages[0].hush();
    const offers = hub.offers();
    network.setCut(true);
    for (const connection of network.open) connection.become('failed');
    await pass(120_000);
    network.cut = false;
    expect(hub.offers()).toBe(offers);
    track.enabled = true;
    hub.update('a', { media: { microphone: true, camera: false } });
    await pass(2_000);
    expect(pages[1].hears('a')).toBe(true);
    expect(network.connections).toHaveLength(2);
  });

  it('waits where the browser makes no connection, and tries again', async () => {
    const { network, pages } = room('a', 'b');
    const make = vi.spyOn(network, 'fresh').mockImplementation(() => {
      throw new DOMException('', 'UnknownError');
    });
    pages[0].speak();
    await pass(10_000);
    expect(make.mock.calls.length).toBeLessThan(8);
    make.mockRestore();
    await pass(30_000);
    expect(pages[1].hears('a')).toBe(true);
  });
});

describe('negotiation', () => {
  it('of two offers that cross takes one back, and both are heard', async () => {
    const { hub, network, pages } = room('a', 'b');
    for (const page of pages) page.speak();
    await pass(1_000);
    expect(pages[0].hears('b') && pages[1].hears('a')).toBe(true);
    expect(network.connections).toHaveLength(2);
    expect(network.connections.map(({ rollbacks }) => rollbacks).sort()).toEqual([0, 1]);
    expect(hub.offers()).toBe(2);
  });

  it('of eight who all begin at once leaves everybody hearing everybody', async () => {
    const { network, pages } = room('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    for (const page of pages) page.speak();
    await pass(5_000);
    for (const page of pages) for (const other of pages) if (other !== page) expect(page.hears(other.id), `${page.id} hears ${other.id}`).toBe(true);
    expect(network.connections).toHaveLength(56);
  });

  it('adds what the listener has to say to the connection that there is', async () => {
    const { network, pages } = room('a', 'b');
    pages[0].speak();
    await pass(1_000);
    pages[1].speak();
    await pass(1_000);
    expect(pages[0].hears('b')).toBe(true);
    expect(network.connections).toHaveLength(2);
  });

  it('changes a device without another offer', async () => {
    const { hub, network, pages } = room('a', 'b');
    pages[0].speak();
    await pass(1_000);
    const other = aTrack('audio', 'another');
    pages[0].mesh.setTracks({ audio: other, video: null });
    await pass(1_000);
    expect(hub.offers()).toBe(1);
    expect(network.connections.flatMap(({ senders }) => senders).map(({ track }) => track)).toEqual([other]);
  });

  it('keeps candidates that come before their description', async () => {
    const { hub, pages } = room('a', 'b');
    const held: (() => void)[] = [];
    const deliver = hub.signal.bind(hub);
    // Descriptions are slow, candidates are not.
    hub.signal = (from, to, payload) => {
      if (payload.description) held.push(() => deliver(from, to, payload));
      else deliver(from, to, payload);
      return true;
    };
    pages[0].speak();
    await pass(1_000);
    expect(pages[1].mesh.size, 'a candidate alone makes no connection').toBe(0);
    while (held.length > 0) {
      held.shift()?.();
      await pass(1_000);
    }
    expect(pages[0].connection('b')).toMatchObject({ signalingState: 'stable' });
    await pass(10_000);
    for (const say of held.splice(0)) say();
    hub.signal = deliver;
    await pass(30_000);
    expect(pages[1].hears('a')).toBe(true);
  });

  it('says an offer again that nobody answered', async () => {
    const { hub, network, pages } = room('a', 'b');
    const deliver = hub.signal.bind(hub);
    hub.signal = () => true; // lost on the way
    pages[0].speak();
    await pass(5_000);
    hub.signal = deliver;
    await pass(10_000);
    expect(pages[1].hears('a')).toBe(true);
    expect(network.connections).toHaveLength(2);
  });

  it('says an offer again that was lost while all the rest went on', async () => {
    const { hub, network, pages } = room('a', 'b');
    const deliver = hub.signal.bind(hub);
    pages[0].speak();
    await pass(1_000);
    hub.signal = (from, to, payload) => payload.description !== undefined || deliver(from, to, payload);
    pages[0].mesh.setTracks({ audio: aTrack('audio'), video: aTrack('video') });
    await pass(200_000);
    expect(pages[1].hears('a'), 'what holds is not given up for it').toBe(true);
    hub.signal = deliver;
    await pass(30_000);
    expect(pages[1].mesh.link('a')?.received.video).not.toBeNull();
    pages[1].speak();
    await pass(1_000);
    expect(pages[0].hears('b')).toBe(true);
    expect(network.connections).toHaveLength(2);
  });

  it('begins anew where a description can not be taken', async () => {
    const { hub, network, pages } = room('a', 'b');
    pages[0].speak();
    await pass(1_000);
    const before = pages[1].connection('a');
    pages[1].mesh.receive({ session: hub.log.find(({ payload }) => payload.description?.type === 'offer')?.payload.session ?? '', description: { type: 'rollback' as 'offer', sdp: '' } }, 'a');
    await pass(2_000);
    expect(pages[1].connection('a')).not.toBe(before);
    expect(pages[1].hears('a')).toBe(true);
    expect(network.open).toHaveLength(2);
  });
});

it('tries a peer with whom nothing holds ever more seldom', async () => {
  const { hub, network, pages } = room('a', 'b');
  const deliver = hub.signal.bind(hub);
  // What one of them says is always broken.
  hub.signal = (from, to, payload) => deliver(from, to, payload.description && from === 'b' ? { ...payload, description: { type: 'answer', sdp: 'answers=nothing' } } : payload);
  pages[0].speak();
  await pass(60_000);
  expect(network.connections.length).toBeLessThan(20);
  hub.signal = deliver;
  await pass(60_000);
  expect(pages[1].hears('a')).toBe(true);
});

describe('a network that fails', () => {
  it('is mended by one restart of ICE, on the same connection', async () => {
    const { network, pages } = room('a', 'b');
    for (const page of pages) page.speak();
    await pass(1_000);
    network.setCut(true);
    await pass(1_000);
    expect(pages.map((page, i) => page.mesh.link(i === 0 ? 'b' : 'a')?.state)).toEqual(['interrupted', 'interrupted']);
    network.cut = false; // the old way stays lost, a new one is found
    await pass(4_000);
    expect(pages[0].hears('b') && pages[1].hears('a')).toBe(true);
    expect(network.connections).toHaveLength(2);
    expect(network.connections.reduce((sum, { restarts }) => sum + restarts, 0)).toBe(1);
  });

  it('is tried again until it works', async () => {
    const { network, pages } = room('a', 'b');
    pages[0].speak();
    await pass(1_000);
    network.setCut(true);
    for (const connection of network.open) connection.become('failed');
    await pass(180_000);
    network.cut = false;
    await pass(40_000);
    expect(pages[1].hears('a')).toBe(true);
    expect(network.open).toHaveLength(2);
  });
});

describe('the hub', () => {
  it('may be away for ten seconds, and nothing changes', async () => {
    const { hub, network, pages } = room('a', 'b');
    for (const page of pages) page.speak();
    await pass(1_000);
    const said = hub.log.length;
    hub.lose('a');
    await pass(10_000);
    hub.back('a');
    await pass(30_000);
    expect(hub.log).toHaveLength(said);
    expect(network.connections.map(({ connectionState, offers }) => [connectionState, offers])).toEqual([['connected', 1], ['connected', 1]]);
  });

  it('is told again what it lost while it was away', async () => {
    const { hub, network, pages } = room('a', 'b');
    hub.lose('b');
    hub.lose('a');
    pages[0].mesh.setTracks({ audio: aTrack('audio'), video: null });
    hub.back('b');
    await pass(1_000);
    hub.back('a');
    pages[0].speak();
    await pass(1_000);
    expect(pages[1].hears('a')).toBe(true);
    expect(network.connections).toHaveLength(2);
  });

  it('may lose the answer, and the talk begins when it is back', async () => {
    const { hub, pages } = room('a', 'b');
    pages[0].speak();
    await pass(latency); // the offer has arrived, the answer is under way
    hub.lose('a');
    await pass(3_000);
    expect(pages[1].hears('a')).toBe(false);
    hub.back('a');
    await pass(1_000);
    expect(pages[1].hears('a')).toBe(true);
  });
});

describe('a peer', () => {
  it('that vanishes in the middle of it leaves nothing behind', async () => {
    const { hub, network, pages } = room('a', 'b');
    pages[0].speak();
    await pass(latency);
    hub.leave('b');
    await pass(1_000);
    expect(pages[0].mesh.size).toBe(0);
    expect(network.connections[0]?.connectionState).toBe('closed');
    const said = (): number => hub.log.filter(({ from }) => from === 'a').length;
    const before = said();
    await pass(120_000);
    expect(said()).toBe(before);
  });

  it('that loads its page again gets a new connection on the same seat', async () => {
    const { hub, network, pages } = room('a', 'b');
    pages[0].speak();
    await pass(1_000);
    const before = pages[0].connection('b');
    const again = new Page(hub, 'b');
    hub.pages.set('b', again);
    again.mesh.setSeats('b', hub.seats);
    again.mesh.hubBack(true);
    await pass(1_000);
    expect(pages[0].connection('b')).not.toBe(before);
    expect(again.hears('a')).toBe(true);
    expect(network.connections.filter(({ connectionState }) => connectionState === 'connected')).toHaveLength(3); // the page that is gone closed nothing
  });

  it('that hears nothing it should asks for it', async () => {
    const { hub, pages } = room('a', 'b');
    pages[0].speak();
    await pass(1_000);
    const again = new Page(hub, 'b');
    hub.pages.set('b', again);
    hub.tell(); // and nobody said that it was loaded again
    await pass(11_000);
    expect(again.hears('a')).toBe(true);
  });

  it('that says what was meant for a connection of before is told that it is gone', async () => {
    const { hub, pages } = room('a', 'b');
    pages[1].mesh.receive({ session: 'call:old:older', candidate: { candidate: 'x' } }, 'a');
    expect(hub.log).toMatchObject([{ from: 'b', to: 'a', payload: { session: 'call:none:old' } }]);
    pages[0].speak();
    await pass(1_000);
    const connection = pages[1].connection('a');
    pages[1].mesh.receive({ session: 'call:old:older', description: { type: 'offer', sdp: 'ufrag=x kinds=audio' } }, 'a');
    await pass(1_000);
    expect(pages[1].connection('a')).toBe(connection);
    expect(pages[1].hears('a')).toBe(true);
  });

  it('that gets another seat is another peer', async () => {
    const { hub, network, pages } = room('a', 'b');
    for (const page of pages) page.speak();
    await pass(1_000);
    const [, ben] = pages;
    hub.leave('b');
    hub.seats = [...hub.seats, { ...aPeer('z', jon), media: { microphone: true, camera: false } }];
    hub.pages.set('z', ben);
    Object.assign(ben, { id: 'z' });
    hub.signal = ((deliver) => (from: string, to: string, payload: SignalPayload) => deliver(from === 'b' ? 'z' : from, to, payload))(hub.signal.bind(hub));
    hub.tell();
    await pass(1_000);
    expect(ben.hears('a') && pages[0].hears('z')).toBe(true);
    expect(network.open).toHaveLength(2);
  });
});

describe('a connection that carries nothing', () => {
  it('waits for the next word, and is given up after a long silence', async () => {
    const { network, pages } = room('a', 'b');
    pages[0].speak();
    await pass(1_000);
    pages[0].hush();
    await pass(60_000);
    expect(network.open).toHaveLength(2);
    pages[0].speak();
    await pass(100);
    expect(network.connections).toHaveLength(2);
    pages[0].hush();
    await pass(601_000);
    expect(network.open).toHaveLength(0);
    pages[0].speak();
    await pass(1_000);
    expect(pages[1].hears('a')).toBe(true);
  });

  it('is closed at both ends by a page that goes', async () => {
    const { network, pages } = room('a', 'b');
    pages[0].speak();
    await pass(1_000);
    pages[0].mesh.dispose();
    await pass(100);
    expect(network.open).toHaveLength(0);
  });
});

it('sends the camera smaller to each the more there are, and forces the relay where that is wanted', async () => {
  const { hub, network, pages } = room('a', 'b');
  hub.update('a', { media: { microphone: true, camera: true } });
  pages[0].mesh.setTracks({ audio: aTrack('audio'), video: aTrack('video') });
  await pass(1_000);
  const encoding = (kind: string) => network.open.flatMap(({ senders }) => senders).filter((sender) => sender.kind === kind).map(({ parameters }) => parameters.encodings[0]);
  expect(encoding('video')).toMatchObject([{ active: true, maxBitrate: 147_456, scaleResolutionDownBy: 1.875, maxFramerate: 15, priority: 'low' }]);
  expect(encoding('audio')).toMatchObject([{ maxBitrate: 40_000, priority: 'high' }]);
  for (const id of ['c', 'd', 'e']) hub.page(id);
  await pass(1_000);
  expect(encoding('video').map((each) => each?.maxBitrate)).toEqual([129_600, 129_600, 129_600, 129_600]);
  expect(encoding('video')[0]).toMatchObject({ scaleResolutionDownBy: 2 });
  pages[0].mesh.setTransportPolicy('relay');
  await pass(1_000);
  expect(pages[0].connection('b')).toMatchObject({ configuration: { iceTransportPolicy: 'relay' }, restarts: 1 });
});

describe('a camera', () => {
  const sample = { received: 0, lost: 0, lostThere: 0, roundTrip: 0.05, limited: false, available: 1_000_000 };
  const narrow = { ...sample, available: 40_000 };

  async function seen() {
    const { hub, network, pages } = room('a', 'b');
    hub.update('a', { media: { microphone: true, camera: true } });
    pages[0].mesh.setTracks({ audio: aTrack('audio'), video: aTrack('video') });
    await pass(1_000);
    const sent = () => network.open.flatMap(({ senders }) => senders).find(({ kind }) => kind === 'video')?.parameters.encodings[0];
    const sound = () => network.open.flatMap(({ senders }) => senders).find(({ kind }) => kind === 'audio')?.parameters.encodings[0];
    const hear = async (what: typeof sample, times: number) => {
      for (let n = 0; n < times; n++) {
        pages[0].mesh.link('b')?.hear(what);
        await pass(2_500);
      }
    };
    return { hub, pages, sent, sound, hear };
  }

  it('is sent as large as the other end shows it, also what was said before there was a connection', async () => {
    const { hub, network, pages } = room('a', 'b');
    pages[1].mesh.setWish({ side: 64, share: 1 });
    hub.update('a', { media: { microphone: false, camera: true } });
    pages[0].mesh.setTracks({ audio: null, video: aTrack('video') });
    await pass(1_000);
    const sent = () => network.open.flatMap(({ senders }) => senders)[0]?.parameters.encodings[0];
    expect(sent()).toMatchObject({ active: true, scaleResolutionDownBy: 360 / 64 });
    pages[1].mesh.setWish({ side: 240, share: 1 });
    await pass(10);
    expect(sent()).toMatchObject({ scaleResolutionDownBy: 360 / 256 });
    pages[1].mesh.setWish({ side: 0, share: 1 });
    await pass(10);
    expect(sent(), 'nobody sees it').toMatchObject({ active: false });
  });

  it('gives way where the sender’s line is narrow, is said to rest at last, and comes back; sound is as it was', async () => {
    const { pages, sent, sound, hear } = await seen();
    const whole = Number(sent()?.maxBitrate);
    await hear(narrow, 1);
    expect(Number(sent()?.maxBitrate)).toBeLessThan(whole);
    expect(pages[1].mesh.link('a')?.rests).toBe(false);
    await hear({ ...sample, lostThere: 0.3 }, 8);
    expect(sent()).toMatchObject({ active: false });
    expect(sound()).toMatchObject({ maxBitrate: 40_000, priority: 'high' });
    expect(pages[1].mesh.link('a')?.rests).toBe(true);
    await hear(sample, 5);
    expect(pages[1].mesh.link('a')?.rests).toBe(false);
    expect(sent()).toMatchObject({ active: true });
    await hear(sample, 40);
    expect(sent()?.maxBitrate).toBe(whole);
  });

  it('gives way where the receiver asks for less, and rests there where it asks for none', async () => {
    const { pages, sent } = await seen();
    const whole = Number(sent()?.maxBitrate);
    pages[1].mesh.setWish({ side: 180, share: 0.35 });
    await pass(10);
    expect(Number(sent()?.maxBitrate)).toBeLessThan(whole);
    pages[1].mesh.setWish({ side: 180, share: 0 });
    await pass(10);
    expect(sent()).toMatchObject({ active: false });
    expect(pages[1].mesh.link('a')?.rests).toBe(true);
  });
});
