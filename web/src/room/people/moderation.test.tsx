import { notifications, notificationsStore } from '@mantine/notifications';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import type { Ban, Member, Role } from '@/api/types';
import { aPeer, aRoom, jon, mia, Refusal, uuid, type Answer } from '@/test/mockServer';
import { enterRoom } from '@/test/room';
// What the page loads when it is needed is there before: a test waits for what the page does, and not for a compiler.
import '../RoomPage';
import '../RoomScreen';
import './PersonQuestion';
import './Moderation';

/** Whose row was rendered, by the picture in it. */
const rows = vi.hoisted(() => ({ rendered: [] as string[] }));
vi.mock('@/ui/PersonAvatar', () => ({
  PersonAvatar: ({ person }: { person: { id: string } }) => {
    rows.rendered.push(person.id);
    return null;
  },
}));

const at = `/rooms/${uuid(10)}`;
const time = '2026-01-01T12:00:00Z';
const ada: Member = { person: { id: uuid(4), displayName: 'Ada', avatarColor: 'blue', guest: false }, role: 'member', joinedAt: time };

async function open(own: Role, answers: Record<string, Answer> = {}) {
  const permissions = own === 'member' ? (['chat'] as const) : (['control', 'chat', 'moderate'] as const);
  const inside = await enterRoom({ peers: [aPeer('p1', mia, { role: own }), aPeer('p2', jon, { role: 'guest' })] }, { role: own, permissions: [...permissions] }, answers);
  fireEvent.click(screen.getByTestId('tab-people'));
  await screen.findAllByTestId('people-item');
  return inside;
}

const menuOf = (name: string): HTMLElement => screen.getByRole('button', { name: `What to do about ${name}` });

it('mutes, shows everybody who is, and lets them speak again', async () => {
  const bodies: unknown[] = [];
  const { say } = await open('moderator', {
    [`PUT ${at}/members/${jon.id}/mute`]: async (request) => {
      bodies.push(await request.json());
      return { person: jon, role: 'guest', joinedAt: time };
    },
  });
  fireEvent.click(menuOf('Jon'));
  fireEvent.click(await screen.findByTestId('mute-call'));
  await waitFor(() => expect(bodies).toEqual([{ call: true }]));
  say({ type: 'peer.updated', payload: { peer: aPeer('p2', jon, { role: 'guest', muted: { chat: false, call: true } }) } });
  expect(await screen.findByText('voice and camera muted')).toBeDefined();
  await waitFor(() => expect(screen.queryByTestId('mute-call')).toBeNull());
  fireEvent.click(menuOf('Jon'));
  fireEvent.click(await screen.findByTestId('mute-chat'));
  await waitFor(() => expect(bodies[1]).toEqual({ chat: true }));
});

it('tells who is muted, once', async () => {
  const { say } = await open('member');
  notifications.clean();
  const muted = aPeer('p1', mia, { role: 'member', muted: { chat: true, call: false } });
  say({ type: 'peer.updated', payload: { peer: muted } });
  say({ type: 'peer.updated', payload: { peer: { ...muted, connected: true } } });
  const { notifications: shown, queue } = notificationsStore.getState();
  expect([...shown, ...queue].map(({ message }) => message)).toEqual(['Whoever looks after the room has muted you.']);
  notifications.clean();
});

it('keeps the question, and the reason that is being typed, when the person leaves', async () => {
  const bodies: unknown[] = [];
  const { say } = await open('moderator', {
    [`POST ${at}/bans`]: async (request) => {
      bodies.push(await request.json());
      return { id: uuid(50), name: 'Jon', reason: 'flood', at: time, marked: true };
    },
  });
  fireEvent.click(menuOf('Jon'));
  fireEvent.click(await screen.findByTestId('ban-person'));
  fireEvent.change(await screen.findByTestId('ban-reason'), { target: { value: 'flood' } });
  say({ type: 'peer.left', payload: { peer: 'p2', reason: 'left' } });
  await waitFor(() => expect(screen.getAllByTestId('people-item')).toHaveLength(1));
  expect(screen.getByTestId<HTMLInputElement>('ban-reason').value).toBe('flood');
  fireEvent.click(screen.getByTestId('ban-confirm'));
  await waitFor(() => expect(bodies).toEqual([{ person: jon.id, reason: 'flood' }]));
});

it('bans who asks at the door', async () => {
  const { say, fetch } = await open('moderator', { [`POST ${at}/bans`]: () => ({ id: uuid(50), name: 'Ada', reason: '', at: time, marked: false }) });
  say({ type: 'door.changed', payload: { requests: [{ id: 'd1', person: ada.person, since: time }] } });
  fireEvent.click(await screen.findByTestId('ban-at-door'));
  fireEvent.click(await screen.findByTestId('ban-confirm'));
  await waitFor(() => expect(fetch.calls).toContain(`POST ${at}/bans`));
});

