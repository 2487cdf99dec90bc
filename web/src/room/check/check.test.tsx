import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checked, choice, talking } from '@/call/preferences';
import { FakeMedia } from '@/test/devices';
import { aPeer, jon, mia } from '@/test/mockServer';
import { FakeNetwork } from '@/test/peerConnection';
import { enterRoom } from '@/test/room';

let media: FakeMedia;
const peers = [aPeer('p1', mia), aPeer('p2', jon)];

beforeEach(() => {
  media = new FakeMedia();
  Object.defineProperty(navigator, 'mediaDevices', { value: media, configurable: true });
});
afterEach(() => {
  Reflect.deleteProperty(navigator, 'mediaDevices');
  checked.setState({ done: false });
  choice.setState({ microphone: '', camera: '', speaker: '' });
  talking.setState({ push: false });
});

type Permissions = ('voice' | 'video' | 'chat')[];

/** In the room, or before it, with peer connections that negotiate. */
async function enter(permissions: Permissions, firstTime: boolean) {
  const room = await enterRoom({ peers }, { permissions }, {}, firstTime);
  const network = new FakeNetwork();
  vi.stubGlobal('RTCPeerConnection', function (configuration: RTCConfiguration) {
    return network.make(configuration);
  });
  return room;
}
const first = (permissions: Permissions = ['voice', 'video', 'chat']) => enter(permissions, true);
const again = () => enter(['voice', 'video', 'chat'], false);

describe('the check before a room', () => {
  it('asks the browser for nothing before a press, and tells nobody of what is tried', async () => {
    const { socket } = await first();
    expect(media.asked).toEqual([]);
    fireEvent.click(screen.getByTestId('check-camera'));
    fireEvent.click(screen.getByTestId('check-microphone'));
    await waitFor(() => expect(screen.getByTestId('check-microphone').getAttribute('aria-pressed')).toBe('true'));
    await waitFor(() => expect(screen.getByTestId('check-mirror').dataset.mirror).toBe('true'));
    expect(socket.sent.map(({ type }) => type)).not.toContain('presence.update');
    expect(screen.queryByTestId('stage')).toBeNull();
  });

  it('is passed by one click with all off, and does not come again', async () => {
    const { socket } = await first();
    fireEvent.click(screen.getByTestId('check-enter'));
    expect(await screen.findByTestId('stage')).toBeTruthy();
    expect(media.asked).toEqual([]);
    expect(checked.getState().done).toBe(true);
    expect(JSON.parse(localStorage.getItem('turtus.checked') ?? '{}')).toEqual({ done: true });
    expect(socket.sent.map(({ type }) => type)).not.toContain('presence.update');
  });

  it('lets in with what is on, by the devices that were chosen', async () => {
    const { socket } = await first();
    fireEvent.change(await screen.findByLabelText('Microphone'), { target: { value: 'headset' } });
    fireEvent.click(screen.getByTestId('check-microphone'));
    await waitFor(() => expect(screen.getByText('You enter with the microphone on.')).toBeTruthy());
    const tried = media.newest;
    fireEvent.click(screen.getByTestId('check-enter'));
    await waitFor(() => expect(screen.getByTestId('microphone').dataset.state).toBe('on'));
    expect([tried.readyState, media.newest.label, media.newest.readyState]).toEqual(['ended', 'headset', 'live']);
    expect(socket.last('presence.update').payload).toEqual({ media: { microphone: true, camera: false } });
  });

  it('lets in with both off, too, after they were tried', async () => {
    await first();
    fireEvent.click(screen.getByTestId('check-microphone'));
    fireEvent.click(await screen.findByTestId('check-skip'));
    expect((await screen.findByTestId('microphone')).dataset.state).toBe('off');
    expect(media.taken.map(({ readyState }) => readyState)).toEqual(['ended']);
  });

  it('says what is wrong and what to do', async () => {
    await first();
    media.refusal = 'NotAllowedError';
    fireEvent.click(screen.getByTestId('check-microphone'));
    expect(await screen.findByText('This page may not use your microphone')).toBeTruthy();
  });

  it.each([
    [['voice'], true, false],
    [['video'], false, true],
  ] as const)('offers what somebody may who may %o', async (permissions, voice, video) => {
    await first([...permissions]);
    expect([screen.queryByTestId('check-microphone') !== null, screen.queryByTestId('check-camera') !== null]).toEqual([voice, video]);
  });
});

it.each([
  ['may neither speak nor be seen', ['chat'] as Permissions, true],
  ['has a browser that gives no devices', ['voice', 'video', 'chat'] as Permissions, false],
])('is in nobody’s way who %s', async (_who, permissions, devices) => {
  if (!devices) Reflect.deleteProperty(navigator, 'mediaDevices');
  await enterRoom({ peers }, { permissions }, {}, true, 'stage');
  expect(screen.queryByTestId('check')).toBeNull();
});

it('opens from the settings inside, and what was chosen there holds for the talk', async () => {
  await again();
  fireEvent.click(screen.getByTestId('microphone'));
  await waitFor(() => expect(screen.getByTestId('microphone').dataset.state).toBe('on'));
  fireEvent.click(screen.getByTestId('call-settings'));
  fireEvent.click(await screen.findByTestId('open-check'));
  fireEvent.change(await screen.findByTestId('check-choose-microphone'), { target: { value: 'headset' } });
  fireEvent.click(screen.getByTestId('check-done'));
  await waitFor(() => expect(media.newest.label).toBe('headset'));
  expect(screen.getByTestId('microphone').dataset.state).toBe('on');
});

describe('push-to-talk', () => {
  const state = (): string | undefined => screen.getByTestId('microphone').dataset.state;

  async function inside() {
    const room = await again();
    fireEvent.click(screen.getByTestId('call-settings'));
    fireEvent.click(await screen.findByTestId('push-to-talk'));
    return room;
  }

  it('is the button held, and then the key', async () => {
    await inside();
    fireEvent.keyDown(document.body, { key: 'm' });
    expect(media.asked, 'a key takes no device').toEqual([]);
    fireEvent.pointerDown(screen.getByTestId('microphone'));
    await waitFor(() => expect(state()).toBe('on'));
    fireEvent.pointerUp(screen.getByTestId('microphone'));
    expect(state()).toBe('muted');
    fireEvent.keyDown(document.body, { key: 'm' });
    expect(state()).toBe('on');
    fireEvent.keyDown(document.body, { key: 'm', repeat: true });
    expect(state()).toBe('on');
    fireEvent.keyUp(document.body, { key: 'm' });
    expect(state()).toBe('muted');
  });

  it('ends with the window’s focus, and is no business of keys that are typed or go to the room’s browser', async () => {
    await inside();
    fireEvent.pointerDown(screen.getByTestId('microphone'));
    await waitFor(() => expect(state()).toBe('on'));
    fireEvent.pointerUp(screen.getByTestId('microphone'));
    for (const field of ['chat-input', 'stage-keyboard']) fireEvent.keyDown(screen.getByTestId(field), { key: 'm' });
    expect(state()).toBe('muted');
    fireEvent.keyDown(document.body, { key: 'm' });
    expect(state()).toBe('on');
    fireEvent.blur(window);
    expect(state()).toBe('muted');
    fireEvent.keyDown(document.body, { key: 'm' });
    fireEvent.keyDown(document.body, { key: 'Meta', metaKey: true });
    expect(state()).toBe('on');
    fireEvent.keyUp(document.body, { key: 'Meta' });
    expect(state(), 'a Mac tells no more of the letter').toBe('muted');
  });
});
