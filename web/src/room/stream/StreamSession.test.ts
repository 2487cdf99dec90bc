import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentEvent } from '@/api/hub/messages';
import { setUp } from '@/test/stream';
import { withStereo } from './StreamSession';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('StreamSession', () => {
  it('asks, answers the offer and is live', async () => {
    const { live, request, signal, states } = setUp();
    await live();
    expect(request).toHaveBeenCalledExactlyOnceWith('s1', 'vb');
    expect(signal).toHaveBeenCalledWith({ session: 's1', description: { type: 'answer', sdp: 'answer' } }, 'vb');
    expect(states).toEqual(['connecting', 'live']);
  });

  it('keeps candidates that come before the offer', async () => {
    const { stream, newest } = setUp();
    stream.setSource({ browser: 'b1', peer: 'vb' });
    await stream.receive({ session: 's1', candidate: { candidate: 'early', sdpMid: '0' } }, 'vb');
    expect(newest().candidates).toEqual([]);
    await stream.receive({ session: 's1', description: { type: 'offer', sdp: 'offer' } }, 'vb');
    await stream.receive({ session: 's1', candidate: { candidate: 'late', sdpMid: '0' } }, 'vb');
    expect(newest().candidates.map(({ candidate }) => candidate)).toEqual(['early', 'late']);
  });

  it('has new ICE servers for restarts of this connection, and for the next', async () => {
    const { stream, live, newest } = setUp();
    stream.setIceServers([{ urls: ['turn:old'], username: 'u', credential: 'p' }]);
    const first = await live();
    expect(first.configuration.iceServers).toEqual([{ urls: ['turn:old'], username: 'u', credential: 'p' }]);
    stream.setIceServers([{ urls: ['turn:new'], username: 'u', credential: 'q' }]);
    expect(first.configuration).toEqual({ iceServers: [{ urls: ['turn:new'], username: 'u', credential: 'q' }], bundlePolicy: 'max-bundle' });
    stream.setSource({ browser: 'b2', peer: 'vb2' });
    expect(newest()).not.toBe(first);
    expect(newest().configuration.iceServers).toEqual([{ urls: ['turn:new'], username: 'u', credential: 'q' }]);
  });

  it('listens to nobody but the agent, and to no other session', async () => {
    const { stream, newest } = setUp();
    stream.setSource({ browser: 'b1', peer: 'vb' });
    await stream.receive({ session: 's1', description: { type: 'offer', sdp: 'forged' } }, 'p2');
    await stream.receive({ session: 'old', description: { type: 'offer', sdp: 'stale' } }, 'vb');
    expect(newest().remote).toBeNull();
  });

  it('asks with the same session for an ICE restart when it is interrupted', async () => {
    const { live, request, connections, states } = setUp();
    (await live()).become('disconnected');
    expect(states.at(-1)).toBe('interrupted');
    await vi.advanceTimersByTimeAsync(1500);
    expect(request.mock.calls).toEqual([['s1', 'vb'], ['s1', 'vb']]);
    connections[0]?.become('connected');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toBe('live');
    expect(connections).toHaveLength(1);
  });

  it('keeps a picture that came back by itself before the restart was offered', async () => {
    const { live, stream, connections, states } = setUp();
    const connection = await live();
    connection.become('disconnected');
    await vi.advanceTimersByTimeAsync(1500);
    connection.become('connected');
    await stream.receive({ session: 's1', description: { type: 'offer', sdp: 'restart' } }, 'vb');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connections).toHaveLength(1);
    expect(states.at(-1)).toBe('live');
  });

  it('keeps the connection while the hub is away, and restarts ICE when it is back', async () => {
    const { live, stream, request, connections } = setUp();
    const connection = await live();
    request.mockReturnValue(false);
    connection.become('disconnected');
    await vi.advanceTimersByTimeAsync(15_000);
    expect(connections).toHaveLength(1);
    request.mockClear();
    request.mockReturnValue(true);
    stream.hubBack();
    expect(request.mock.calls).toEqual([['s1', 'vb']]);
    expect(connections).toHaveLength(1);
  });

  it('restarts ICE at once in another network, or as soon as the hub is back', async () => {
    const { live, stream, request, connections, states } = setUp();
    stream.networkChanged();
    expect(request).not.toHaveBeenCalled();
    await live();
    stream.networkChanged();
    expect(request.mock.calls).toEqual([['s1', 'vb'], ['s1', 'vb']]);
    request.mockReturnValue(false);
    stream.networkChanged();
    request.mockClear();
    request.mockReturnValue(true);
    stream.hubBack();
    await stream.receive({ session: 's1', description: { type: 'offer', sdp: 'restart' } }, 'vb');
    stream.hubBack();
    expect(request.mock.calls).toEqual([['s1', 'vb']]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connections).toHaveLength(1);
    expect(states.at(-1)).toBe('live');
  });

  it('answers an ICE restart that the agent begins, each offer after the other', async () => {
    const { live, stream, signal, connections, newest } = setUp();
    await live();
    const order: string[] = [];
    newest().setRemoteDescription = ({ sdp }) => {
      order.push(`offer ${String(sdp)}`);
      return Promise.resolve();
    };
    newest().setLocalDescription = () => {
      order.push('answer');
      return Promise.resolve();
    };
    signal.mockClear();
    await Promise.all(['restart', 'again'].map((sdp) => stream.receive({ session: 's1', description: { type: 'offer', sdp } }, 'vb')));
    expect(order).toEqual(['offer restart', 'answer', 'offer again', 'answer']);
    expect(signal).toHaveBeenCalledTimes(2);
    expect(connections).toHaveLength(1);
  });

  it('asks anew when the agent has let go of the session, and offers another connection of its name', async () => {
    const { stream, live, request, signal, connections } = setUp();
    const first = await live();
    const offer = (id: string, version: number): Promise<void> =>
      stream.receive({ session: request.mock.lastCall?.[0] ?? '', description: { type: 'offer', sdp: `v=0\r\no=- ${id} ${String(version)} IN IP4 0.0.0.0\r\n` } }, 'vb');
    stream.setSource({ browser: 'b2', peer: 'vb' });
    await offer('77', 1);
    await offer('77', 2);
    expect(connections).toHaveLength(2);
    signal.mockClear();
    await offer('78', 1);
    expect(request.mock.calls.at(-1)).toEqual(['s3', 'vb']);
    expect(signal).not.toHaveBeenCalled();
    expect(connections.map(({ closed }) => closed)).toEqual([true, true, false]);
    expect(first.closed).toBe(true);
  });

  it('hears the next connection though the one before was closed in the middle of an offer', async () => {
    const { stream, newest } = setUp();
    stream.setSource({ browser: 'b1', peer: 'vb' });
    newest().setRemoteDescription = () => new Promise(() => undefined);
    void stream.receive({ session: 's1', description: { type: 'offer', sdp: 'never' } }, 'vb');
    await vi.advanceTimersByTimeAsync(0);
    stream.seatChanged();
    await stream.receive({ session: 's2', description: { type: 'offer', sdp: 'next' } }, 'vb');
    expect(newest().remote?.sdp).toBe('next');
  });

  it('asks anew when the connection has failed', async () => {
    const { live, request, connections, states } = setUp();
    (await live()).become('failed');
    await vi.advanceTimersByTimeAsync(500);
    expect(request.mock.calls.at(-1)).toEqual(['s2', 'vb']);
    expect(connections[0]?.closed).toBe(true);
    expect(states.at(-1)).toBe('interrupted');
  });

  it('asks anew when no offer comes', async () => {
    const { stream, request } = setUp();
    stream.setSource({ browser: 'b1', peer: 'vb' });
    await vi.advanceTimersByTimeAsync(10_500);
    expect(request.mock.calls).toEqual([['s1', 'vb'], ['s2', 'vb']]);
  });

  it('asks again when the browser comes back as another run', async () => {
    const { live, stream, request, states } = setUp();
    await live();
    stream.setSource(null);
    expect(states.at(-1)).toBe('idle');
    stream.setSource({ browser: 'b2', peer: 'vb2' });
    expect(request.mock.calls.at(-1)).toEqual(['s2', 'vb2']);
  });

  it('keeps a living picture when only the agent has a new peer id', async () => {
    const { live, stream, connections } = setUp();
    await live();
    stream.setSource({ browser: 'b1', peer: 'vb-after-restart' });
    expect(connections).toHaveLength(1);
    expect(stream.state).toBe('live');
  });

  it('lets go of the stream while it is paused', async () => {
    const { live, stream, stop, request, states } = setUp();
    await live();
    stream.pause();
    expect(stop).toHaveBeenCalledWith('s1', 'vb');
    expect(states.at(-1)).toBe('idle');
    stream.resume();
    expect(request.mock.calls.at(-1)).toEqual(['s2', 'vb']);
  });

  it('tells the agent when there is no browser to show any more', async () => {
    const { live, stream, stop, newest } = setUp();
    await live();
    stream.setSource(null);
    expect(stop).toHaveBeenCalledExactlyOnceWith('s1', 'vb');
    expect(newest().closed).toBe(true);
  });

  it('stops once when it is disposed of, and asks never again, whoever answers its last state', async () => {
    const { live, stream, stop, connections, states } = setUp();
    await live();
    stream.on('state', () => stream.setSource({ browser: 'b1', peer: 'vb' }));
    stream.dispose();
    stream.seatChanged();
    stream.pause();
    stream.resume();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stop).toHaveBeenCalledExactlyOnceWith('s1', 'vb');
    expect(connections.map(({ closed }) => closed)).toEqual([true]);
    expect(states.at(-1)).toBe('idle');
  });

  it('hands on the events of the agent and sends input only on open channels', async () => {
    const { live, stream } = setUp();
    const connection = await live();
    const events: AgentEvent[] = [];
    stream.on('event', (event) => events.push(event));
    const channel = { label: 'events', onmessage: null as ((message: { data: unknown }) => void) | null };
    connection.ondatachannel?.({ channel });
    channel.onmessage?.({ data: '{"type":"pointer","payload":{"x":1,"y":2}}' });
    channel.onmessage?.({ data: 'not json' });
    expect(events).toEqual([{ type: 'pointer', payload: { x: 1, y: 2 } }]);

    const input = { label: 'input', readyState: 'connecting', bufferedAmount: 0, send: vi.fn() };
    connection.ondatachannel?.({ channel: input });
    expect(stream.send('input', new ArrayBuffer(1))).toBe(false);
    input.readyState = 'open';
    expect(stream.send('input', new ArrayBuffer(1))).toBe(true);
    expect(input.send).toHaveBeenCalledOnce();
    input.bufferedAmount = 10_000;
    expect(stream.send('input', new ArrayBuffer(1))).toBe(false);
    input.bufferedAmount = 0;
    connection.become('disconnected');
    expect(stream.send('input', new ArrayBuffer(1))).toBe(false);
    expect(input.send).toHaveBeenCalledOnce();
  });
});