it('bans only after asking, with the reason that was given', async () => {
  const bodies: unknown[] = [];
  const { fetch } = await open('moderator', {
    [`POST ${at}/bans`]: async (request) => {
      bodies.push(await request.json());
      return { id: uuid(50), name: 'Jon', reason: 'flood', at: time, marked: true };
    },
  });
  fireEvent.click(menuOf('Jon'));
  fireEvent.click(await screen.findByTestId('ban-person'));
  fireEvent.change(await screen.findByTestId('ban-reason'), { target: { value: ' flood ' } });
  expect(fetch.calls).not.toContain(`POST ${at}/bans`);
  fireEvent.click(screen.getByTestId('ban-confirm'));
  await waitFor(() => expect(bodies).toEqual([{ person: jon.id, reason: 'flood' }]));
  await waitFor(() => expect(screen.queryByTestId('ban-confirm')).toBeNull());
});

it('lists the banned, and lifts a ban', async () => {
  const ban: Ban = { id: uuid(50), name: 'Bob', by: mia, reason: 'flood', at: time, marked: true };
  const gone: Ban = { id: uuid(51), name: '', reason: '', at: time, marked: true };
  let bans = [ban, gone];
  await open('moderator', {
    [`GET ${at}/bans`]: () => ({ bans, more: false }),
    [`DELETE ${at}/bans/${uuid(50)}`]: () => {
      bans = [gone];
    },
  });
  fireEvent.click(await screen.findByTestId('bans-open'));
  const [first, second] = await screen.findAllByTestId('ban-item');
  expect(first?.textContent).toMatch(/Bob.*flood.*by Mia/);
  expect(second?.textContent).toContain('Somebody whose account is gone');
  fireEvent.click(screen.getByRole('button', { name: 'Let Bob come again' }));
  await waitFor(() => expect(screen.getAllByTestId('ban-item')).toHaveLength(1));
});

it('lists the members who are not here, and acts on them', async () => {
  const members: Member[] = [{ person: mia, role: 'moderator', joinedAt: time }, ada];
  const { fetch } = await open('moderator', {
    [`GET ${at}/members`]: (request) => ({ members: new URL(request.url).searchParams.has('search') ? [] : members, more: false }),
    [`DELETE ${at}/members/${ada.person.id}`]: () => undefined,
  });
  expect(fetch.calls).not.toContain(`GET ${at}/members`);
  fireEvent.click(await screen.findByTestId('absent-open'));
  const [row, ...others] = await screen.findAllByTestId('absent-item');
  expect(others).toEqual([]);
  expect(row?.textContent).toContain('Ada');
  fireEvent.click(within(screen.getByTestId('absent')).getByTestId('person-menu'));
  fireEvent.click(await screen.findByTestId('remove-person'));
  members.pop();
  fireEvent.click(await screen.findByTestId('remove-confirm'));
  await waitFor(() => expect(screen.queryByTestId('absent-item')).toBeNull());
  expect(await screen.findByText('All members are here.')).toBeDefined();
  fireEvent.change(screen.getByTestId('people-search'), { target: { value: 'zoe' } });
  expect(await screen.findByText('Nobody of that name.')).toBeDefined();
});

it('locks the room as the server says, and shows it to those who cannot', async () => {
  const bodies: unknown[] = [];
  const answers: unknown[] = [new Refusal({ code: 'forbidden', status: 403 }), aRoom({ locked: true })];
  const { say } = await open('moderator', {
    [`PATCH ${at}/locks`]: async (request) => {
      bodies.push(await request.json());
      return answers.shift();
    },
  });
  const lock = await screen.findByTestId<HTMLInputElement>('lock-room');
  fireEvent.click(lock);
  await waitFor(() => expect(bodies).toEqual([{ room: true }]));
  await waitFor(() => expect(lock.disabled).toBe(false));
  expect(lock.checked, 'it was refused').toBe(false);
  fireEvent.click(lock);
  await waitFor(() => expect(bodies).toHaveLength(2));
  say({ type: 'room.updated', payload: { room: aRoom({ locked: true, controlLocked: true }) } });
  expect(lock.checked).toBe(true);
  expect(screen.queryByTestId('locked-note')).toBeNull();
  say({ type: 'self.updated', payload: { role: 'member', permissions: ['chat'] } });
  expect(screen.getAllByTestId('locked-note')).toHaveLength(2);
});

it('renders again only the row of who has changed', async () => {
  const crowd = Array.from({ length: 40 }, (_, i) => aPeer(`q${i}`, { ...jon, id: uuid(500 + i), displayName: `Guest ${i}` }, { role: 'guest' }));
  const { say } = await enterRoom({ peers: [aPeer('p1', mia), ...crowd] });
  fireEvent.click(screen.getByTestId('tab-people'));
  expect(await screen.findAllByTestId('people-item')).toHaveLength(41);
  const [changed] = crowd;
  if (!changed) throw new Error('nobody is there');
  rows.rendered = [];
  say({ type: 'peer.updated', payload: { peer: { ...changed, connected: false } } });
  expect(screen.getByText(/away, seat held/)).toBeDefined();
  // One's own picture stands above the room too.
  expect(new Set(rows.rendered.filter((id) => id !== mia.id))).toEqual(new Set([uuid(500)]));
});
