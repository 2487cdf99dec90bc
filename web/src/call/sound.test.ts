import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { aTrack } from '@/test/peerConnection';
import { Duck } from './Duck';
import { Levels, levelOf } from './Levels';
import { Playout } from './Playout';
import { withSpeech } from './sdp';

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('who speaks', () => {
  it('is told when somebody begins, and when they have stopped for longer than between two words', async () => {
    const told: (readonly string[])[] = [];
    const levels = new Levels({ changed: (speaking) => told.push(speaking) });
    let loud = 0;
    levels.set('a', () => loud);
    levels.set('b', () => 0.001);
    await pass(500);
    expect(told).toEqual([]);
    loud = 0.2;
    await pass(100);
    loud = 0;
    await pass(300);
    expect(told).toEqual([['a']]);
    await pass(300);
    expect(told).toEqual([['a'], []]);
    loud = 0.2;
    await pass(100);
    levels.set('a', null);
    expect(told.at(-1)).toEqual([]);
    levels.set('b', null);
    expect(vi.getTimerCount(), 'nobody is measured').toBe(0);
  });

  it('is not who spoke last and sends nothing any more', () => {
    const source = { timestamp: 1, audioLevel: 0.5 };
    const level = levelOf({ getSynchronizationSources: () => [source] } as unknown as RTCRtpReceiver);
    expect(level()).toBe(0.5);
    expect(level()).toBe(0);
    source.timestamp = 2;
    expect(level()).toBe(0.5);
  });
});

it('the film is softer while friends speak, and comes back after a pause', async () => {
  const told: number[] = [];
  const duck = new Duck({ changed: (factor) => told.push(factor) });
  duck.set(true);
  await pass(1_000);
  expect(told.at(-1)).toBeCloseTo(0.4);
  expect(told.every((factor, i) => i === 0 || factor < (told[i - 1] ?? 1))).toBe(true);
  duck.set(false);
  await pass(1_000);
  duck.set(true);
  await pass(1_000);
  expect(told.at(-1), 'between two sentences it stays').toBeCloseTo(0.4);
  duck.set(false);
  await pass(3_000);
  expect(told.at(-1)).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});

describe('the playout', () => {
  class FakeVoice {
    srcObject: MediaStream | null = null;
    volume = 1;
    sink = '';
    playing = false;
    static allowed = true;
    play(): Promise<void> {
      if (!FakeVoice.allowed) return Promise.reject(new DOMException('', 'NotAllowedError'));
      this.playing = true;
      return Promise.resolve();
    }
    pause(): void {
      this.playing = false;
    }
    setSinkId(id: string): Promise<void> {
      this.sink = id;
      return Promise.resolve();
    }
  }
  const setUp = () => {
    FakeVoice.allowed = true;
    const voices = new Map<string, FakeVoice>();
    const blocked = vi.fn();
    const playout = new Playout({
      makeVoice: (peer) => {
        const voice = new FakeVoice();
        voices.set(peer, voice);
        return voice;
      },
      blocked,
    });
    return { voices, blocked, playout };
  };

  it('plays each friend as loud as wanted, on the loudspeaker that was chosen', () => {
    const { voices, playout } = setUp();
    playout.setSink('headphones');
    playout.setVolume('a', 0.3);
    playout.set('a', aTrack('audio'));
    playout.set('b', aTrack('audio'));
    expect([...voices.values()]).toMatchObject([{ volume: 0.3, sink: 'headphones', playing: true }, { volume: 1 }]);
    playout.setVolume('b', 0);
    playout.setSink('speakers');
    expect([...voices.values()]).toMatchObject([{ sink: 'speakers' }, { volume: 0, sink: 'speakers' }]);
    playout.set('a', null);
    expect(voices.get('a')).toMatchObject({ playing: false, srcObject: null });
  });

  it('asks for a click where the browser wants one', async () => {
    const { voices, blocked, playout } = setUp();
    FakeVoice.allowed = false;
    playout.set('a', aTrack('audio'));
    playout.set('b', aTrack('audio'));
    await pass(0);
    expect(blocked.mock.calls.at(-1)).toEqual([true]);
    FakeVoice.allowed = true;
    playout.unblock();
    await pass(0);
    expect(blocked.mock.calls.at(-1)).toEqual([false]);
    expect([...voices.values()].every(({ playing }) => playing)).toBe(true);
  });

  it('asks for nothing any more when who waited has left', async () => {
    const { blocked, playout } = setUp();
    FakeVoice.allowed = false;
    playout.set('a', aTrack('audio'));
    await pass(0);
    playout.set('a', null);
    expect(blocked.mock.calls.at(-1)).toEqual([false]);
  });
});

describe('Opus', () => {
  const head = 'm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n';
  it('is asked for with redundancy, and without silence', () => {
    expect(withSpeech(`${head}a=fmtp:111 minptime=10;useinbandfec=0\r\na=mid:0\r\n`)).toBe(`${head}a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;stereo=0;maxaveragebitrate=40000\r\na=mid:0\r\n`);
    expect(withSpeech(`${head}a=mid:0\r\n`)).toBe(`${head}a=fmtp:111 useinbandfec=1;usedtx=1;stereo=0;maxaveragebitrate=40000\r\na=mid:0\r\n`);
  });
  it('is left alone where there is none', () => {
    expect(withSpeech('m=video 9\r\na=rtpmap:96 VP8/90000\r\n')).toBe('m=video 9\r\na=rtpmap:96 VP8/90000\r\n');
  });
});
