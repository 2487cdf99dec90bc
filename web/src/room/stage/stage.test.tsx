import { notifications } from '@mantine/notifications';
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { StatisticsEvent } from '@/api/types';
import en from '@/i18n/en.json';
import { aMessage, aPeer, aRoom, jon, mia, Refusal, uuid } from '@/test/mockServer';
import { enterRoom, running, showPicture } from '@/test/room';
import { setQuality } from '../preferences';

const statistics: StatisticsEvent = { codec: 'H264', layer: 'low', framesPerSecond: 15, bitsPerSecond: 4e5, estimate: 6e5, loss: 0.06, roundTrip: 40, delay: 12 };
const yours = { holder: 'p1', epoch: 7, requests: [] };

// The device remembers it from one test to the next.
afterEach(() => setQuality('auto'));

const click = (testId: string): void => void fireEvent.click(screen.getByTestId(testId));
const openMore = async (item: string): Promise<HTMLElement> => {
  click('more');
  return screen.findByTestId(item);
};

/** The page on a screen for which these media queries hold. */
function onScreen(...matching: string[]): void {
  const wide = window.matchMedia('');
  vi.spyOn(window, 'matchMedia').mockImplementation((query) => Object.assign(Object.create(wide) as MediaQueryList, { matches: matching.includes(query) }));
}

describe('the quality of the picture', () => {
  it('is chosen in the menu, said to the agent, and remembered by the device', async () => {
    const { socket } = await enterRoom({ browser: running });
    const { hear } = showPicture();
    hear({ type: 'statistics', payload: statistics });
    fireEvent.click(await openMore('quality'));
    expect((await screen.findByTestId('quality-now')).textContent).toBe('the smaller picture now');
    click('quality-high');
    expect(socket.last('stream.prefer')).toMatchObject({ target: 'vb', payload: { quality: 'high', hidden: false } });
    expect(localStorage.getItem('turtus.picture')).toBe('{"quality":"high","seen":"high"}');
  });

  it('may be the sound alone, from which the stage leads back', async () => {
    const { socket } = await enterRoom({ browser: running, control: { holder: 'p2', epoch: 7, requests: [] } });
    showPicture();
    act(() => setQuality('low'));
    expect(screen.getByTestId('ask-control')).toBeTruthy();
    fireEvent.click(await openMore('quality'));
    fireEvent.click(await screen.findByTestId('quality-sound'));
    expect(within(screen.getByTestId('sound-only')).getByText(/Jon has control/)).toBeTruthy();
    expect(screen.getByTestId('stage').dataset.live).toBeUndefined();
    expect(screen.queryByTestId('ask-control')).toBeNull();
    click('show-picture');
    expect(screen.queryByTestId('sound-only')).toBeNull();
    expect(socket.last('stream.prefer').payload).toMatchObject({ quality: 'low' });
  });
});

describe('a browser that wants a press before a page is heard', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('keeps the picture silent until there was one, whatever comes meanwhile', async () => {
    const play = vi.spyOn(HTMLMediaElement.prototype, 'play').mockImplementation(function (this: HTMLMediaElement) {
      return this.muted ? Promise.resolve() : Promise.reject(new DOMException('', 'NotAllowedError'));
    });
    await enterRoom({ browser: running });
    const { connection } = showPicture();
    const come = connection as unknown as { ontrack: (event: unknown) => void };
    act(() => come.ontrack({ receiver: {}, track: { kind: 'video' } }));
    const video = screen.getByTestId<HTMLVideoElement>('stage-video');
    act(() => void video.dispatchEvent(new Event('loadeddata')));
    expect(await screen.findByTestId('unmute-overlay')).toBeTruthy();
    expect(video.muted).toBe(true);
    await act(async () => {
      (video.srcObject as MediaStream).dispatchEvent(new Event('addtrack'));
      await Promise.resolve();
    });
    expect(screen.queryByTestId('unmute-overlay')).not.toBeNull();
    expect(video.muted).toBe(true);
    play.mockImplementation(() => Promise.resolve());
    click('unmute-overlay');
    expect(video.muted).toBe(false);
  });
});

