import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Peer } from '@/api/types';
import { bubbles, volumes } from '@/call/preferences';
import { FakeMedia } from '@/test/devices';
import { aPeer, jon, mia } from '@/test/mockServer';
import { FakeNetwork } from '@/test/peerConnection';
import { enterRoom } from '@/test/room';

let media: FakeMedia;
let network: FakeNetwork;
const talks = { permissions: ['voice', 'video', 'chat'] as const };

beforeEach(() => {
  media = new FakeMedia();
  network = new FakeNetwork();
  Object.defineProperty(navigator, 'mediaDevices', { value: media, configurable: true });
});
afterEach(() => {
  Reflect.deleteProperty(navigator, 'mediaDevices');
  bubbles.setState({ shown: true, hideOwn: false, x: 0.5, y: 0 });
  volumes.setState({}, true);
});

/** In a room with Jon, with peer connections that negotiate. */
async function enter(jons: Partial<Peer> = {}, permissions: readonly ('voice' | 'video' | 'chat')[] = talks.permissions) {
  const room = await enterRoom({ peers: [aPeer('p1', mia), aPeer('p2', jon, jons)] }, { permissions: [...permissions] });
  vi.stubGlobal('RTCPeerConnection', function (configuration: RTCConfiguration) {
    return network.make(configuration);
  });
  return room;
}

const state = (button: string): string | undefined => screen.getByTestId(button).dataset.state;

describe('the buttons', () => {
  it('turn microphone and camera on and off, by click and by key, and the hub hears of it', async () => {
    const { socket } = await enter();
    fireEvent.click(screen.getByTestId('microphone'));
    await waitFor(() => expect(state('microphone')).toBe('on'));
    expect(socket.last('presence.update').payload).toEqual({ media: { microphone: true, camera: false } });
    expect(screen.getByTestId('microphone').getAttribute('aria-label')).toBe('Mute yourself');
    fireEvent.keyDown(document.body, { key: 'm' });
    expect(state('microphone')).toBe('muted');
    fireEvent.keyDown(document.body, { key: 'M' });
    expect(state('microphone')).toBe('on');
    fireEvent.click(screen.getByTestId('camera'));
    await waitFor(() => expect(state('camera')).toBe('on'));
    const own = screen.getByTestId('own-bubble');
    expect(own.querySelector('video')?.dataset.mirror).toBe('true');
    fireEvent.keyDown(document.body, { key: 'v' });
    expect(own.querySelector('video')).toBeNull();
    expect(media.newest.readyState).toBe('ended');
    fireEvent.keyDown(document.body, { key: 'v' });
    await waitFor(() => expect(state('camera')).toBe('on'));
  });

  it('have keys that take no device of their own accord', async () => {
    await enter();
    for (const key of ['m', 'v']) fireEvent.keyDown(document.body, { key });
    expect([state('microphone'), state('camera')]).toEqual(['off', 'off']);
    fireEvent.click(screen.getByTestId('camera'));
    await waitFor(() => expect(state('camera')).toBe('on'));
    fireEvent.click(screen.getByTestId('call-settings'));
    fireEvent.click(await screen.findByTestId('leave-call'));
    expect(state('camera')).toBe('off');
    for (const key of ['m', 'v']) fireEvent.keyDown(document.body, { key });
    expect([state('microphone'), state('camera')]).toEqual(['off', 'off']);
    expect(media.asked).toHaveLength(1);
  });

  it('leave keys alone that are typed, or go to the room’s browser', async () => {
    await enter();
    fireEvent.click(screen.getByTestId('microphone'));
    await waitFor(() => expect(state('microphone')).toBe('on'));
    for (const field of ['chat-input', 'stage-keyboard']) fireEvent.keyDown(screen.getByTestId(field), { key: 'm' });
    for (const held of ['ctrlKey', 'shiftKey', 'altKey', 'metaKey', 'repeat']) fireEvent.keyDown(document.body, { key: 'm', [held]: true });
    for (const role of ['dialog', 'menu']) {
      const within = document.createElement('div');
      within.setAttribute('role', role);
      const button = within.appendChild(document.createElement('button'));
      document.body.append(within);
      fireEvent.keyDown(button, { key: 'm' });
      within.remove();
    }
    expect(state('microphone')).toBe('on');
  });

  it('are only there for who may', async () => {
    await enter({}, ['voice']);
    expect(screen.queryByTestId('camera')).toBeNull();
    fireEvent.keyDown(document.body, { key: 'v' });
    expect(media.asked).toEqual([]);
  });

  it('tell what is wrong and what to do', async () => {
    await enter();
    media.refusal = 'NotAllowedError';
    fireEvent.click(screen.getByTestId('microphone'));
    fireEvent.click(screen.getByTestId('call-settings'));
    const panel = await screen.findByTestId('call-settings-panel');
    expect(await within(panel).findByText('This page may not use your microphone')).toBeTruthy();
    expect(state('microphone')).toBe('off');
  });

  it('have the devices beside them', async () => {
    await enter();
    fireEvent.click(screen.getByTestId('microphone'));
    await waitFor(() => expect(state('microphone')).toBe('on'));
    fireEvent.click(screen.getByTestId('call-settings'));
    fireEvent.change(await screen.findByLabelText('Microphone'), { target: { value: 'headset' } });
    await waitFor(() => expect(media.newest.label).toBe('headset'));
    fireEvent.click(screen.getByLabelText('Remove noise'));
    await waitFor(() => expect(media.asked.at(-1)).toMatchObject({ audio: { deviceId: { exact: 'headset' }, noiseSuppression: false } }));
    fireEvent.click(screen.getByTestId('leave-call'));
    expect(state('microphone')).toBe('off');
    expect(media.newest.readyState).toBe('ended');
  });
});

