import { MantineProvider } from '@mantine/core';
import { act, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Peer } from '@/api/types';
import { FakeMedia } from '@/test/devices';
import { aPeer, jon, mia } from '@/test/mockServer';
import { FakeNetwork } from '@/test/peerConnection';
import { enterRoom } from '@/test/room';
import { RoomProvider } from '../context';
import type { RoomSession } from '../RoomSession';
import SharedScreen from './SharedScreen';

let media: FakeMedia;
beforeEach(() => {
  media = new FakeMedia();
  Object.defineProperty(navigator, 'mediaDevices', { value: media, configurable: true });
});
afterEach(() => void Reflect.deleteProperty(navigator, 'mediaDevices'));

async function enter(jons: Partial<Peer> = {}, permissions: ('voice' | 'screen' | 'chat')[] = ['voice', 'screen', 'chat']) {
  const room = await enterRoom({ peers: [aPeer('p1', mia), aPeer('p2', jon, jons)] }, { permissions });
  const network = new FakeNetwork();
  vi.stubGlobal('RTCPeerConnection', function (configuration: RTCConfiguration) {
    return network.make(configuration);
  });
  return room;
}
const sharing = { media: { microphone: false, camera: false, screen: 's1' } };
const radio = (name: string) => screen.getByRole<HTMLInputElement>('radio', { name });

describe('the button', () => {
  it('shares, says so to the hub, and ends it', async () => {
    const { socket } = await enter();
    fireEvent.click(screen.getByTestId('share-screen'));
    await waitFor(() => expect(socket.last('presence.update').payload).toEqual({ media: { microphone: false, camera: false, screen: expect.stringMatching(/^stream/) as string } }));
    expect(await screen.findByText('You share your screen')).toBeTruthy();
    expect(screen.queryByTestId('shared-video'), 'one’s own screen in itself has no end').toBeNull();
    fireEvent.click(screen.getByTestId('share-stop'));
    expect(screen.queryByTestId('shared-screen')).toBeNull();
    expect(media.taken.map(({ readyState }) => readyState)).toEqual(['ended', 'ended']);
  });

  it('takes nothing while somebody else shares', async () => {
    await enter(sharing);
    const button = screen.getByTestId('share-screen');
    expect(button.getAttribute('aria-label')).toBe('Jon shares a screen; yours can follow');
    fireEvent.click(button);
    expect(media.getDisplayMedia).not.toHaveBeenCalled();
  });

  it.each([
    ['may not', ['voice', 'chat'] as ('voice' | 'chat')[], true],
    ['has a browser that shares none', ['voice', 'screen', 'chat'] as ('voice' | 'screen' | 'chat')[], false],
  ])('is not there for who %s', async (_who, permissions, possible) => {
    if (!possible) Object.assign(media, { getDisplayMedia: undefined });
    await enter({}, permissions);
    expect(screen.queryByTestId('share-screen')).toBeNull();
  });
});

describe('what somebody else shares', () => {
  it('has the stage, beside the browser or in its place, as the viewer chooses', async () => {
    const { say } = await enter(sharing);
    expect((await screen.findByTestId('shared-screen')).dataset.view).toBe('screen');
    expect(screen.getByText('Jon shares a screen')).toBeTruthy();
    const film = screen.getByTestId<HTMLVideoElement>('stage-video');
    expect(film.muted, 'one of the two is heard').toBe(true);
    fireEvent.click(radio('Both'));
    expect(screen.getByTestId('shared-screen').dataset.view).toBe('both');
    expect(film.muted).toBe(false);
    fireEvent.click(radio('Browser'));
    expect(screen.queryByTestId('shared-video')).toBeNull();
    say({ type: 'peer.updated', version: 8, payload: { peer: aPeer('p2', jon) } });
    expect(screen.queryByTestId('shared-screen')).toBeNull();
    say({ type: 'peer.updated', version: 9, payload: { peer: aPeer('p2', jon, sharing) } });
    expect((await screen.findByTestId('shared-screen')).dataset.view, 'another share is another choice').toBe('screen');
  });
});

describe('a browser that wants a press before a page is heard', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('keeps a shared screen silent until there was one, though its sound comes later than its picture', async () => {
    const play = vi.spyOn(HTMLMediaElement.prototype, 'play').mockImplementation(function (this: HTMLMediaElement) {
      return this.muted ? Promise.resolve() : Promise.reject(new DOMException('', 'NotAllowedError'));
    });
    const session = { call: { ducked: 1, onDuck: () => () => undefined } } as unknown as RoomSession;
    const track = (kind: string) => ({ kind }) as MediaStreamTrack;
    const page = (sound: MediaStreamTrack | null) => (
      <MantineProvider>
        <RoomProvider session={session}>
          <SharedScreen share={{ peer: aPeer('p2', jon, sharing), own: false, picture, sound }} view="screen" />
        </RoomProvider>
      </MantineProvider>
    );
    const picture = track('video');
    const { rerender } = render(page(null));
    expect(await screen.findByTestId('share-unmute')).toBeTruthy();
    const video = screen.getByTestId<HTMLVideoElement>('shared-video');
    const sound = track('audio');
    await act(async () => {
      rerender(page(sound));
      await Promise.resolve();
    });
    expect(screen.queryByTestId('share-unmute')).not.toBeNull();
    expect(video.muted).toBe(true);
    play.mockImplementation(() => Promise.resolve());
    fireEvent.click(screen.getByTestId('share-unmute'));
    expect(video.muted).toBe(false);
  });
});