describe('a picture that does not come', () => {
  afterEach(() => {
    vi.useRealTimers();
    Reflect.deleteProperty(navigator, 'clipboard');
  });

  it('is not a dark stage: it says which step failed and what to do, until it comes', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const written = vi.fn((_text: string) => Promise.resolve());
    Object.defineProperty(navigator, 'clipboard', { value: { writeText: written }, configurable: true });
    await enterRoom({ browser: running });
    expect(screen.getByText('Getting the picture')).toBeTruthy();
    await act(() => vi.advanceTimersByTimeAsync(9_000));
    expect(screen.getByTestId('no-picture').dataset.diagnosis).toBe('noAnswer');
    expect(screen.queryByText('Getting the picture')).toBeNull();
    click('no-picture-copy');
    await screen.findByText('Copied');
    expect(written.mock.lastCall?.[0]).toContain('noAnswer');
    await act(() => vi.advanceTimersByTimeAsync(2_500));
    expect(screen.getByTestId('no-picture'), 'while it tries again').toBeTruthy();
    showPicture();
    await waitFor(() => expect(screen.queryByTestId('no-picture')).toBeNull());
  });
});

describe('a page that nobody sees', () => {
  it('says so to the agent, and that it is seen again', async () => {
    const { socket } = await enterRoom({ browser: running });
    showPicture();
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    fireEvent(document, new Event('visibilitychange'));
    await waitFor(() => expect(socket.last('stream.prefer').payload).toMatchObject({ hidden: true }));
    hidden.mockReturnValue(false);
    fireEvent(document, new Event('visibilitychange'));
    expect(socket.last('stream.prefer').payload).toMatchObject({ hidden: false });
  });
});

describe('control in another tab of the same person', () => {
  const elsewhere = { browser: running, control: { holder: 'p3', epoch: 7, requests: [] }, peers: [aPeer('p1', mia), aPeer('p2', jon), aPeer('p3', mia)] };

  it('is told as such, and taken here', async () => {
    const { socket } = await enterRoom(elsewhere, { permissions: ['control'] });
    showPicture();
    expect(screen.getByTestId('control-pill').textContent).toContain('Your other tab has control');
    click('take-here');
    expect(socket.last('control.take').payload).toEqual({});
  });

  it('is taken here by a click on the picture too', async () => {
    const { socket } = await enterRoom(elsewhere, { permissions: ['control'] });
    showPicture();
    fireEvent.pointerDown(screen.getByTestId('stage'), { button: 0, pointerType: 'mouse' });
    expect(socket.last('control.take').payload).toEqual({});
  });

  it('is not taken by a click from anybody else', async () => {
    const { socket } = await enterRoom({ ...elsewhere, control: { holder: 'p2', epoch: 7, requests: [] } });
    showPicture();
    fireEvent.pointerDown(screen.getByTestId('stage'), { button: 0, pointerType: 'mouse' });
    expect(socket.sent.filter(({ type }) => type.startsWith('control.'))).toEqual([]);
  });
});

