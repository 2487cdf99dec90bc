import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HubError } from '@/api/hub/HubConnection';
import type { Identity, Peer, SignalPayload } from '@/api/types';
import { FakeMedia } from '@/test/devices';
import { anIdentity, aPeer, aRoom, jon, mia } from '@/test/mockServer';
import { aTrack, FakeNetwork } from '@/test/peerConnection';
import { Call } from './Call';
import { Mesh } from './Mesh';
import { hearing, volumes } from './preferences';

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);
const on: Peer['media'] = { microphone: true, camera: false };
const off: Peer['media'] = { microphone: false, camera: false };
const us = (mine: Peer['media'], jons: Peer['media']): Peer[] => [aPeer('p1', mia, { media: mine }), aPeer('p2', jon, { media: jons })];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  hearing.setState({ friends: 1, duck: true });
  volumes.setState({}, true);
});

/** Mia's call, with Jon's page at the other end. */
function setUp() {
  const network = new FakeNetwork();
  const media = new FakeMedia();
  const voices = new Map<string, { volume: number; playing: boolean }>();
  const said: Peer['media'][] = [];
  const refused = vi.fn();
  let answer: () => Promise<unknown> = () => Promise.resolve();
  let names = 0;
  const jons = new Mesh({ makePeerConnection: network.make, signal: (payload, target) => say(target, 'p2', payload), makeId: () => `j${++names}`, changed: () => undefined });
  const call: Call = new Call({
    makePeerConnection: network.make,
    signal: (payload, target) => {
      if (target === 'p2') setTimeout(() => jons.receive(payload, 'p1'), 10);
      return true;
    },
    presence: (what) => {
      said.push(what);
      return answer();
    },
    refused,
    makeId: () => `m${++names}`,
    media: media,
    makeVoice: (peer) => {
      const voice = { srcObject: null, volume: 1, playing: false, play: () => Promise.resolve(void (voice.playing = true)), pause: () => void (voice.playing = false) };
      voices.set(peer, voice);
      return voice;
    },
  });
  function say(target: string, sender: string, payload: SignalPayload): boolean {
    if (target === 'p1') setTimeout(() => call.receive({ type: 'signal', payload, sender }), 10);
    return true;
  }
  const enter = (peers: Peer[] = us(off, off), change: Partial<Identity> = {}): void => {
    call.identity(anIdentity({ permissions: ['voice', 'video'], ...change }, { peers }));
    jons.setSeats('p2', peers);
  };
  const update = (peer: Peer): void => call.receive({ type: 'peer.updated', version: 8, payload: { peer } });
  const jonSpeaks = async (): Promise<void> => {
    jons.setSeats('p2', us(off, on));
    jons.setTracks({ audio: aTrack('audio'), video: aTrack('video') });
    await pass(1_000);
  };
  const answers = (next: typeof answer) => (answer = next);
  return { call, network, media, voices, said, refused, enter, update, jonSpeaks, answers, jons: { mesh: jons, answers } };
}

describe('what the others send', () => {
  it('is played and shown only while the hub says that it is on', async () => {
    const { call, voices, enter, update, jonSpeaks } = setUp();
    enter(us({ microphone: true, camera: false }, off));
    await jonSpeaks();
    expect(call.store.getState().people).toMatchObject([{ link: 'connected', picture: null }]);
    expect(voices.size, 'a page that lies is not heard').toBe(0);
    update(aPeer('p2', jon, { media: { microphone: true, camera: true } }));
    expect(voices.get('p2')?.playing).toBe(true);
    expect(call.store.getState().people[0]?.picture).not.toBeNull();
    update(aPeer('p2', jon, { media: off }));
    expect(voices.get('p2')?.playing).toBe(false);
    expect(call.store.getState().people[0]?.picture).toBeNull();
  });

  it('is as loud as all friends and this one are wanted', async () => {
    const { voices, enter, jonSpeaks } = setUp();
    enter(us(off, on));
    await jonSpeaks();
    volumes.setState({ [jon.id]: 0.5 });
    expect(voices.get('p2')?.volume).toBe(0.5);
    hearing.setState({ friends: 0.5 });
    expect(voices.get('p2')?.volume).toBe(0.25);
  });

  it('goes on while a server that was restarted does not know them yet, and ends when they do not come back', async () => {
    const { call, network, voices, enter, jonSpeaks } = setUp();
    enter(us(off, on));
    await jonSpeaks();
    call.identity(anIdentity({ permissions: ['voice'] }, { peers: [aPeer('p1', mia)] }));
    await pass(20_000);
    expect([voices.get('p2')?.playing, call.store.getState().people[0]?.peer.connected]).toEqual([true, false]);
    enter(us(off, on));
    await pass(60_000);
    expect([voices.get('p2')?.playing, call.store.getState().people[0]?.peer.connected]).toEqual([true, true]);
    expect(network.connections).toHaveLength(2);
    call.identity(anIdentity({ permissions: ['voice'] }, { peers: [aPeer('p1', mia)] }));
    await pass(25_000);
    expect(call.store.getState().people).toEqual([]);
    expect(voices.get('p2')?.playing).toBe(false);
  });

  it('ends at once with who leaves', async () => {
    const { call, network, voices, enter, jonSpeaks } = setUp();
    enter(us(off, on));
    await jonSpeaks();
    call.receive({ type: 'peer.left', version: 9, payload: { peer: 'p2', reason: 'left' } });
    expect(voices.get('p2')?.playing).toBe(false);
    expect(network.connections.filter(({ connectionState }) => connectionState === 'closed')).toHaveLength(1);
  });
});

