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

it('goes after signing in to where one wanted to, but never to another site', () => {
  expect(nextPath('/r/friday')).toBe('/r/friday');
  expect(nextPath('//evil.test')).toBe('/rooms');
  expect(nextPath('https://evil.test')).toBe('/rooms');
  expect(nextPath('/\\evil.test')).toBe('/rooms');
});