describe('the clipboard', () => {
  afterEach(() => void Reflect.deleteProperty(navigator, 'clipboard'));
  const text = 'hé';
  const pasted = ['060000000768c3a9', '04000000070000ffe301', '04000000070000007601', '04000000070000007600', '04000000070000ffe300'];

  it('is pasted from the menu where the page may read it', async () => {
    Object.defineProperty(navigator, 'clipboard', { value: { readText: () => Promise.resolve(text) }, configurable: true });
    await enterRoom({ browser: running, control: yours });
    const { sent } = showPicture();
    fireEvent.click(await openMore('paste'));
    await waitFor(() => expect(sent.slice(-pasted.length)).toEqual(pasted));
  });

  it('is typed into a box where the page may not', async () => {
    await enterRoom({ browser: running, control: yours });
    const { sent } = showPicture();
    fireEvent.click(await openMore('paste'));
    const box = await screen.findByTestId('paste-text');
    fireEvent.change(box, { target: { value: 'x'.repeat(50_000) } });
    click('paste-do');
    expect(await screen.findByText('That is too long.')).toBeTruthy();
    fireEvent.change(box, { target: { value: text } });
    click('paste-do');
    await waitFor(() => expect(screen.queryByTestId('paste-text')).toBeNull());
    expect(sent.slice(-pasted.length)).toEqual(pasted);
  });

  it('keeps what was typed into the box when control is lost meanwhile, and says why', async () => {
    const { say } = await enterRoom({ browser: running, control: yours });
    const { sent } = showPicture();
    fireEvent.click(await openMore('paste'));
    const box = await screen.findByTestId('paste-text');
    fireEvent.change(box, { target: { value: text } });
    say({ type: 'control.changed', version: 8, payload: { holder: 'p2', epoch: 8, requests: [] } });
    sent.length = 0;
    click('paste-do');
    expect(await screen.findByText('Nothing was pasted: that takes control and a picture.')).toBeTruthy();
    expect(box).toHaveProperty('value', text);
    expect(sent).toEqual([]);
  });

  it('of the browser is offered where the page may not write it here', async () => {
    await enterRoom({ browser: running, control: yours });
    const { hear } = showPicture();
    hear({ type: 'clipboard', payload: { text } });
    const copy = vi.fn(() => true);
    Object.assign(document, { execCommand: copy });
    fireEvent.click(await screen.findByTestId('copy-here'));
    await waitFor(() => expect(screen.queryByTestId('copied')).toBeNull());
    expect(copy).toHaveBeenCalledExactlyOnceWith('copy');
  });
});

describe('the keyboard of whoever drives', () => {
  const keyboard = (): HTMLElement => screen.getByTestId('stage-keyboard');
  const atStage = (): Promise<void> => waitFor(() => expect(document.activeElement).toBe(keyboard()));
  const escape = (): void => void fireEvent.keyDown(document.activeElement ?? document.body, { key: 'Escape' });
  const drive = async (snapshot: Parameters<typeof enterRoom>[0] = {}, answers: Parameters<typeof enterRoom>[2] = {}) => {
    const inside = await enterRoom({ browser: running, control: yours, ...snapshot }, {}, answers);
    showPicture();
    await atStage();
    return inside;
  };
  /** A person's click goes with the focus of what is clicked. */
  const press = (element: HTMLElement): void => {
    element.focus();
    fireEvent.click(element);
  };
  const openBox = async (): Promise<HTMLElement> => {
    press(screen.getByTestId('more'));
    press(await screen.findByTestId('paste'));
    const box = await screen.findByTestId('paste-text');
    await waitFor(() => expect(document.activeElement).toBe(box));
    return box;
  };

  it('comes back from the box for pasting, by its button and by Escape', async () => {
    await drive();
    fireEvent.change(await openBox(), { target: { value: 'a' } });
    press(screen.getByTestId('paste-do'));
    await atStage();
    await openBox();
    escape();
    await atStage();
  });

  it('comes back from the invite', async () => {
    await drive();
    press(screen.getByTestId('invite-open'));
    const dialog = await screen.findByRole('dialog');
    await waitFor(() => expect(dialog.contains(document.activeElement)).toBe(true));
    escape();
    await atStage();
  });

  it('comes back from the question before the browser is stopped', async () => {
    await drive();
    press(screen.getByTestId('more'));
    press(await screen.findByTestId('stop-browser'));
    await waitFor(() => expect(screen.getByRole('dialog').contains(document.activeElement)).toBe(true));
    escape();
    await atStage();
  });

  it('comes back with the picture after a pause', async () => {
    await drive();
    press(screen.getByTestId('more'));
    press(await screen.findByTestId('pause-picture'));
    press(await screen.findByTestId('resume-picture'));
    showPicture();
    await atStage();
  });

  it('stays with who writes in the chat', async () => {
    const { say } = await drive();
    const chat = screen.getByPlaceholderText('Write a message');
    chat.focus();
    say({ type: 'chat.message', version: 8, payload: { message: aMessage(1) } });
    await screen.findByText('message 1');
    expect(document.activeElement).toBe(chat);
  });
});

