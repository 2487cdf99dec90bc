import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { aJoin, aMessage, jon, mia, Refusal } from '@/test/mockServer';
import { open } from '@/test/page';
import { enterRoom as enter } from '@/test/room';

it('gives the seat up when one goes to the rooms, and not when the page goes', async () => {
  const { router, socket } = await enter();
  fireEvent(window, new Event('pagehide'));
  fireEvent(window, new Event('beforeunload'));
  expect(socket.closedWith).toBeNull();
  await act(() => router.navigate('/rooms'));
  await waitFor(() => expect(socket.closedWith).toBe(1000));
});

it('shows what is said, and one’s own words at once until they are stored', async () => {
  const { socket, say } = await enter({ messages: [aMessage(1, { text: 'hello there' })] });
  expect(screen.getByText('hello there')).toBeTruthy();
  fireEvent.change(screen.getByTestId('chat-input'), { target: { value: 'hi!' } });
  fireEvent.keyDown(screen.getByTestId('chat-input'), { key: 'Enter' });
  expect(await screen.findByTestId('chat-sending')).toBeTruthy();
  const { id = '', payload } = socket.last('chat.send');
  say({ type: 'chat.stored', re: id, version: 8, payload: { message: aMessage(2, { author: mia, text: 'hi!', key: payload.key }) } });
  await waitFor(() => expect(screen.queryByTestId('chat-sending')).toBeNull());
  expect(screen.getAllByText('hi!')).toHaveLength(1);
});

it('offers Give and Not now to the holder whom somebody asks', async () => {
  const { socket } = await enter({ control: { holder: 'p1', epoch: 4, requests: ['p2'] }, browser: { id: 'b', state: 'starting' } });
  const card = screen.getByTestId('control-request');
  expect(within(card).getByText('Jon asks for control')).toBeTruthy();
  fireEvent.click(screen.getByTestId('give-control'));
  expect(socket.last('control.give').payload).toEqual({ peer: 'p2' });
});

it('shows the steps of the start, and why it failed', async () => {
  const { say } = await enter({ browser: { id: 'b', state: 'starting', step: 'sound', progress: 0.4 } });
  expect(within(screen.getByTestId('start-steps')).getByText('Sound').closest('li')?.getAttribute('data-step')).toBe('now');
  say({ type: 'browser.changed', version: 8, payload: { browser: { state: 'failed', detail: 'Firefox is not installed.' } } });
  expect(await screen.findByText('Firefox is not installed.')).toBeTruthy();
  expect(screen.getByTestId('start-browser').textContent).toContain('Try again');
});

it('shows how far the server’s first browser is downloaded', async () => {
  const { say } = await enter({ browser: { id: 'b', state: 'starting', step: 'downloading', progress: 0.3, download: { received: 120_400_000, total: 400_000_000 } } });
  expect(screen.getByText('Downloading the browser')).toBeTruthy();
  expect(screen.getByTestId('download').textContent).toBe('120 of 400 MB');
  say({ type: 'browser.changed', version: 8, payload: { browser: { id: 'b', state: 'starting', step: 'downloading', download: { received: 5_000_000 } } } });
  await waitFor(() => expect(screen.getByTestId('download').textContent).toBe('5 MB so far'));
  say({ type: 'browser.changed', version: 9, payload: { browser: { id: 'b', state: 'starting', step: 'launching', progress: 0 } } });
  expect(await screen.findByTestId('start-steps')).toBeTruthy();
});

it('keeps a guest from what only others may do', async () => {
  await enter({}, { role: 'guest', permissions: ['chat'] });
  expect(screen.queryByTestId('invite-open')).toBeNull();
  expect(screen.queryByTestId('start-browser')).toBeNull();
});

it('offers the invite on a phone too, large enough for a thumb', async () => {
  const wide = window.matchMedia('');
  vi.spyOn(window, 'matchMedia').mockImplementation((query) => Object.assign(Object.create(wide) as MediaQueryList, { matches: query === '(max-width: 780px)' }));
  await enter();
  const button = screen.getByRole('button', { name: 'Invite' });
  expect(button.dataset.testid).toBe('invite-open');
  expect(button.style.getPropertyValue('--ai-size')).toBe('calc(2.75rem * var(--mantine-scale))');
});

it('asks for the password of the room, and comes in with it', async () => {
  const bodies: unknown[] = [];
  open('/r/friday-movies', {
    'POST /rooms/friday-movies/join': async (request) => {
      const body = (await request.json()) as { password?: string };
      bodies.push(body);
      return body.password === 'sesame' ? aJoin() : new Refusal({ code: body.password === undefined ? 'room_password_needed' : 'room_password_wrong', status: 403 });
    },
  });
  const field = await screen.findByTestId('room-password-input', {}, { timeout: 5000 });
  fireEvent.change(field, { target: { value: 'sesame' } });
  fireEvent.click(screen.getByTestId('room-password-submit'));
  await waitFor(() => expect(bodies).toEqual([{}, { password: 'sesame' }]));
});

it.each([
  [3503, 'room-kicked'],
  [3504, 'room-deleted'],
  [3505, 'room-full'],
  [3506, 'room-elsewhere'],
  [3508, 'room-signed-out'],
  [3509, 'room-banned'],
  [3510, 'room-locked'],
])('says what close code %i means', async (code, testId) => {
  const { socket } = await enter();
  act(() => socket.drop(code));
  expect(await screen.findByTestId(testId)).toBeTruthy();
});

it('tells of somebody who comes in', async () => {
  const { say } = await enter();
  fireEvent.click(screen.getByTestId('tab-people'));
  expect(await screen.findAllByTestId('people-item')).toHaveLength(2);
  say({ type: 'peer.left', version: 8, payload: { peer: 'p2', reason: 'left' } });
  await waitFor(() => expect(screen.getAllByTestId('people-item')).toHaveLength(1));
  expect(jon.guest).toBe(true);
});