describe('what the viewer wants', () => {
  it('is not said while it is what every session begins with', async () => {
    const { live, prefer } = setUp();
    await live();
    expect(prefer).not.toHaveBeenCalled();
  });

  it('is said when it changes, and again to each session that follows', async () => {
    const { live, want, stream, prefer } = setUp();
    const connection = await live();
    want({ quality: 'sound' });
    expect(prefer.mock.calls).toEqual([['s1', 'sound', false, 'vb']]);
    connection.become('failed');
    await vi.advanceTimersByTimeAsync(500);
    expect(prefer.mock.calls.slice(1)).toEqual([['s2', 'sound', false, 'vb']]);
    stream.setSource({ browser: 'b2', peer: 'vb2' });
    expect(prefer.mock.calls.slice(2)).toEqual([['s3', 'sound', false, 'vb2']]);
  });

  it('is said again when the hub is back, which may have lost it', async () => {
    const { live, want, stream, prefer } = setUp();
    await live();
    want({ quality: 'low' });
    stream.hubBack();
    expect(prefer.mock.calls).toEqual([['s1', 'low', false, 'vb'], ['s1', 'low', false, 'vb']]);
  });

  it('is said again with an ICE restart, and to an agent with a new peer id', async () => {
    const { live, want, stream, prefer } = setUp();
    const connection = await live();
    want({ quality: 'low' });
    connection.become('disconnected');
    await vi.advanceTimersByTimeAsync(1500);
    expect(prefer.mock.calls.slice(1)).toEqual([['s1', 'low', false, 'vb']]);
    connection.become('connected');
    stream.setSource({ browser: 'b1', peer: 'vb2' });
    expect(prefer.mock.calls.slice(2)).toEqual([['s1', 'low', false, 'vb2']]);
  });

  it('holds no picture for a page that stays hidden, and says at once that it is seen again', async () => {
    const { live, want, prefer } = setUp();
    await live();
    want({ hidden: true });
    expect(prefer).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1000);
    expect(prefer.mock.calls).toEqual([['s1', 'auto', true, 'vb']]);
    want({ hidden: false });
    expect(prefer.mock.calls.slice(1)).toEqual([['s1', 'auto', false, 'vb']]);
  });

  it('says nothing of a quick look elsewhere', async () => {
    const { live, want, prefer } = setUp();
    await live();
    want({ hidden: true });
    await vi.advanceTimersByTimeAsync(900);
    want({ hidden: false });
    await vi.advanceTimersByTimeAsync(5000);
    expect(prefer).not.toHaveBeenCalled();
  });
});

