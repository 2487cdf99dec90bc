import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import '@/door/DoorPage';
import '@/room/RoomPage';
import '@/room/settings/SettingsPanel';
import { aJoin, aRoom, aSession, FakeSocket, jon, mia, Refusal, uuid } from '@/test/mockServer';
import { open } from '@/test/page';
import { enterRoom } from '@/test/room';

const door = { title: 'Friday movies', owner: mia, people: 2 };
const waiting = { title: 'Friday movies', person: jon, somebodyThere: true, until: '2999-01-01T00:00:00Z' };
const knock = { token: 'asking', expiresAt: '2999-01-01T00:00:00Z' };

function sockets(): FakeSocket[] {
  const made: FakeSocket[] = [];
  vi.stubGlobal(
    'WebSocket',
    class extends FakeSocket {
      constructor() {
        super();
        made.push(this);
        setTimeout(() => this.accept());
      }
    },
  );
  return made;
}

it('asks a visitor for a name, shows that they wait, and brings them in', async () => {
  const made = sockets();
  let inside = false;
  const { fetch } = open(
    '/r/friday-movies',
    {
      'GET /rooms/friday-movies/door': () => door,
      'POST /rooms/friday-movies/door': async (request) => {
        const body = (await request.json()) as { displayName?: string };
        return body.displayName === undefined ? knock : { ...knock, session: { ...aSession(), person: { ...aSession().person, kind: 'guest', displayName: body.displayName } } };
      },
      'POST /rooms/friday-movies/join': () => (inside ? aJoin() : new Refusal({ code: 'room_ask', status: 403 })),
    },
    false,
  );
  fireEvent.change(await screen.findByTestId('guest-name'), { target: { value: 'Jon' } });
  expect(screen.getByTestId('door-title').textContent).toBe('Friday movies');
  fireEvent.click(screen.getByTestId('ask-to-enter'));
  await waitFor(() => expect(made.at(-1)?.last('hello').payload.token).toBe('asking'));
  act(() => made.at(-1)?.say({ type: 'door.waiting', payload: waiting }));
  expect((await screen.findByTestId('door-waiting')).textContent).toContain('Friday movies hears that Jon asks to come in.');
  inside = true;
  act(() => made.at(-1)?.say({ type: 'door.answered', payload: { answer: 'in', retryAfter: 0 } }));
  await waitFor(() => expect(made.at(-1)?.last('hello').payload.token).toBe('room-token'));
  expect(fetch.calls.filter((call) => call === 'POST /rooms/friday-movies/door')).toHaveLength(2);
});

it('sends a visitor to the sign-in where there is no door', async () => {
  const { router } = open('/r/friday-movies', { 'GET /rooms/friday-movies/door': () => new Refusal({ code: 'not_found', status: 404 }) }, false);
  await waitFor(() => expect(router.state.location.pathname).toBe('/sign-in'));
});

it('keeps a visitor at the door that could not be looked at just now', async () => {
  let many = true;
  const { router } = open('/r/friday-movies', { 'GET /rooms/friday-movies/door': () => (many ? new Refusal({ code: 'rate_limited', status: 429 }) : door) }, false);
  const refused = await screen.findByTestId('door-refused');
  expect(router.state.location.pathname).toBe('/r/friday-movies');
  many = false;
  fireEvent.click(within(refused).getByRole('button', { name: 'Try again' }));
  expect((await screen.findByTestId('door-title')).textContent).toBe('Friday movies');
});

it('says that somebody hears it only when somebody does', async () => {
  const made = sockets();
  open('/r/friday-movies', { 'GET /rooms/friday-movies/door': () => door, 'POST /rooms/friday-movies/door': () => knock, 'POST /rooms/friday-movies/join': () => new Refusal({ code: 'room_ask', status: 403 }) });
  await waitFor(async () => expect((await screen.findByTestId('door')).textContent).toContain('A room of Mia. Somebody inside lets you in.'));
  fireEvent.click(screen.getByTestId('ask-to-enter'));
  await waitFor(() => expect(made).toHaveLength(1));
  expect(screen.getByTestId('door-waiting').textContent).toContain('On the way to the door');
  expect(screen.getByTestId('door-waiting').textContent).not.toContain('hears that');
  act(() => made[0]?.say({ type: 'door.waiting', payload: waiting }));
  await waitFor(() => expect(screen.getByTestId('door-waiting').textContent).toContain('hears that Jon asks'));
});