describe('what the stage says', () => {
  it('offers no start of the browser while the server is gone', async () => {
    const { socket } = await enterRoom();
    expect(screen.getByTestId('start-browser')).toHaveProperty('disabled', false);
    act(() => socket.drop());
    expect(screen.getByTestId('start-browser')).toHaveProperty('disabled', true);
  });

  it('lets control be released while the picture is paused', async () => {
    const { socket } = await enterRoom({ browser: running, control: yours });
    showPicture();
    fireEvent.click(await openMore('pause-picture'));
    await screen.findByTestId('resume-picture');
    click('release-control');
    expect(socket.last('control.release').payload).toEqual({});
  });

  it('tells whoever drove who took control', async () => {
    const { say } = await enterRoom({ browser: running, control: yours });
    showPicture();
    const show = vi.spyOn(notifications, 'show');
    say({ type: 'control.changed', version: 8, payload: { holder: 'p2', epoch: 8, requests: [] } });
    expect(show).toHaveBeenCalledExactlyOnceWith({ id: 'taken', message: 'Jon took control' });
  });

  it('says over the picture what is being started again', async () => {
    const { say } = await enterRoom({ browser: running });
    showPicture();
    say({ type: 'browser.changed', version: 8, payload: { browser: { ...running, state: 'degraded', detail: 'Firefox crashed and is being restarted' } } });
    expect(screen.getByTestId('stage-banner').textContent).toBe('Firefox crashed and is being restarted');
  });

  it('gives the reason when the network makes the picture worse', async () => {
    await enterRoom({ browser: running });
    vi.useFakeTimers();
    try {
      const { hear, connection } = showPicture();
      connection.report = new Map([['v', { id: 'v', type: 'inbound-rtp', kind: 'video', timestamp: 1 }]]);
      hear({ type: 'statistics', payload: statistics });
      expect(screen.getByTestId('network-mark').textContent).toBe('');
      await act(() => vi.advanceTimersByTimeAsync(8_000));
      expect(screen.getByTestId('network-mark').textContent).toBe('Your network is losing 6 % of packets: showing the smaller picture');
    } finally {
      vi.useRealTimers();
    }
  });

  it('shows the numbers of the stream', async () => {
    await enterRoom({ browser: running });
    const { hear, connection } = showPicture();
    connection.report = new Map<string, unknown>([
      ['v', { id: 'v', type: 'inbound-rtp', kind: 'video', timestamp: 1, bytesReceived: 1, frameWidth: 640, frameHeight: 360, framesPerSecond: 15, codecId: 'c', jitterBufferDelay: 0.4, jitterBufferEmittedCount: 20 }],
      ['c', { id: 'c', type: 'codec', mimeType: 'video/H264', sdpFmtpLine: 'profile-level-id=42e01f' }],
      ['p', { id: 'p', type: 'candidate-pair', nominated: true, state: 'succeeded', localCandidateId: 'l', currentRoundTripTime: 0.02 }],
      ['l', { id: 'l', type: 'local-candidate', candidateType: 'prflx', protocol: 'udp' }],
    ]);
    hear({ type: 'statistics', payload: statistics });
    click('statistics');
    const list = await screen.findByTestId('statistics-list');
    for (const words of ['42 ms', '640 × 360, 15 per second', 'the smaller picture', '6.0 %', 'by a router, UDP', 'H264, constrained baseline 3.1', /Your network carries 600 kbit\/s/]) expect(within(list).getByText(words)).toBeTruthy();
  });
});

describe('a phone', () => {
  it('on its side leads out of the room by the menu', async () => {
    onScreen('(max-height: 520px) and (orientation: landscape) and (min-width: 540px)', '(pointer: coarse)');
    const { socket } = await enterRoom({ browser: running });
    fireEvent.click(await openMore('leave-room'));
    await waitFor(() => expect(socket.closedWith).toBe(1000));
  });
});

