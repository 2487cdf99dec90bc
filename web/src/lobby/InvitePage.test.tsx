import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { aRoom, aSession, mia, Refusal } from '@/test/mockServer';
import { open } from '@/test/page';

const invite = { room: { id: aRoom().id, slug: 'friday-movies', title: 'Friday movies' }, invitedBy: mia, role: 'guest', people: 2 };

it('lets a guest in by a name alone', async () => {
  let body: unknown;
  const { router, session } = open(
    '/i/abcdefgh',
    {
      'GET /invites/abcdefgh': () => invite,
      'POST /invites/abcdefgh/accept': async (request) => {
        body = await request.json();
        return { room: aRoom(), role: 'guest', session: aSession() };
      },
    },
    false,
  );
  await screen.findByText('Friday movies', {}, { timeout: 5000 });
  expect(screen.getByText('Mia invites you to')).toBeTruthy();
  fireEvent.change(screen.getByTestId('guest-name'), { target: { value: ' Jon ' } });
  fireEvent.click(screen.getByTestId('join-room'));
  await waitFor(() => expect(router.state.location.pathname).toBe('/r/friday-movies'));
  expect(body).toEqual({ displayName: 'Jon' });
  expect(session.store.getState().status).toBe('signedIn');
});

it.each([
  ['invite_expired', 'This invite has expired'],
  ['invite_revoked', 'This invite no longer works for you'],
  ['invite_used_up', 'This invite is used up'],
  ['not_found', 'This invite does not exist'],
  ['invalid_field', 'This invite does not exist'],
] as const)('says kindly that %s', async (code, words) => {
  open('/i/abcdefgh', { 'GET /invites/abcdefgh': () => new Refusal({ code, status: 410 }) }, false);
  expect(await screen.findByText(words, {}, { timeout: 5000 })).toBeTruthy();
});