describe('the bubbles', () => {
  it('come when somebody has something on, and say what', async () => {
    const { say } = await enter();
    expect(screen.queryByTestId('call-strip')).toBeNull();
    say({ type: 'peer.updated', version: 8, payload: { peer: aPeer('p2', jon, { media: { microphone: false, camera: true } }) } });
    const bubble = screen.getByTestId('bubble');
    expect(within(bubble).getByRole('button').getAttribute('aria-label')).toBe('Jon, microphone off, camera on');
    expect(within(bubble).getByTestId('muted-mark')).toBeTruthy();
    fireEvent.click(screen.getByTestId('tab-people'));
    expect(await screen.findByLabelText('camera on')).toBeTruthy();
    say({ type: 'peer.updated', version: 9, payload: { peer: aPeer('p2', jon, { media: { microphone: true, camera: false } }) } });
    expect(within(bubble).queryByTestId('muted-mark')).toBeNull();
  });

  it('make one friend softer than the others, for this tab', async () => {
    await enter({ media: { microphone: true, camera: false } });
    fireEvent.click(within(screen.getByTestId('bubble')).getByRole('button'));
    fireEvent.click(await screen.findByTestId('person-mute'));
    expect(JSON.parse(sessionStorage.getItem('turtus.volumes') ?? '{}')).toEqual({ [jon.id]: 0 });
    expect(screen.getByTestId('person-mute').textContent).toBe('Hear again');
  });

  it('can be hidden, all of them or one’s own picture', async () => {
    await enter();
    fireEvent.click(screen.getByTestId('camera'));
    await waitFor(() => expect(screen.getByTestId('own-bubble').querySelector('video')).not.toBeNull());
    fireEvent.click(screen.getByTestId('call-settings'));
    fireEvent.click(await screen.findByLabelText('Show my own picture to me'));
    expect(screen.getByTestId('own-bubble').querySelector('video')).toBeNull();
    fireEvent.click(screen.getByLabelText('Show the bubbles'));
    expect(screen.queryByTestId('call-strip')).toBeNull();
  });

  it('do not show one’s own other tab', async () => {
    const { say } = await enter({ media: { microphone: true, camera: false } });
    say({ type: 'peer.joined', version: 8, payload: { peer: aPeer('p3', mia) } });
    expect(screen.getAllByTestId('bubble').map(({ dataset }) => dataset.peer)).toEqual(['p2']);
  });
});
