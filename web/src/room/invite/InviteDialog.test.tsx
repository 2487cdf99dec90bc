import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, it, vi } from 'vitest';
import type { Invite } from '@/api/types';
import { aJoin, anIdentity, FakeSocket, mia, uuid } from '@/test/mockServer';
import { open } from '@/test/page';

let socket: FakeSocket;
beforeEach(() => {
  vi.stubGlobal(
    'WebSocket',
    class extends FakeSocket {
      constructor() {
        super();
        // eslint-disable-next-line @typescript-eslint/no-this-alias -- the test holds the other end
        socket = this;
        setTimeout(() => this.accept());
      }
    },
  );
});

const anInvite = (n: number): Invite => ({ id: uuid(100 + n), code: `abcdefg${n}`, url: `/i/abcdefg${n}`, role: 'guest', createdBy: mia, createdAt: '2026-01-01T12:00:00Z', uses: 0 });

it('makes a link for whoever opens it the first time, and after Revoke only when asked to', async () => {
  let made = 0;
  let invites: Invite[] = [];
  const room = `/rooms/${anIdentity().snapshot.room.id}/invites`;
  open('/r/friday-movies', {
    'POST /rooms/friday-movies/join': () => aJoin(),
    [`GET ${room}`]: () => ({ invites }),
    [`POST ${room}`]: () => {
      invites = [anInvite(++made)];
      return invites[0];
    },
    [`DELETE ${room}/${uuid(101)}`]: () => {
      invites = [];
    },
  });
  await waitFor(() => expect(socket.sent.map(({ type }) => type)).toContain('hello'), { timeout: 5000 });
  act(() => socket.say({ type: 'identity', payload: anIdentity() }));
  fireEvent.click(await screen.findByTestId('invite-open'));
  expect((await screen.findByTestId<HTMLInputElement>('invite-link')).value).toContain('/i/abcdefg1');
  expect(screen.getByTestId('invite-loopback').textContent).toContain('This link only works on this computer');

  fireEvent.click(screen.getByTestId('invite-revoke'));
  const again = await screen.findByTestId('invite-new');
  expect(screen.getByTestId('invite-revoked-here').textContent).toContain('That link no longer works');
  expect(screen.queryByTestId('invite-revoke')).toBeNull();
  expect(screen.queryByTestId('invite-link')).toBeNull();
  expect(made).toBe(1);

  fireEvent.click(again);
  expect((await screen.findByTestId<HTMLInputElement>('invite-link')).value).toContain('/i/abcdefg2');
  expect(screen.queryByTestId('invite-new')).toBeNull();
});