describe('friends’ pictures', () => {
  async function watched() {
    const all = setUp();
    all.enter(us(off, { microphone: true, camera: true }));
    await all.jonSpeaks();
    const sent = () => all.network.open.flatMap(({ senders }) => senders).find(({ kind, track }) => kind === 'video' && track !== null)?.parameters.encodings[0];
    const person = () => all.call.store.getState().people[0];
    return { ...all, sent, person };
  }

  it('come as large as they are shown, and not while nobody sees them for longer than a moment', async () => {
    const { call, sent } = await watched();
    call.setShown(128);
    await pass(10);
    expect(sent()).toMatchObject({ active: true, scaleResolutionDownBy: 360 / 128 });
    call.setShown(0);
    await pass(1_000);
    call.setShown(128);
    await pass(5_000);
    expect(sent()).toMatchObject({ active: true });
    call.setShown(0);
    await pass(2_000);
    expect(sent()).toMatchObject({ active: false });
  });

  it('give way to the film, and rest at last while it is short of width; voices go on', async () => {
    const { call, voices, sent, person } = await watched();
    call.setShown(168);
    await pass(10);
    const whole = Number(sent()?.maxBitrate);
    call.filmGoes('narrow');
    await pass(10);
    expect(Number(sent()?.maxBitrate)).toBeLessThan(whole);
    for (let n = 0; n < 12; n++) {
      await pass(2_000);
      call.filmGoes('narrow');
    }
    await pass(10);
    expect(sent()).toMatchObject({ active: false });
    expect(person()).toMatchObject({ picture: null, rests: true });
    expect(voices.get('p2')?.playing).toBe(true);
    call.filmGoes(undefined);
    await pass(10);
    expect(sent()?.maxBitrate).toBe(whole);
    expect(person()).toMatchObject({ rests: false, picture: { kind: 'video' } });
  });

  it('stay small where the film only loses packets', async () => {
    const { call, sent, person } = await watched();
    call.setShown(168);
    for (let n = 0; n < 20; n++) {
      call.filmGoes('loss');
      await pass(2_000);
    }
    expect(sent()).toMatchObject({ active: true, maxFramerate: 8 });
    expect(person()?.rests).toBe(false);
  });
});