describe('low delay', () => {
  it('holds nothing back while one drives, on tracks there are and tracks that come, and is let go of after', async () => {
    const { live, stream } = setUp();
    const connection = await live();
    const picture = connection.receive();
    stream.setLowDelay(true);
    const sound = connection.receive();
    expect([picture, sound]).toMatchObject([{ jitterBufferTarget: 0, playoutDelayHint: 0 }, { jitterBufferTarget: 0, playoutDelayHint: 0 }]);
    stream.setLowDelay(false);
    expect([picture, sound]).toMatchObject([{ jitterBufferTarget: null, playoutDelayHint: null }, { jitterBufferTarget: null, playoutDelayHint: null }]);
  });

  it('holds the picture of whoever watches for a sound that is late, by what statistics tell', async () => {
    const { live, stream } = setUp();
    const connection = await live();
    const [picture, sound] = [connection.receive(), connection.receive('audio')];
    let frames = 0;
    const read = async (): Promise<void> => {
      frames += 60;
      connection.report = [
        { type: 'inbound-rtp', kind: 'video', estimatedPlayoutTimestamp: 1_040, jitterBufferTargetDelay: frames * 0.02, jitterBufferEmittedCount: frames },
        { type: 'inbound-rtp', kind: 'audio', estimatedPlayoutTimestamp: 1_000 },
      ];
      await stream.statistics();
    };
    await read();
    await read();
    expect(picture).toMatchObject({ jitterBufferTarget: 40, playoutDelayHint: 0.04 });
    expect(sound).toMatchObject({ jitterBufferTarget: null, playoutDelayHint: null });
    stream.setLowDelay(true);
    await read();
    expect(picture).toMatchObject({ jitterBufferTarget: 0, playoutDelayHint: 0 });
  });
});

