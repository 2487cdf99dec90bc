import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServerMessage } from './messages';
import { HubError, type HubStatus } from './HubConnection';
import { Outbox, type Outgoing } from './Outbox';

function setUp() {
  const listeners: ((status: HubStatus) => void)[] = [];
  const request = vi.fn<(type: string, payload: unknown) => Promise<ServerMessage>>();
  const hub = {
    status: { kind: 'online' } as HubStatus,
    request: request as never,
    on: (_event: string, listener: never) => {
      listeners.push(listener);
      return () => undefined;
    },
  };
  const changed = vi.fn<(items: readonly Outgoing[]) => void>();
  let key = 0;
  const make = (person = 'mia') => new Outbox({ hub, storage: sessionStorage, room: 'r', person, changed, makeKey: () => `k${++key}` });
  const status = (next: HubStatus): void => {
    hub.status = next;
    for (const listener of listeners) listener(next);
  };
  return { make, request, changed, status, now: () => changed.mock.calls.at(-1)?.[0] ?? [] };
}

const stored: ServerMessage = { type: 'ok', payload: {} };

beforeEach(() => vi.useRealTimers());

describe('Outbox', () => {
  it('shows a message at once and forgets it when it is stored', async () => {
    const { make, request, now } = setUp();
    request.mockResolvedValue(stored);
    make().say('hello');
    expect(now()).toMatchObject([{ text: 'hello', state: 'sending' }]);
    await vi.waitFor(() => expect(now()).toEqual([]));
    expect(request).toHaveBeenCalledExactlyOnceWith('chat.send', { key: 'k1', text: 'hello' });
  });

  it('is its person’s alone', async () => {
    const { make, request, now } = setUp();
    request.mockRejectedValue(new HubError('forbidden', ''));
    make().say('hello');
    await vi.waitFor(() => expect(now()).toMatchObject([{ state: 'failed' }]));
    make('jon').say('mine');
    await vi.waitFor(() => expect(now()).toMatchObject([{ text: 'mine', state: 'failed' }]));
    make();
    expect(now()).toMatchObject([{ text: 'hello' }]);
  });

  it('keeps which message it answers, over a failure too', async () => {
    const { make, request, now } = setUp();
    request.mockRejectedValueOnce(new HubError('forbidden', '')).mockResolvedValue(stored);
    const outbox = make();
    outbox.say('yes', { replyTo: { seq: 7, author: { id: 'a', displayName: 'Jon', avatarColor: 'teal', guest: false }, text: 'shall we?' }, to: { id: 'a', displayName: 'Jon', avatarColor: 'teal', guest: false } });
    await vi.waitFor(() => expect(now()).toMatchObject([{ state: 'failed', code: 'forbidden' }]));
    outbox.retry('k1');
    await vi.waitFor(() => expect(now()).toEqual([]));
    expect(request.mock.calls.map(([, payload]) => payload)).toEqual([{ key: 'k1', text: 'yes', replyTo: 7, to: 'a' }, { key: 'k1', text: 'yes', replyTo: 7, to: 'a' }]);
  });

  it('sends again with the same key after a lost connection', async () => {
    const { make, request, status, now } = setUp();
    request.mockRejectedValueOnce(new HubError('disconnected', '')).mockResolvedValue(stored);
    make().say('hello');
    await vi.waitFor(() => expect(request).toHaveBeenCalledOnce());
    await Promise.resolve();
    status({ kind: 'online' });
    await vi.waitFor(() => expect(now()).toEqual([]));
    expect(request.mock.calls.map(([, payload]) => payload)).toEqual([
      { key: 'k1', text: 'hello' },
      { key: 'k1', text: 'hello' },
    ]);
  });

  it('keeps the order in which things were said', async () => {
    const { make, request, now } = setUp();
    request.mockResolvedValue(stored);
    const outbox = make();
    for (const text of ['one', 'two', 'three']) outbox.say(text);
    await vi.waitFor(() => expect(now()).toEqual([]));
    expect(request.mock.calls.map(([, payload]) => (payload as { text: string }).text)).toEqual(['one', 'two', 'three']);
  });

  it('says why a message was refused, and sends it again when asked', async () => {
    const { make, request, now } = setUp();
    request.mockRejectedValueOnce(new HubError('forbidden', '')).mockResolvedValue(stored);
    const outbox = make();
    outbox.say('hello');
    await vi.waitFor(() => expect(now()).toMatchObject([{ state: 'failed', code: 'forbidden' }]));
    outbox.retry('k1');
    await vi.waitFor(() => expect(now()).toEqual([]));
  });

  it('survives a reload', async () => {
    const { make, request, status, now } = setUp();
    status({ kind: 'reconnecting', attempt: 0, since: 0 });
    make().say('hello');
    expect(request).not.toHaveBeenCalled();
    request.mockResolvedValue(stored);
    make();
    status({ kind: 'online' });
    await vi.waitFor(() => expect(now()).toEqual([]));
    expect(request).toHaveBeenCalledWith('chat.send', { key: 'k1', text: 'hello' });
  });
});