describe('what is on here', () => {
  it('is told to the hub, the newest word last, and each but once', async () => {
    const { call, said, enter, answers } = setUp();
    enter();
    let done: (() => void)[] = [];
    answers(() => new Promise<void>((resolve) => void done.push(resolve)));
    await call.devices.toggleMicrophone();
    call.devices.mute();
    await call.devices.toggleMicrophone();
    call.devices.mute();
    expect(said).toEqual([on]);
    done.splice(0).forEach((go) => go());
    await pass(0);
    expect(said).toEqual([on, off]);
    done.splice(0).forEach((go) => go());
    done = [];
    await pass(1_000);
    expect(said).toHaveLength(2);
  });

  it('is told again to a hub that has forgotten it', async () => {
    const { call, said, enter, update } = setUp();
    enter();
    await call.devices.toggleMicrophone();
    update(aPeer('p1', mia, { media: on }));
    enter(us(off, off));
    expect(said).toEqual([on, on]);
    enter(us(on, off));
    expect(said).toHaveLength(2);
  });

  it('is told after the hub was away in the middle of it', async () => {
    const { call, said, enter, answers, media } = setUp();
    enter();
    answers(() => Promise.reject(new HubError('disconnected', '')));
    await call.devices.toggleMicrophone();
    await pass(0);
    expect([said, media.newest.readyState]).toEqual([[on], 'live']);
    answers(() => Promise.resolve());
    enter();
    expect(said).toEqual([on, on]);
  });

  it('is switched off where the hub refuses it, and that is said', async () => {
    const { call, enter, answers, refused, media } = setUp();
    enter();
    answers(() => Promise.reject(new HubError('call_full', 'Eight people are talking.')));
    await call.devices.toggleMicrophone();
    await pass(0);
    expect([call.devices.store.getState().microphone, media.newest.readyState]).toEqual(['off', 'ended']);
    expect(refused.mock.calls).toEqual([['call_full', 'Eight people are talking.']]);
  });

  it('is said again after a pause where the hub refuses that it is off', async () => {
    const { call, said, enter, answers, refused } = setUp();
    enter();
    await call.devices.toggleMicrophone();
    await pass(0);
    answers(() => Promise.reject(new HubError('rate_limited', '', 3)));
    call.devices.mute();
    await pass(2_900);
    expect(said).toEqual([on, off]);
    answers(() => Promise.resolve());
    await pass(200);
    expect(said).toEqual([on, off, off]);
    expect(refused).not.toHaveBeenCalled();
  });

  it('goes silent when the hub has muted it, and is given back without permission', async () => {
    const { call, enter, update, media } = setUp();
    enter();
    await call.devices.toggleMicrophone();
    await pass(0);
    update(aPeer('p1', mia, { media: on }));
    update(aPeer('p1', mia, { media: off }));
    expect([call.devices.store.getState().microphone, media.newest.enabled]).toEqual(['muted', false]);
    call.receive({ type: 'self.updated', payload: { role: 'guest', permissions: ['chat'] } });
    expect([call.devices.store.getState().microphone, media.newest.readyState]).toEqual(['off', 'ended']);
  });

  it('ends when the door is closed, and when the person goes', async () => {
    const { call, enter, media, network } = setUp();
    enter(us(off, off));
    await call.devices.toggleMicrophone();
    await pass(1_000);
    call.shutOut();
    expect(media.newest.readyState).toBe('ended');
    expect(network.connections[0]?.connectionState).toBe('closed');
    enter();
    await call.devices.toggleMicrophone();
    call.dispose();
    expect(media.newest.readyState).toBe('ended');
  });
});

it('stays in sight for a while after the last has muted', async () => {
  const { call, enter, update } = setUp();
  enter();
  expect(call.store.getState().active).toBe(false);
  update(aPeer('p2', jon, { media: on }));
  expect(call.store.getState().active).toBe(true);
  update(aPeer('p2', jon, { media: off }));
  await pass(29_000);
  expect(call.store.getState().active).toBe(true);
  await pass(1_000);
  expect(call.store.getState().active).toBe(false);
});

describe('a room where nobody is to learn another’s address', () => {
  const policies = (network: FakeNetwork) => network.open.map(({ configuration }) => configuration.iceTransportPolicy);

  it('has this page connect by the relay alone from the first moment', async () => {
    const { call, network, enter, jonSpeaks } = setUp();
    enter(us(on, off));
    call.identity(anIdentity({ permissions: ['voice', 'video'] }, { peers: us(on, off), room: aRoom({ relayOnly: true }) }));
    await jonSpeaks();
    expect(policies(network).sort(), 'Jon’s page here knows nothing of rooms').toEqual(['all', 'relay']);
  });

  it('has it find its ways anew when the owner chooses so', async () => {
    const { call, network, enter, jonSpeaks } = setUp();
    enter(us(on, off));
    await jonSpeaks();
    const own = network.open.filter(({ configuration }) => configuration.iceTransportPolicy === 'all');
    call.receive({ type: 'room.updated', version: 8, payload: { room: aRoom({ relayOnly: true }) } });
    await pass(1_000);
    expect(policies(network)).toContain('relay');
    expect(own.some(({ restarts }) => restarts > 0), 'ICE was restarted').toBe(true);
    call.receive({ type: 'room.updated', version: 9, payload: { room: aRoom() } });
    expect(policies(network)).not.toContain('relay');
  });
});

