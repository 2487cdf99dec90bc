import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { aSession, Refusal } from '@/test/mockServer';
import { open } from '@/test/page';

const fill = (id: string, text: string): void => void fireEvent.change(screen.getByTestId(id), { target: { value: text } });

it('says under the field that a name is taken, when a guest makes the account theirs', async () => {
  const guest = { ...aSession(), person: { ...aSession().person, kind: 'guest' } };
  open('/profile', { 'POST /sessions/refresh': () => guest, 'POST /users/me/claim': () => new Refusal({ code: 'username_taken', status: 409 }) });
  await screen.findByTestId('claim-username', {}, { timeout: 5000 });
  fill('claim-username', 'mia');
  fill('claim-password', 'correct horse');
  fireEvent.click(screen.getByTestId('claim-submit'));
  await screen.findByText('Somebody has this username already.');
  expect(screen.getByTestId('claim-username').getAttribute('aria-invalid')).toBe('true');
  expect(screen.queryByRole('alert')).toBeNull();
});

it('goes to the welcome page after the account is deleted, and says so', async () => {
  const guest = { ...aSession(), person: { ...aSession().person, kind: 'guest' } };
  const { router } = open('/profile', { 'POST /sessions/refresh': () => guest, 'DELETE /users/me': () => undefined });
  fireEvent.click(await screen.findByTestId('delete-account', {}, { timeout: 5000 }));
  fireEvent.click(await screen.findByTestId('delete-account-confirm'));
  await screen.findByText('Your account is deleted.');
  expect(router.state.location.pathname).toBe('/');
  fireEvent.click(screen.getByTestId('welcome-signin'));
  await waitFor(() => expect(router.state.location.pathname).toBe('/sign-in'));
  await screen.findByTestId('signin-username');
  expect(screen.queryByText(/session has ended/)).toBeNull();
});