it('lets somebody with an account ask, says “Not now”, and paces asking again', async () => {
  const made = sockets();
  open('/r/friday-movies', { 'GET /rooms/friday-movies/door': () => door, 'POST /rooms/friday-movies/door': () => knock, 'POST /rooms/friday-movies/join': () => new Refusal({ code: 'room_ask', status: 403 }) });
  await screen.findByTestId('door');
  expect(made).toHaveLength(0);
  fireEvent.click(screen.getByTestId('ask-to-enter'));
  await waitFor(() => expect(made).toHaveLength(1));
  act(() => made[0]?.say({ type: 'door.waiting', payload: { ...waiting, somebodyThere: false } }));
  expect((await screen.findByTestId('door-waiting')).textContent).toContain('Nobody who can open is inside');
  act(() => made[0]?.say({ type: 'door.answered', payload: { answer: 'not_now', retryAfter: 60 } }));
  await screen.findByTestId('door-not-now');
  expect(screen.getByTestId<HTMLButtonElement>('ask-again').disabled).toBe(true);
});

it('says that a room is closed', async () => {
  open('/r/friday-movies', { 'POST /rooms/friday-movies/join': () => new Refusal({ code: 'room_closed', status: 403 }) });
  await screen.findByTestId('room-closed');
});

/** Presses when it may be: not what has just come in the place of something else. */
async function press(button: HTMLElement): Promise<void> {
  await waitFor(() => expect(button.getAttribute('aria-disabled')).toBe('false'));
  fireEvent.click(button);
}

it('shows those who may answer who is at the door, and sends what they say', async () => {
  const { say, socket } = await enterRoom({ door: [{ id: 'd1', person: jon, since: '2026-01-01T12:00:00Z' }] });
  const card = screen.getByTestId('door-request');
  expect(card.textContent).toContain('Jon asks to come in');
  await press(within(card).getByTestId('let-in'));
  expect(socket.last('door.answer').payload).toEqual({ id: 'd1', letIn: true });
  say({ type: 'door.changed', payload: { requests: [{ id: 'd1', person: jon, since: '2026-01-01T12:00:00Z' }, { id: 'd2', person: { ...jon, id: uuid(3), displayName: 'Kim' }, since: '2026-01-01T12:01:00Z' }] } });
  expect(screen.getByTestId('door-count').textContent).toBe('2');
  fireEvent.click(screen.getByTestId('tab-people'));
  const [, kim] = await screen.findAllByTestId('door-item');
  if (!kim) throw new Error('Kim is not listed');
  await press(within(kim).getByTestId('not-let-in'));
  expect(socket.last('door.answer').payload).toEqual({ id: 'd2', letIn: false });
  say({ type: 'door.changed', payload: { requests: [{ id: 'd3', person: { ...jon, id: uuid(4), displayName: 'Lou' }, since: '2026-01-01T12:02:00Z' }] } });
  fireEvent.click(within(screen.getByTestId('door-request')).getByTestId('let-in'));
  expect(socket.last('door.answer').payload, 'Lou is nobody whom somebody has looked at').toEqual({ id: 'd2', letIn: false });
  say({ type: 'door.changed', payload: { requests: [] } });
  expect(screen.queryByTestId('door-request')).toBeNull();
  expect(screen.queryByTestId('door-count')).toBeNull();
});

it('changes how people come in and how many', async () => {
  const sent: unknown[] = [];
  const patch = `PATCH /rooms/${aRoom().id}`;
  await enterRoom({}, {}, {
    [patch]: async (request) => {
      sent.push(await request.json());
      return aRoom({ entry: 'ask', size: 7 });
    },
  });
  fireEvent.click(screen.getByTestId('tab-settings'));
  fireEvent.click(await screen.findByTestId('entry-choice'));
  fireEvent.click(await screen.findByRole('option', { name: 'Ask to enter', hidden: true }));
  fireEvent.change(screen.getByTestId('settings-size'), { target: { value: '7' } });
  fireEvent.click(screen.getByTestId('settings-save'));
  await waitFor(() => expect(sent).toEqual([{ entry: 'ask', size: 7 }]));
});