describe('a shared screen', () => {
  const screenOf = (stream?: string): Peer['media'] => ({ ...off, ...(stream === undefined ? {} : { screen: stream }) });
  const may = { permissions: ['voice', 'video', 'screen'] } as const;

  it('is said before it is sent, and comes as what it is, beside voice and camera', async () => {
    const { call, network, said, enter, jons } = setUp();
    enter(us(off, off), { permissions: [...may.permissions] });
    await call.devices.toggleMicrophone();
    await call.devices.toggleCamera();
    let sentBefore: number | null = null;
    const told = vi.fn(() => {
      sentBefore = network.open.flatMap(({ transceivers }) => transceivers).length;
      return Promise.resolve();
    });
    jons.answers(told);
    await call.screen.start();
    const stream = call.screen.store.getState().stream?.id;
    expect(said.at(-1)).toEqual({ microphone: true, camera: true, screen: stream });
    expect(sentBefore).toBe(0);
    jons.mesh.setSeats('p2', us({ microphone: true, camera: true, screen: stream ?? '' }, off));
    await pass(1_000);
    const link = jons.mesh.link('p1');
    expect(link?.shownIn(stream ?? '')).toMatchObject({ audio: { track: { kind: 'audio' } }, video: { track: { kind: 'video' } } });
    expect([link?.received.audio, link?.received.video]).not.toContain(null);
    expect(link?.received.video).not.toBe(link?.shownIn(stream ?? '').video);
    expect(call.store.getState().share).toMatchObject({ own: true, peer: { id: 'p1' } });
  });

  it('goes on by the same connections when another one follows', async () => {
    const { call, network, enter, jons } = setUp();
    enter(us(off, off), { permissions: [...may.permissions] });
    for (const nth of [1, 2]) {
      await call.screen.start();
      const { stream } = call.screen.store.getState();
      jons.mesh.setSeats('p2', us(screenOf(stream?.id), off));
      await pass(1_000);
      expect(jons.mesh.link('p1')?.shownIn(stream?.id ?? '').video).not.toBeNull();
      const sent = network.open.flatMap(({ transceivers }) => transceivers.map(({ sender }) => sender.track));
      expect(sent, `screen ${nth}`).toEqual(stream?.getTracks());
      call.screen.stop();
      await pass(1_000);
      expect(stream?.getTracks()).toEqual([]);
    }
    expect(network.open.reduce((sum, { offers }) => sum + offers, 0), 'the second needs no negotiation').toBe(1);
    expect(network.open).toHaveLength(2);
    expect(call.store.getState().share).toBeNull();
  });

  it('ends where the hub refuses it, and the person is told why', async () => {
    const { call, media, refused, enter, jons } = setUp();
    enter(us(off, off), { permissions: [...may.permissions] });
    jons.answers(() => Promise.reject(new HubError('screen_taken', 'Jon shares a screen.')));
    await call.screen.start();
    await pass(0);
    expect([call.screen.store.getState().state, media.newest.readyState]).toEqual(['off', 'ended']);
    expect(refused).toHaveBeenCalledWith('screen_taken', 'Jon shares a screen.');
  });

  it.each([
    ['the browser’s own bar', (media: FakeMedia) => media.taken.find(({ kind }) => kind === 'video')?.pull()],
    ['the permission taken', (_media: FakeMedia, call: Call) => call.receive({ type: 'self.updated', payload: { role: 'guest', permissions: ['voice'] } })],
    ['the hub’s word', (_media: FakeMedia, call: Call) => call.receive({ type: 'peer.updated', version: 8, payload: { peer: aPeer('p1', mia, { media: off }) } })],
    ['the door', (_media: FakeMedia, call: Call) => call.shutOut()],
  ])('ends by %s', async (_what, end) => {
    const { call, media, enter, said } = setUp();
    enter(us(off, off), { permissions: [...may.permissions] });
    await call.screen.start();
    await pass(0);
    expect(said.at(-1)).toHaveProperty('screen');
    end(media, call);
    await pass(0);
    expect([call.screen.store.getState().state, call.store.getState().share]).toEqual(['off', null]);
    expect(media.taken.map(({ readyState }) => readyState)).not.toContain('live');
  });

  it('of somebody else is shown while the hub says so, also to who comes later', async () => {
    const { call, enter, update, jons } = setUp();
    enter(us(off, screenOf('jons')));
    jons.mesh.setSeats('p2', us(off, screenOf('jons')));
    expect(call.store.getState().share).toMatchObject({ own: false, peer: { id: 'p2' }, picture: null });
    jons.mesh.setScreen({ id: 'jons', getTracks: () => [aTrack('video'), aTrack('audio')] } as unknown as MediaStream, 'motion');
    await pass(1_000);
    expect(call.store.getState().share).toMatchObject({ picture: { kind: 'video' }, sound: { kind: 'audio' } });
    expect(call.store.getState().people[0]?.picture, 'it is no camera').toBeNull();
    update(aPeer('p2', jon, { media: off }));
    expect(call.store.getState().share).toBeNull();
  });

  it('outlives the hub, and is said again where the hub has forgotten', async () => {
    const { call, said, enter } = setUp();
    enter(us(off, off), { permissions: [...may.permissions] });
    await call.screen.start();
    await pass(0);
    const mine = said.at(-1);
    enter(us(mine ?? off, off), { permissions: [...may.permissions], resumed: true });
    await pass(0);
    expect(said).toHaveLength(1);
    enter(us(off, off), { permissions: [...may.permissions], resumed: true });
    await pass(0);
    expect(said.at(-1)).toEqual(mine);
    expect(call.screen.store.getState().state).toBe('on');
  });
});
