import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import '@/link/LinkPage';
import '@/room/screens/ScreenDialog';
import type { SecondScreen } from '@/api/types';
import { aRoom, aSession, mia, person, Refusal, uuid } from '@/test/mockServer';
import { open } from '@/test/page';
import { enterRoom } from '@/test/room';
import { codeOf, shown } from './code';
import { deviceKind } from './device';

const room = { id: aRoom().id, slug: 'friday-movies', title: 'Friday movies' };
const linking = { person: mia, room };
const code = { code: 'ABCD-EFGH', url: 'https://turtus.example/link', link: 'https://turtus.example/link#code=ABCD-EFGH', screen: uuid(70), expiresAt: '2999-01-01T00:00:00Z' };
const television: SecondScreen = { id: uuid(70), device: 'tv', room, linkedAt: '2026-01-01T12:00:00Z' };

const type = (text: string): void => void fireEvent.change(screen.getByTestId('link-code'), { target: { value: text } });

it('says whose seat a typed code brings, and comes in as them', async () => {
  const bodies: unknown[] = [];
  const { router, session } = open(
    '/link',
    {
      'POST /sessions/linked/look': async (request) => {
        bodies.push(await request.json());
        return linking;
      },
      'POST /sessions/linked': async (request) => {
        bodies.push(await request.json());
        return { session: aSession('screen'), room };
      },
      'POST /rooms/friday-movies/join': () => new Refusal({ code: 'room_full', status: 403 }),
    },
    false,
  );
  await screen.findByTestId('link-code');
  type('abcd efg');
  expect(screen.getByTestId<HTMLInputElement>('link-code').value).toBe('ABCD-EFG');
  expect(bodies).toEqual([]);
  type('ABCD-EFGh');
  expect((await screen.findByTestId('link-whose')).textContent).toContain('Join Friday movies as Mia?');
  fireEvent.click(screen.getByTestId('link-join'));
  await waitFor(() => expect(router.state.location.pathname).toBe('/r/friday-movies'));
  expect(bodies).toEqual([{ code: 'ABCDEFGH' }, { code: 'ABCDEFGH', device: 'computer' }]);
  expect(await session.accessToken()).toBe('screen');
});

it('takes a scanned code out of the address', async () => {
  const { router } = open('/link#code=ABCD-EFGH', { 'POST /sessions/linked/look': () => linking }, false);
  await screen.findByTestId('link-whose');
  expect(router.state.location.hash).toBe('');
  fireEvent.click(screen.getByTestId('link-not-me'));
  expect((await screen.findByTestId<HTMLInputElement>('link-code')).value).toBe('');
});

it('says what is wrong with a code, and takes another', async () => {
  let works = false;
  open('/link', { 'POST /sessions/linked/look': () => (works ? linking : new Refusal({ code: 'link_code_wrong', status: 400 })) }, false);
  await screen.findByTestId('link-code');
  type('ABCDEFGH');
  expect((await screen.findByRole('alert')).textContent).toContain('This code was used before, or is too old.');
  expect(screen.getByTestId<HTMLInputElement>('link-code').value).toBe('');
  works = true;
  type('ABCDEFGJ');
  await screen.findByTestId('link-whose');
});

it('is typed with the arrows of a remote control', async () => {
  open('/link', { 'POST /sessions/linked/look': () => linking }, false);
  fireEvent.keyDown(await screen.findByTestId('link-code'), { key: 'ArrowDown' });
  const pressed = (key: string): void => void fireEvent.keyDown(document.activeElement ?? document.body, { key });
  expect(document.activeElement?.textContent).toBe('A');
  pressed('ArrowRight');
  pressed('ArrowDown');
  expect(document.activeElement?.textContent).toBe('H');
  fireEvent.click(document.activeElement ?? document.body);
  expect(screen.getByTestId<HTMLInputElement>('link-code').value).toBe('H');
  for (let i = 0; i < 6; i++) pressed('ArrowDown');
  expect(document.activeElement?.getAttribute('aria-label')).toBe('Delete the last one');
  fireEvent.click(document.activeElement ?? document.body);
  expect(screen.getByTestId<HTMLInputElement>('link-code').value).toBe('');
});

it('links nothing where the same person is signed in already', async () => {
  const { router, fetch } = open('/link#code=ABCDEFGH', { 'POST /sessions/linked/look': () => linking, 'GET /rooms/friday-movies': () => aRoom() });
  fireEvent.click(await screen.findByTestId('link-enter'));
  expect(screen.queryByTestId('link-join')).toBeNull();
  await waitFor(() => expect(router.state.location.pathname).toBe('/r/friday-movies'));
  expect(fetch.calls).not.toContain('POST /sessions/linked');
});

