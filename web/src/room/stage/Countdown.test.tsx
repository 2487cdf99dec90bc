import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import type { Browser } from '@/api/types';
import { Refusal, uuid } from '@/test/mockServer';
import { enterRoom, running, type Inside } from '@/test/room';

afterEach(() => void vi.useRealTimers());

const minute = 60_000;
const inTime = (milliseconds: number): string => new Date(Date.now() + milliseconds).toISOString();
const session = (left: number, extensions = 1) => ({ endsAt: inTime(left), warnsAt: inTime(left - 5 * minute), extensions });
const browser = (more: Partial<Browser>): Browser => ({ ...running, id: uuid(1), state: 'ready', ...more });
const changed = (say: Inside['say'], more: Partial<Browser>): void => say({ type: 'browser.changed', version: 8, payload: { browser: browser(more) } });

it('says in the last minutes that the browser’s time is over, and not before', async () => {
  const { say } = await enterRoom({ browser: browser({ session: session(60 * minute) }) }, { permissions: ['navigate'] });
  expect(screen.queryByTestId('session-ends')).toBeNull();
  changed(say, { session: session(4 * minute) });
  expect((await screen.findByTestId('session-ends')).textContent).toMatch(/time is over in [34]:\d\d/);
});

it('shows the end when its time has come, with nothing said', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  await enterRoom({ browser: browser({ session: session(5.3 * minute) }) }, { permissions: ['navigate'] });
  expect(screen.queryByTestId('session-ends')).toBeNull();
  await act(() => vi.advanceTimersByTimeAsync(0.4 * minute));
  expect(screen.getByTestId('session-ends').textContent).toMatch(/time is over in 4:\d\d/);
});

it('is put off by a button, and whoever was slower hears no error', async () => {
  let asked = 0;
  const { say } = await enterRoom(
    { browser: browser({ session: session(minute) }) },
    { permissions: ['navigate'] },
    { [`POST /rooms/${uuid(10)}/browser/extend`]: () => (asked++, new Refusal({ code: 'browser_session_long', status: 409 })) },
  );
  fireEvent.click(await screen.findByTestId('extend'));
  await waitFor(() => expect(asked).toBe(1));
  changed(say, { session: session(61 * minute, 0) });
  await waitFor(() => expect(screen.queryByTestId('session-ends')).toBeNull());
  expect(screen.queryByRole('alert')).toBeNull();
});

it('has no button for who may not start the browser, nor when it was put off as often as it may be', async () => {
  const { say } = await enterRoom({ browser: browser({ session: session(minute) }) }, { permissions: ['chat'] });
  await screen.findByTestId('session-ends');
  expect(screen.queryByTestId('extend')).toBeNull();
  changed(say, { session: session(minute, 0) });
  expect(screen.queryByTestId('extend')).toBeNull();
});

it('shows of two ends the one that comes first', async () => {
  const { say } = await enterRoom({ browser: browser({ session: session(4 * minute), endsAt: inTime(minute) }) }, { permissions: ['navigate'] });
  expect(await screen.findByTestId('countdown')).toBeTruthy();
  expect(screen.queryByTestId('session-ends')).toBeNull();
  changed(say, { session: session(minute / 2), endsAt: inTime(minute) });
  expect(await screen.findByTestId('session-ends')).toBeTruthy();
  expect(screen.queryByTestId('countdown')).toBeNull();
});
