import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventSocket, type EventsLike } from './EventSocket';
import type { SocketLike } from './HubConnection';
import { openBy } from './socket';

class FakeEvents implements EventsLike {
  onerror: EventsLike['onerror'] = null;
  closed = false;
  private readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.listeners.set(type, listener);
  }
  say(type: string, data: unknown): void {
    this.listeners.get(type)?.(new MessageEvent(type, { data: typeof data === 'string' ? data : JSON.stringify(data) }));
  }
  close(): void {
    this.closed = true;
  }
}

interface Post {
  body: { connection: string; first: number; messages: unknown[]; close?: number };
  answer: (status: number) => void;
  fail: () => void;
}

function setUp() {
  const events = new FakeEvents();
  const posts: Post[] = [];
  const waits: number[] = [];
  const socket = new EventSocket({
    openEvents: () => events,
    post: (body) => new Promise((resolve, reject) => posts.push({ body: JSON.parse(body) as Post['body'], answer: (status) => resolve({ status }), fail: () => reject(new Error('away')) })),
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  });
  const heard: string[] = [];
  const closes: { code: number; reason: string }[] = [];
  let opened = 0;
  socket.onopen = () => opened++;
  socket.onmessage = ({ data }) => heard.push(String(data));
  socket.onclose = ({ code, reason }) => closes.push({ code, reason });
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  const open = async (): Promise<void> => {
    events.say('open', { connection: 'C1' });
    await settle();
  };
  return { events, posts, waits, socket, heard, closes, settle, open, opened: () => opened };
}

describe('EventSocket', () => {
  it('opens with the name of its connection, not with what an EventSource says of itself', async () => {
    const { events, open, opened, socket, posts, settle } = setUp();
    events.say('open', undefined);
    socket.send('{"n":0}');
    await settle();
    expect([opened(), posts.length]).toEqual([0, 0]);
    await open();
    expect(opened()).toBe(1);
    expect(posts[0]?.body).toEqual({ connection: 'C1', first: 0, messages: [{ n: 0 }] });
  });

  it('says one thing after the other, and together what came meanwhile', async () => {
    const { socket, posts, open, settle, heard, events } = setUp();
    await open();
    for (let n = 0; n < 4; n++) socket.send(`{"n":${n}}`);
    await settle();
    expect(posts).toHaveLength(1);
    posts[0]?.answer(204);
    await settle();
    expect(posts[1]?.body).toEqual({ connection: 'C1', first: 1, messages: [{ n: 1 }, { n: 2 }, { n: 3 }] });
    events.say('message', '{"type":"ok"}');
    expect(heard).toEqual(['{"type":"ok"}']);
  });

  it('says the same again when no answer came, by the same number', async () => {
    const { socket, posts, open, settle, waits, closes } = setUp();
    await open();
    socket.send('{"n":0}');
    await settle();
    posts[0]?.fail();
    await settle();
    expect(posts[1]?.body).toEqual(posts[0]?.body);
    posts[1]?.answer(503);
    await settle();
    expect(posts).toHaveLength(3);
    expect(waits).toEqual([500, 1000]);
    posts[2]?.fail();
    await settle();
    expect(closes).toEqual([{ code: 1006, reason: '' }]);
  });

  it('is over when the server does not know it any more', async () => {
    const { socket, posts, open, settle, closes, events } = setUp();
    await open();
    socket.send('{"n":0}');
    await settle();
    posts[0]?.answer(404);
    await settle();
    expect(closes).toEqual([{ code: 1006, reason: '' }]);
    expect(events.closed).toBe(true);
  });

  it('answers a ping by an empty POST', async () => {
    const { events, posts, open, settle } = setUp();
    await open();
    events.say('ping', {});
    await settle();
    expect(posts[0]?.body).toEqual({ connection: 'C1', first: 0, messages: [] });
  });

  it('closes with the code of the hub', async () => {
    const { events, open, closes } = setUp();
    await open();
    events.say('close', { code: 3504, reason: 'removed' });
    expect(closes).toEqual([{ code: 3504, reason: 'removed' }]);
    expect(events.closed).toBe(true);
  });

  it('closes when the stream breaks: coming back is another connection', async () => {
    const { events, open, closes } = setUp();
    await open();
    events.onerror?.(new Event('error'));
    expect(closes).toEqual([{ code: 1006, reason: '' }]);
    expect(events.closed).toBe(true);
  });

  it('says what is left, and that it leaves, in one', async () => {
    const { socket, posts, open, settle, closes } = setUp();
    await open();
    socket.send('{"n":0}');
    await settle();
    socket.send('{"n":1}');
    socket.close(1000);
    socket.send('{"late":true}');
    posts[0]?.answer(204);
    await settle();
    expect(posts[1]?.body).toEqual({ connection: 'C1', first: 1, messages: [{ n: 1 }], close: 1000 });
    posts[1]?.answer(204);
    await settle();
    expect(posts).toHaveLength(2);
    expect(closes).toEqual([{ code: 1000, reason: '' }]);
  });
});

