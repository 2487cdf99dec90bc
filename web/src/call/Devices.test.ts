import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStore } from 'zustand/vanilla';
import { FakeMedia } from '@/test/devices';
import { Devices, type Choice } from './Devices';

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp() {
  const media = new FakeMedia();
  const choice = createStore<Choice>(() => ({ microphone: '', camera: '', speaker: '', echoCancellation: true, noiseSuppression: true, autoGainControl: true }));
  const devices = new Devices({ media, choice });
  return { media, devices, choice, state: () => devices.store.getState() };
}

describe('the microphone', () => {
  it('is taken by the first press, silent after the second, and heard again after the third', async () => {
    const { media, devices, state } = setUp();
    await devices.toggleMicrophone();
    expect(state().microphone).toBe('on');
    expect(media.asked[0]).toMatchObject({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    await devices.toggleMicrophone();
    expect([state().microphone, media.newest.enabled, media.newest.readyState]).toEqual(['muted', false, 'live']);
    await devices.toggleMicrophone();
    expect([state().microphone, media.newest.enabled]).toEqual(['on', true]);
    expect(media.taken).toHaveLength(1);
  });

  it('is given back when the person stops before the browser was answered', async () => {
    const { media, devices, state } = setUp();
    const answer = media.hold();
    const starting = devices.toggleMicrophone();
    expect(state().microphone).toBe('starting');
    devices.stop('microphone');
    answer();
    await starting;
    expect([state().microphone, media.newest.readyState]).toEqual(['off', 'ended']);
  });

  it('changes without a moment of silence, and stays muted if it was', async () => {
    const { media, devices, state, choice } = setUp();
    await devices.toggleMicrophone();
    const first = media.newest;
    const answer = media.hold();
    const changing = devices.chooseMicrophone('headset');
    expect([state().microphoneTrack, first.readyState]).toEqual([first, 'live']);
    answer();
    await changing;
    expect([media.newest.label, first.readyState, choice.getState().microphone]).toEqual(['headset', 'ended', 'headset']);
    devices.mute();
    await devices.setProcessing({ noiseSuppression: false });
    expect([state().microphone, media.newest.enabled]).toEqual(['muted', false]);
    expect(media.asked.at(-1)).toMatchObject({ audio: { deviceId: { exact: 'headset' }, noiseSuppression: false } });
  });

  it('that is muted while another one is waited for stays muted', async () => {
    const { media, devices, state } = setUp();
    await devices.toggleMicrophone();
    const answer = media.hold();
    const changing = devices.chooseMicrophone('headset');
    devices.mute();
    answer();
    await changing;
    expect([media.newest.label, media.newest.enabled, state().microphone]).toEqual(['headset', false, 'muted']);
  });

  it('that was chosen and is not there gives way to the one that is', async () => {
    const { media, devices, state } = setUp();
    await devices.chooseMicrophone('left at home');
    await devices.toggleMicrophone();
    expect([state().microphone, media.newest.label]).toEqual(['on', 'built-in']);
  });

  it('that is pulled out is replaced, and that is said', async () => {
    const { media, devices, state } = setUp();
    await devices.toggleMicrophone();
    media.microphones = ['headset'];
    media.newest.pull();
    await pass(0);
    expect([state().microphone, media.newest.label, state().trouble.microphone]).toEqual(['on', 'headset', 'replaced']);
    media.microphones = [];
    media.newest.pull();
    await pass(0);
    expect([state().microphone, state().microphoneTrack, state().trouble.microphone]).toEqual(['off', null, 'unplugged']);
  });

  it('that the system silences is told after a moment, until it is back', async () => {
    const { media, devices, state } = setUp();
    await devices.toggleMicrophone();
    media.newest.onmute?.();
    await pass(1_000);
    expect(state().trouble.microphone).toBeNull();
    await pass(1_000);
    expect(state().trouble.microphone).toBe('taken');
    media.newest.onunmute?.();
    expect(state().trouble.microphone).toBeNull();
  });
});

describe('what goes wrong', () => {
  it.each([
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'missing'],
    ['NotReadableError', 'busy'],
    ['TypeError', 'unknown'],
  ])('%s is told as %s, and the next press tries again', async (refusal, trouble) => {
    const { media, devices, state } = setUp();
    media.refusal = refusal;
    await devices.toggleMicrophone();
    expect([state().microphone, state().trouble.microphone]).toEqual(['off', trouble]);
    media.refusal = null;
    await devices.toggleMicrophone();
    expect([state().microphone, state().trouble.microphone]).toEqual(['on', null]);
  });

  it('is told where the page came by plain HTTP', async () => {
    const choice = createStore<Choice>(() => ({ microphone: '', camera: '', speaker: '', echoCancellation: true, noiseSuppression: true, autoGainControl: true }));
    const devices = new Devices({ media: undefined, choice });
    await devices.toggleCamera();
    expect(devices.store.getState().trouble.camera).toBe('insecure');
  });
});

describe('the camera', () => {
  it('is given back when it is off, so that its light goes out', async () => {
    const { media, devices, state } = setUp();
    await devices.toggleCamera();
    expect([state().camera, media.newest.contentHint]).toEqual(['on', 'motion']);
    await devices.toggleCamera();
    expect([state().camera, state().cameraTrack, media.newest.readyState]).toEqual(['off', null, 'ended']);
  });

  it('of a phone looks the other way, one camera at a time', async () => {
    const { media, devices } = setUp();
    await devices.toggleCamera();
    expect(devices.facesAway).toBe(false);
    const first = media.newest;
    const answer = media.hold();
    const flipping = devices.flipCamera();
    expect(first.readyState).toBe('ended');
    answer();
    await flipping;
    expect(media.asked.at(-1)).toMatchObject({ video: { facingMode: { ideal: 'environment' } } });
    expect(devices.facesAway).toBe(true);
  });
});

it('lists what there is, anew when something is plugged in', async () => {
  const { media, devices, state } = setUp();
  await devices.list();
  expect(state().microphones.map(({ id }) => id)).toEqual(['built-in', 'headset']);
  media.microphones.push('usb');
  media.dispatchEvent(new Event('devicechange'));
  await pass(0);
  expect(state().microphones.map(({ id }) => id)).toContain('usb');
  devices.dispose();
});

describe('push-to-talk', () => {
  it('lets the person be heard while something is held', async () => {
    const { media, devices, state } = setUp();
    devices.setPush(true);
    await devices.hold();
    expect([state().microphone, media.newest.enabled]).toEqual(['on', true]);
    devices.letGo();
    expect([state().microphone, media.newest.enabled, media.newest.readyState]).toEqual(['muted', false, 'live']);
    await devices.hold();
    expect(state().microphone).toBe('on');
    expect(media.taken).toHaveLength(1);
  });

  it('keeps a device muted that came after the person had let go', async () => {
    const { media, devices, state } = setUp();
    devices.setPush(true);
    const answer = media.hold();
    const holding = devices.hold();
    devices.letGo();
    answer();
    await holding;
    expect([state().microphone, media.newest.enabled]).toEqual(['muted', false]);
  });

  it('mutes who was speaking when it is switched on, and no further device speaks by itself', async () => {
    const { media, devices, state } = setUp();
    await devices.toggleMicrophone();
    devices.setPush(true);
    expect(state().microphone).toBe('muted');
    await devices.chooseMicrophone('headset');
    expect([media.newest.label, media.newest.enabled, state().microphone]).toEqual(['headset', false, 'muted']);
  });
});

describe('what was chosen elsewhere', () => {
  it('is taken where the device is in use, and only then', async () => {
    const { media, devices, choice } = setUp();
    choice.setState({ microphone: 'headset' });
    await devices.renew();
    expect(media.taken).toHaveLength(0);
    await devices.toggleMicrophone();
    await devices.renew();
    expect(media.taken).toHaveLength(1);
    choice.setState({ microphone: 'built-in' });
    await devices.renew();
    expect(media.taken.map(({ label, readyState }) => [label, readyState])).toEqual([
      ['headset', 'ended'],
      ['built-in', 'live'],
    ]);
  });
});

describe('a phone', () => {
  it.each<[string, string[], Record<string, string>, boolean]>([
    ['one camera', ['front'], {}, false],
    ['one at each side, as the browser says', ['a', 'b'], { a: 'user', b: 'environment' }, true],
    ['one at each side, by their names alone', ['camera2 1, facing front', 'camera2 0, facing back'], {}, true],
    ['several, all of which look the same way', ['a', 'front cover'], { a: 'environment', 'front cover': 'environment' }, false],
    ['two as desks have them', ['webcam', 'capture card'], {}, false],
  ])('with %s', async (_which, cameras, facing, canFlip) => {
    const { media, devices, state } = setUp();
    Object.assign(media, { cameras, facing });
    await devices.list();
    expect(state().canFlip).toBe(canFlip);
  });
});

describe('the speaker', () => {
  it('is asked for where the browser tells of speakers only so, and stays where the person closes the question', async () => {
    const { media, devices, choice } = setUp();
    expect(devices.asksForSpeaker).toBe(false);
    const selectAudioOutput = vi.fn(() => Promise.resolve({ deviceId: 'earpiece' }));
    Object.assign(media, { selectAudioOutput });
    expect(devices.asksForSpeaker).toBe(true);
    await devices.askForSpeaker();
    expect(choice.getState().speaker).toBe('earpiece');
    selectAudioOutput.mockRejectedValueOnce(new DOMException('', 'NotAllowedError'));
    await devices.askForSpeaker();
    expect(choice.getState().speaker).toBe('earpiece');
  });
});