describe('sending', () => {
  const frame = (bytes: number): ArrayBuffer => new ArrayBuffer(bytes);
  const open = async (label: string) => {
    const { live, stream } = setUp();
    const connection = await live();
    const channel = { label, readyState: 'open', bufferedAmount: 0, send: (sent: ArrayBuffer) => (channel.bufferedAmount += sent.byteLength) };
    connection.ondatachannel?.({ channel });
    return { stream, channel };
  };

  it('lets no move wait behind another', async () => {
    const { stream, channel } = await open('pointer');
    expect(stream.send('pointer', frame(13))).toBe(true);
    expect(stream.send('pointer', frame(13))).toBe(false);
    channel.bufferedAmount = 0;
    expect(stream.send('pointer', frame(13))).toBe(true);
  });

  it('sends each frame of input twice more, numbered, where no lost packet is waited for', async () => {
    const { live, stream, newest } = setUp();
    const sent: string[] = [];
    const connect = async (): Promise<{ bufferedAmount: number }[]> => {
      const connection = await live();
      return ['input', 'pointer'].map((label) => {
        const channel = { label, readyState: 'open', bufferedAmount: 0, send: (data: ArrayBuffer) => sent.push(`${label} ${Buffer.from(data).toString('hex')}`) };
        connection.ondatachannel?.({ channel });
        return channel;
      });
    };
    const [, pointer] = await connect();
    const key = Uint8Array.from([4, 0, 0, 0, 7, 0, 0, 0xff, 0x0d, 1]).buffer;
    stream.send('input', Uint8Array.from([6, 0, 0, 0, 7, 0x61]).buffer);
    stream.send('input', key);
    stream.send('input', key);
    expect(sent.splice(0)).toEqual(['input 060000000761', 'input 04000000070000ff0d01', 'input 04000000070000ff0d01']);
    await vi.advanceTimersByTimeAsync(10);
    const copies = ['pointer 070000000700000001040000ff0d01', 'pointer 070000000700000002040000ff0d01'];
    expect(sent.splice(0)).toEqual(copies);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent.splice(0)).toEqual(copies);

    stream.send('input', key);
    Object.assign(pointer ?? {}, { bufferedAmount: 5_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent.splice(0)).toEqual(['input 04000000070000ff0d01']);

    stream.send('input', key);
    const old = newest();
    stream.setSource({ browser: 'b2', peer: 'vb2' });
    expect(old.closed).toBe(true);
    sent.length = 0;
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toEqual([]);
  });

  it('takes the keys that follow a large clipboard, and refuses when the network is behind with keys', async () => {
    const { stream, channel } = await open('input');
    expect(stream.send('input', frame(49_157))).toBe(true);
    expect(stream.send('input', frame(10))).toBe(true);
    channel.bufferedAmount = 0;
    expect(stream.send('input', frame(10))).toBe(true);
    channel.bufferedAmount = 9_000;
    expect(stream.send('input', frame(10))).toBe(false);
  });
});

describe('withStereo', () => {
  const sdp = 'a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=42e01f\r\n';
  it('says stereo for Opus and leaves the rest alone', () => {
    expect(withStereo(sdp)).toBe(sdp.replace('useinbandfec=1', 'useinbandfec=1;stereo=1'));
    expect(withStereo(withStereo(sdp))).toBe(withStereo(sdp));
  });
});