class Line implements SocketLike {
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  said: string[] = [];
  closed = false;
  send(data: string): void {
    this.said.push(data);
  }
  close(): void {
    this.closed = true;
  }
  hear(): void {
    this.onmessage?.(new MessageEvent('message', { data: '{}' }));
  }
  drop(): void {
    this.onclose?.(new CloseEvent('close', { code: 1006 }));
  }
}

describe('the choice of a way', () => {
  const ways: { webSocket: Line[]; events: Line[] } = { webSocket: [], events: [] };
  const line = (list: Line[]): Line => {
    const made = new Line();
    list.push(made);
    return made;
  };
  const open = () => {
    const socket = openBy({ webSocket: () => line(ways.webSocket), events: () => line(ways.events), storage: sessionStorage });
    const log: string[] = [];
    socket.onopen = () => log.push('open');
    socket.onmessage = () => log.push('message');
    socket.onclose = () => log.push('close');
    return { socket, log };
  };
  beforeEach(() => {
    ways.webSocket = [];
    ways.events = [];
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it('is a WebSocket where one opens', () => {
    const { socket, log } = open();
    ways.webSocket[0]?.onopen?.(new Event('open'));
    socket.send('x');
    ways.webSocket[0]?.hear();
    vi.advanceTimersByTime(60_000);
    ways.webSocket[0]?.drop();
    expect(log).toEqual(['open', 'message', 'close']);
    expect(ways.webSocket[0]?.said).toEqual(['x']);
    expect(ways.events).toHaveLength(0);
  });

  it.each([
    ['is refused', () => ways.webSocket[0]?.drop()],
    ['is never answered', () => vi.advanceTimersByTime(5_000)],
  ])('is events where the WebSocket %s, and stays so', (_, happens) => {
    const { socket, log } = open();
    happens();
    expect(ways.webSocket[0]?.closed).toBe(true);
    expect(log).toEqual([]);
    ways.events[0]?.onopen?.(new Event('open'));
    socket.send('x');
    ways.events[0]?.hear();
    expect(log).toEqual(['open', 'message']);
    expect(ways.events[0]?.said).toEqual(['x']);
    open();
    expect([ways.webSocket.length, ways.events.length]).toEqual([1, 2]);
  });

  it('is events after a WebSocket that opened and carried nothing', () => {
    const { socket } = open();
    ways.webSocket[0]?.onopen?.(new Event('open'));
    socket.close(4000);
    open();
    expect(ways.events).toHaveLength(1);
  });

  it('is a WebSocket again after a server that was away', () => {
    const { log } = open();
    ways.webSocket[0]?.drop();
    ways.events[0]?.drop();
    expect(log).toEqual(['close']);
    open();
    expect(ways.webSocket).toHaveLength(2);
  });

  it('says nothing of a way that was left', () => {
    const { log } = open();
    const first = ways.webSocket[0];
    vi.advanceTimersByTime(5_000);
    first?.onopen?.(new Event('open'));
    first?.drop();
    expect(log).toEqual([]);
  });
});