describe('the settings of the picture', () => {
  it('are changed at once, and say what the server refuses', async () => {
    const bodies: unknown[] = [];
    const room = { [`PATCH /rooms/${uuid(10)}`]: async (request: Request) => (bodies.push(await request.json()) === 1 ? new Refusal({ code: 'forbidden', status: 403, detail: 'Only the owner may.' }) : aRoom()) };
    await enterRoom({}, {}, room);
    click('tab-settings');
    const size = await screen.findByTestId('screen-size');
    expect(screen.getByTestId('settings-save')).toHaveProperty('disabled', true);
    fireEvent.click(within(size).getByLabelText('1920×1080'));
    fireEvent.click(within(screen.getByTestId('frame-rate')).getByLabelText('60'));
    click('settings-save');
    expect(await screen.findByText('Only the owner may.')).toBeTruthy();
    click('settings-save');
    await waitFor(() => expect(bodies).toHaveLength(2));
    expect(bodies[1]).toEqual({ screen: { width: 1920, height: 1080, frameRate: 60 } });
  });

  it('keep a size of the server’s own among the usual ones', async () => {
    await enterRoom({ room: aRoom({ screen: { width: 1600, height: 900, frameRate: 25 } }) });
    click('tab-settings');
    const size = await screen.findByTestId('screen-size');
    expect(within(size).getByLabelText('1600×900')).toHaveProperty('checked', true);
    expect(within(screen.getByTestId('frame-rate')).getByLabelText('25')).toHaveProperty('checked', true);
    fireEvent.click(within(size).getByLabelText('1280×720'));
    fireEvent.click(within(screen.getByTestId('frame-rate')).getByLabelText('60'));
    fireEvent.click(within(screen.getByTestId('screen-size')).getByLabelText('1600×900'));
    fireEvent.click(within(screen.getByTestId('frame-rate')).getByLabelText('25'));
    expect(screen.getByTestId('settings-save')).toHaveProperty('disabled', true);
  });
});

describe('the way of calls', () => {
  it('is the owner’s to choose', async () => {
    const bodies: unknown[] = [];
    await enterRoom({}, {}, { [`PATCH /rooms/${uuid(10)}`]: async (request: Request) => (bodies.push(await request.json()), aRoom({ relayOnly: true })) });
    click('tab-settings');
    fireEvent.click(await screen.findByTestId('settings-relay-only'));
    click('settings-save');
    await waitFor(() => expect(bodies).toEqual([{ relayOnly: true }]));
  });

  it('is left as somebody chose it elsewhere while something else is changed here', async () => {
    const bodies: unknown[] = [];
    const { say } = await enterRoom({}, {}, { [`PATCH /rooms/${uuid(10)}`]: async (request: Request) => (bodies.push(await request.json()), aRoom({ relayOnly: true })) });
    click('tab-settings');
    await screen.findByTestId('settings-relay-only');
    say({ type: 'room.updated', version: 8, payload: { room: aRoom({ relayOnly: true }) } });
    await waitFor(() => expect(screen.getByTestId('settings-relay-only')).toMatchObject({ checked: true }));
    fireEvent.change(screen.getByTestId('settings-title'), { target: { value: 'Another title' } });
    click('settings-save');
    await waitFor(() => expect(bodies).toEqual([{ title: 'Another title' }]));
  });

  it('says why where the server has no relay', async () => {
    await enterRoom({}, {}, { [`PATCH /rooms/${uuid(10)}`]: () => new Refusal({ code: 'invalid_field', status: 422, fields: [{ field: 'relayOnly', detail: 'needs a relay' }] }) });
    click('tab-settings');
    fireEvent.click(await screen.findByTestId('settings-relay-only'));
    click('settings-save');
    expect(await screen.findByText(en.fields.relayOnly)).toBeTruthy();
  });

  it('is none where the server has chosen for all', async () => {
    await enterRoom({ room: aRoom({ relayOnly: true, relayForced: true }) });
    click('tab-settings');
    expect(await screen.findByTestId('settings-relay-only')).toMatchObject({ checked: true, disabled: true });
  });
});
