import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { aTrack } from '@/test/peerConnection';
import { Echo, echoLength } from './Echo';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A recorder and a loudspeaker that do as they are told. */
function setUp({ broken = false, speaker = '' } = {}) {
  const recorder = {
    state: 'inactive',
    mimeType: 'audio/webm',
    onstop: null as (() => void) | null,
    ondataavailable: null as ((event: { data: Blob }) => void) | null,
    onerror: null,
    start: () => {
      if (broken) throw new DOMException('', 'NotSupportedError');
      recorder.state = 'recording';
    },
    stop: () => {
      recorder.state = 'inactive';
      recorder.ondataavailable?.({ data: new Blob(['sound']) });
      recorder.onstop?.();
    },
  };
  const sinks: string[] = [];
  const voice = { src: '', srcObject: null, volume: 1, onended: null as (() => void) | null, play: vi.fn(() => Promise.resolve()), pause: vi.fn(), setSinkId: (id: string) => Promise.resolve(void sinks.push(id)) };
  const urls = { createObjectURL: vi.fn(() => 'blob:1'), revokeObjectURL: vi.fn() };
  const echo = new Echo({ makeRecorder: () => recorder as unknown as MediaRecorder, makeVoice: () => voice, speaker: () => speaker, urls });
  return { echo, recorder, voice, urls, sinks, state: () => echo.store.getState().state };
}

it('plays what was said, on the loudspeaker that was chosen, and is done then', async () => {
  const { echo, voice, urls, sinks, state } = setUp({ speaker: 'headset' });
  echo.start(aTrack('audio'));
  expect(state()).toBe('recording');
  await vi.advanceTimersByTimeAsync(echoLength);
  expect(state()).toBe('playing');
  expect([voice.src, voice.play.mock.calls.length, sinks]).toEqual(['blob:1', 1, ['headset']]);
  voice.onended?.();
  expect(state()).toBe('idle');
  expect(urls.revokeObjectURL).toHaveBeenCalledWith('blob:1');
});

it('plays nothing of what was stopped', async () => {
  const { echo, recorder, voice, state } = setUp();
  echo.start(aTrack('audio'));
  echo.stop();
  await vi.advanceTimersByTimeAsync(2 * echoLength);
  expect([state(), recorder.state, voice.play.mock.calls.length]).toEqual(['idle', 'inactive', 0]);
});

it('says so where the browser records nothing', () => {
  const { echo, state } = setUp({ broken: true });
  echo.start(aTrack('audio'));
  expect(state()).toBe('failed');
});