it('brings a screen of one room to another room of the same person', async () => {
  const { router, session } = open('/link#code=ABCDEFGH', {
    'POST /sessions/linked/look': () => linking,
    'GET /rooms/friday-movies': () => new Refusal({ code: 'forbidden', status: 403 }),
    'POST /sessions/linked': () => ({ session: aSession('screen'), room }),
    'POST /rooms/friday-movies/join': () => new Refusal({ code: 'room_full', status: 403 }),
  });
  fireEvent.click(await screen.findByTestId('link-enter'));
  await waitFor(() => expect(router.state.location.pathname).toBe('/r/friday-movies'));
  expect(await session.accessToken()).toBe('screen');
});

it('says who is signed out for it', async () => {
  open('/link#code=ABCDEFGH', { 'POST /sessions/refresh': () => ({ ...aSession(), person: { ...person, id: uuid(9), displayName: 'Kim' } }), 'POST /sessions/linked/look': () => linking });
  expect((await screen.findByTestId('link-whose')).textContent).toContain('Kim is signed in here, and is signed out for it.');
});

it('shows a code in the room, then what was linked, and signs it out', async () => {
  let screens: SecondScreen[] = [];
  const { fetch } = await enterRoom({}, {}, {
    [`POST /rooms/${room.id}/screens`]: () => code,
    'GET /users/me/screens': () => ({ screens }),
    [`DELETE /users/me/screens/${television.id}`]: () => {
      screens = [];
    },
  });
  fireEvent.click(screen.getByTestId('tab-people'));
  fireEvent.click(await screen.findByTestId('screen-open'));
  expect((await screen.findByTestId('screen-code')).textContent).toBe('ABCD-EFGH');
  expect(screen.getByTestId('screen-url').textContent).toBe('turtus.example/link');
  expect(screen.getByTestId('qr').dataset.text).toBe(code.link);
  screens = [television];
  const linked = await screen.findByTestId('screen-linked', {}, { timeout: 10_000 });
  expect(linked.textContent).toContain('Linked: TV');
  expect(screen.queryByTestId('screen-code')).toBeNull();
  fireEvent.click(within(linked).getByTestId('screen-end'));
  await screen.findByText('That screen is signed out.');
  expect(fetch.calls).toContain(`DELETE /users/me/screens/${television.id}`);
  expect(screen.queryByTestId('screen-code'), 'it works no more').toBeNull();
  expect(fetch.calls.filter((call) => call === `POST /rooms/${room.id}/screens`)).toHaveLength(1);
});

it('says that a code is too old, and makes another when asked to', async () => {
  let made = 0;
  await enterRoom({}, {}, {
    [`POST /rooms/${room.id}/screens`]: () => ({ ...code, expiresAt: made++ === 0 ? '2020-01-01T00:00:00Z' : code.expiresAt }),
    'GET /users/me/screens': () => ({ screens: [] }),
  });
  fireEvent.click(screen.getByTestId('tab-people'));
  fireEvent.click(await screen.findByTestId('screen-open'));
  await screen.findByText('The code is too old now.');
  expect(screen.queryByTestId('screen-code')).toBeNull();
  fireEvent.click(screen.getByTestId('screen-again'));
  await screen.findByTestId('screen-code');
});

it('lists the other screens in the profile', async () => {
  open('/profile', { 'GET /users/me/screens': () => ({ screens: [television] }) });
  const item = await screen.findByTestId('screen-item', {}, { timeout: 5000 });
  expect(item.textContent).toContain('TV');
  expect(item.textContent).toContain('Friday movies');
});

it('lets a guest sign in to the account that they have', async () => {
  const { router } = open('/sign-in', { 'POST /sessions/refresh': () => ({ ...aSession(), person: { ...person, kind: 'guest' } }), 'POST /sessions': () => aSession(), 'GET /rooms': () => ({ rooms: [] }) });
  fireEvent.change(await screen.findByTestId('signin-username', {}, { timeout: 5000 }), { target: { value: 'mia' } });
  fireEvent.change(screen.getByTestId('signin-password'), { target: { value: 'a long password' } });
  expect(screen.getByText('You keep the seats that you have as a guest.')).toBeDefined();
  fireEvent.click(screen.getByTestId('signin-submit'));
  await waitFor(() => expect(router.state.location.pathname).toBe('/rooms'));
});

it('knows a television, a tablet and a telephone', () => {
  const of = (userAgent: string, maxTouchPoints = 0): string => deviceKind({ userAgent, maxTouchPoints });
  expect(of('Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 Version/6.0 TV Safari/537.36')).toBe('tv');
  expect(of('Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/87.0')).toBe('tv');
  expect(of('Mozilla/5.0 (Linux; Android 9; AFTMM) AppleWebKit/537.36')).toBe('tv');
  expect(of('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15', 5)).toBe('tablet');
  expect(of('Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 Chrome/120 Safari/537.36')).toBe('tablet');
  expect(of('Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36')).toBe('phone');
  expect(of('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe('computer');
});

it('reads codes as people write them', () => {
  expect(codeOf(' abcd-efgh ')).toBe('ABCDEFGH');
  expect(codeOf('0O1I')).toBe('');
  expect([shown(''), shown('ABCD'), shown('ABCDE')]).toEqual(['', 'ABCD', 'ABCD-E']);
});
