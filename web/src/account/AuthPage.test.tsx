import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { aSession, Refusal } from '@/test/mockServer';
import { open } from '@/test/page';
import { nextPath, setupTokenOf } from './AuthPage';

const value = (id: string): string => screen.getByTestId<HTMLInputElement>(id).value;
const fill = (id: string, text: string): void => void fireEvent.change(screen.getByTestId(id), { target: { value: text } });

it('says at the field that a name is taken, and loses nothing typed', async () => {
  let tries = 0;
  const { router } = open('/sign-up', { 'POST /users': () => (++tries === 1 ? new Refusal({ code: 'username_taken', status: 409 }) : aSession()), 'GET /rooms': () => ({ rooms: [] }) }, false);
  await screen.findByTestId('signup-username', {}, { timeout: 5000 });
  fill('signup-username', 'mia');
  fill('signup-password', 'correct horse');
  fireEvent.click(screen.getByTestId('signup-submit'));
  await screen.findByText('Somebody has this username already.');
  expect(value('signup-username')).toBe('mia');
  expect(value('signup-password')).toBe('correct horse');
  fill('signup-username', 'mia2');
  fireEvent.click(screen.getByTestId('signup-submit'));
  await waitFor(() => expect(router.state.location.pathname).toBe('/rooms'));
});

it('says what is missing before it asks the server, and the server’s refusals in its own words', async () => {
  const { fetch } = open('/sign-up', { 'POST /users': () => new Refusal({ code: 'invalid_field', status: 422, detail: 'displayName needs something that can be seen', fields: [{ field: 'displayName', detail: 'needs something that can be seen' }] }) }, false);
  fireEvent.click(await screen.findByTestId('signup-submit', {}, { timeout: 5000 }));
  await screen.findByText('Choose a username.');
  await screen.findByText('Choose a password.');
  fill('signup-username', 'm');
  fill('signup-password', 'short');
  await screen.findByText(/^Take 2 to 32 letters/);
  await screen.findByText('Take 8 characters or more.');
  expect(fetch.calls).not.toContain('POST /users');
  fill('signup-username', 'mia');
  fill('signup-password', 'correct horse');
  fireEvent.click(screen.getByTestId('signup-submit'));
  await screen.findByText(/^Take up to 40 characters/);
  expect(screen.queryByText(/needs something/)).toBeNull();
});

it('goes after signing in to where one wanted to, but never to another site', () => {
  expect(nextPath('/r/friday')).toBe('/r/friday');
  expect(nextPath('//evil.test')).toBe('/rooms');
  expect(nextPath('https://evil.test')).toBe('/rooms');
  expect(nextPath('/\\evil.test')).toBe('/rooms');
});

const guardedServer = () => ({ version: '1', signUps: 'open', firstRun: true, setupTokenNeeded: true, browsersAvailable: true, iceServers: [] });

it('takes the one-time token out of the address and sends it with the first account', async () => {
  let sent: unknown;
  const { router } = open(
    '/setup#token=ABCDEF',
    {
      'GET /server': guardedServer,
      'GET /rooms': () => ({ rooms: [] }),
      'POST /users': async (request) => {
        sent = await request.json();
        return aSession();
      },
    },
    false,
  );
  await screen.findByTestId('setup-token-there', {}, { timeout: 5000 });
  expect(router.state.location.hash).toBe('');
  expect(screen.queryByTestId('setup-token')).toBeNull();
  fill('signup-username', 'mia');
  fill('signup-password', 'correct horse');
  fireEvent.click(screen.getByTestId('signup-submit'));
  await waitFor(() => expect(router.state.location.pathname).toBe('/rooms'));
  expect(sent).toEqual({ username: 'mia', password: 'correct horse', setupToken: 'ABCDEF' });
});

it('asks for the token where the link has none, and again where it is wrong', async () => {
  const tried: unknown[] = [];
  const { router } = open(
    '/sign-up',
    {
      'GET /server': guardedServer,
      'GET /rooms': () => ({ rooms: [] }),
      'POST /users': async (request) => {
        tried.push(((await request.json()) as { setupToken: string }).setupToken);
        return tried.length === 1 ? new Refusal({ code: 'setup_token_wrong', status: 403 }) : aSession();
      },
    },
    false,
  );
  await screen.findByTestId('setup-token', {}, { timeout: 5000 });
  expect(router.state.location.pathname).toBe('/setup');
  fill('signup-username', 'mia');
  fill('signup-password', 'correct horse');
  fireEvent.click(screen.getByTestId('signup-submit'));
  await screen.findByText('Paste the token from the server\'s log.');
  fill('setup-token', 'WRONG');
  fireEvent.click(screen.getByTestId('signup-submit'));
  await screen.findByText(/^This is not the token of the server's last start/);
  fill('setup-token', 'https://watch.example.org/setup#token=RIGHT');
  fireEvent.click(screen.getByTestId('signup-submit'));
  await waitFor(() => expect(router.state.location.pathname).toBe('/rooms'));
  expect(tried).toEqual(['WRONG', 'RIGHT']);
});

it('says that a server is set up when the link comes too late', async () => {
  open('/setup#token=ABCDEF', {}, false);
  await screen.findByTestId('set-up-before', {}, { timeout: 5000 });
  expect(setupTokenOf(' ABC ')).toBe('ABC');
});
