import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ApiError } from '@/api/problem';
import { FakeSocket, jon } from '@/test/mockServer';
import { Knocking } from './Knocking';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const waiting = { title: 'Friday movies', person: jon, somebodyThere: true, until: '2999-01-01T00:00:00Z' };

function made(knock: () => Promise<{ token: string; expiresAt: string }> = () => Promise.resolve({ token: 'asking', expiresAt: '' })) {
  const sockets: FakeSocket[] = [];
  const knocking = new Knocking({
    knock,
    now: () => 1000,
    random: () => 0.5,
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
  });
  const flush = (): Promise<void> => vi.advanceTimersByTimeAsync(0).then(() => undefined);
  const last = (): FakeSocket => {
    const socket = sockets.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  };
  return { knocking, sockets, flush, last };
}

it('asks with its token, waits, and is told to come in', async () => {
  const { knocking, flush, last } = made();
  knocking.ask();
  await flush();
  last().accept();
  expect(last().last('hello').payload).toEqual({ token: 'asking', kind: 'viewer' });
  last().say({ type: 'door.waiting', payload: waiting });
  expect(knocking.store.getState()).toEqual({ kind: 'waiting', title: 'Friday movies', name: 'Jon', somebodyThere: true });
  last().say({ type: 'door.answered', payload: { answer: 'in', retryAfter: 0 } });
  expect(knocking.store.getState()).toEqual({ kind: 'in' });
  expect(last().closedWith).toBe(1000);
});

it('asks again by itself when the server comes back, and shows no other state meanwhile', async () => {
  const { knocking, sockets, flush, last } = made();
  knocking.ask();
  await flush();
  last().accept();
  last().say({ type: 'door.waiting', payload: waiting });
  last().drop(3000);
  expect(knocking.store.getState().kind).toBe('waiting');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets).toHaveLength(2);
});

it('says from when on one may ask again', async () => {
  const { knocking, flush, last } = made();
  knocking.ask();
  await flush();
  last().say({ type: 'door.answered', payload: { answer: 'not_now', retryAfter: 60 } });
  expect(knocking.store.getState()).toEqual({ kind: 'not_now', again: 61_000 });
  knocking.ask();
  await flush();
  last().say({ type: 'door.answered', payload: { answer: 'nobody', retryAfter: 30 } });
  expect(knocking.store.getState()).toEqual({ kind: 'nobody', again: 31_000 });
});

it('takes the asking back when one leaves, and hears nothing of it then', async () => {
  const { knocking, flush, last } = made();
  knocking.ask();
  await flush();
  last().accept();
  const socket = last();
  knocking.leave();
  expect(socket.closedWith).toBe(1000);
  socket.say({ type: 'door.waiting', payload: waiting });
  expect(knocking.store.getState()).toEqual({ kind: 'idle' });
});

it('tells what it is refused with, and that another page asks', async () => {
  const refused = new ApiError('room_closed', '');
  const { knocking, flush } = made(() => Promise.reject(refused));
  knocking.ask();
  await flush();
  expect(knocking.store.getState()).toEqual({ kind: 'refused', error: refused });
  const other = made();
  other.knocking.ask();
  await other.flush();
  other.last().drop(3506);
  expect(other.knocking.store.getState()).toEqual({ kind: 'elsewhere' });
});

it('gives up a connection that does not answer, and not one that does', async () => {
  const { knocking, sockets, flush, last } = made();
  knocking.ask();
  await flush();
  last().accept();
  last().say({ type: 'door.waiting', payload: waiting });
  for (let i = 0; i < 3; i++) {
    await vi.advanceTimersByTimeAsync(20_000);
    expect(last().last('echo').payload).toEqual({});
    last().say({ type: 'echo', payload: { serverTime: '2026-01-01T00:00:00Z' } });
  }
  expect(sockets).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(sockets[0]?.closedWith).toBe(1000);
  expect(knocking.store.getState()).toEqual({ kind: 'connecting' });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets.length).toBeGreaterThan(1);
});
