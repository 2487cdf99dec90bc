import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { aSession, Refusal } from '@/test/mockServer';
import { open } from '@/test/page';
import { nextPath } from './AuthPage';

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
