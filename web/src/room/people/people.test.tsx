import { notifications, notificationsStore } from '@mantine/notifications';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { PublicPerson, Role } from '@/api/types';
import { aPeer, aRoom, jon, mia, Refusal, uuid, type Answer } from '@/test/mockServer';
import { enterRoom } from '@/test/room';
import { mayActOn } from './rank';
// What the page loads when it is needed is there before: a test waits for what the page does, and not for a compiler.
import '../RoomPage';
import '../RoomScreen';
import '../settings/SettingsPanel';
import './PersonQuestion';
import './Moderation';

const ann: PublicPerson = { id: uuid(3), displayName: 'Ann', avatarColor: 'blue', guest: false };
const member = (id: string, who: PublicPerson, role: Role) => aPeer(id, who, { role });

async function open(own: Role, answers: Record<string, Answer> = {}) {
  const permissions = own === 'owner' ? (['control', 'chat', 'moderate', 'manage'] as const) : own === 'moderator' ? (['control', 'chat', 'moderate'] as const) : (['chat'] as const);
  const inside = await enterRoom({ peers: [member('p1', mia, own), member('p2', jon, 'guest'), member('p3', ann, 'moderator')] }, { role: own, permissions: [...permissions] }, answers);
  fireEvent.click(screen.getByTestId('tab-people'));
  await screen.findAllByTestId('people-item');
  return inside;
}

const about = (peer: string): HTMLElement => {
  const item = screen.getAllByTestId('people-item').find(({ dataset }) => dataset.peer === peer);
  if (!item) throw new Error(`${peer} is not shown`);
  return item;
};

it('shows who may be acted on, and by whom', () => {
  const roles: Role[] = ['owner', 'moderator', 'member', 'guest'];
  const table = roles.map((own) => roles.filter((other) => mayActOn(own, other)));
  expect(table).toEqual([['moderator', 'member', 'guest'], ['member', 'guest'], [], []]);
});

it('gives a moderator a menu for guests, and none for moderators', async () => {
  await open('moderator');
  expect(within(about('p3')).queryByTestId('person-menu')).toBeNull();
  fireEvent.click(within(about('p2')).getByTestId('person-menu'));
  expect(await screen.findByTestId('remove-person')).toBeDefined();
  expect(screen.queryByTestId('make-moderator')).toBeNull();
  expect(screen.queryByTestId('hand-over')).toBeNull();
});

it('gives a member no menu', async () => {
  await open('member');
  expect(screen.queryByTestId('person-menu')).toBeNull();
});

it('removes somebody only after asking, and says so', async () => {
  const { fetch } = await open('owner', { [`DELETE /rooms/${uuid(10)}/members/${jon.id}`]: () => undefined });
  fireEvent.click(within(about('p2')).getByTestId('person-menu'));
  fireEvent.click(await screen.findByTestId('remove-person'));
  expect(fetch.calls.some((call) => call.startsWith('DELETE'))).toBe(false);
  fireEvent.click(await screen.findByTestId('remove-confirm'));
  await waitFor(() => expect(fetch.calls).toContain(`DELETE /rooms/${uuid(10)}/members/${jon.id}`));
  await waitFor(() => expect(screen.queryByTestId('remove-confirm')).toBeNull());
});

it('gives the focus back to the button of the menu when nothing is done', async () => {
  await open('owner');
  const button = within(about('p2')).getByTestId('person-menu');
  fireEvent.click(button);
  const item = await screen.findByTestId('remove-person');
  item.focus();
  fireEvent.click(item);
  const cancel = await screen.findByRole('button', { name: 'Cancel' });
  await waitFor(() => expect(document.activeElement).toBe(cancel));
  fireEvent.click(cancel);
  await waitFor(() => expect(document.activeElement).toBe(button));
});

it('says why somebody could not be removed', async () => {
  await open('owner', { [`DELETE /rooms/${uuid(10)}/members/${jon.id}`]: () => new Refusal({ code: 'forbidden', status: 403, detail: 'Not them.' }) });
  fireEvent.click(within(about('p2')).getByTestId('person-menu'));
  fireEvent.click(await screen.findByTestId('remove-person'));
  fireEvent.click(await screen.findByTestId('remove-confirm'));
  expect((await screen.findByRole('alert')).textContent).toContain('Not them.');
});

it('makes and unmakes moderators', async () => {
  const bodies: unknown[] = [];
  const put = async (request: Request): Promise<unknown> => {
    bodies.push(await request.json());
    return { person: jon, role: 'moderator', joinedAt: '2026-01-01T12:00:00Z' };
  };
  await open('owner', { [`PUT /rooms/${uuid(10)}/members/${jon.id}`]: put, [`PUT /rooms/${uuid(10)}/members/${ann.id}`]: put });
  fireEvent.click(within(about('p2')).getByTestId('person-menu'));
  fireEvent.click(await screen.findByTestId('make-moderator'));
  await waitFor(() => expect(bodies).toEqual([{ role: 'moderator' }]));
  fireEvent.click(within(about('p3')).getByTestId('person-menu'));
  fireEvent.click(await screen.findByTestId('make-member'));
  await waitFor(() => expect(bodies).toEqual([{ role: 'moderator' }, { role: 'member' }]));
});

it('follows what the hub says one may do', async () => {
  const { say } = await open('owner');
  expect(screen.getAllByTestId('person-menu')).toHaveLength(2);
  say({ type: 'self.updated', payload: { role: 'member', permissions: ['chat'] } });
  await waitFor(() => expect(screen.queryByTestId('person-menu')).toBeNull());
});

it('tells each change of what one is, however soon it follows another', async () => {
  const { say } = await open('owner');
  notifications.clean();
  say({ type: 'self.updated', payload: { role: 'member', permissions: ['chat'] } });
  say({ type: 'self.updated', payload: { role: 'moderator', permissions: ['chat'] } });
  say({ type: 'self.updated', payload: { role: 'moderator', permissions: [] } });
  say({ type: 'self.updated', payload: { role: 'moderator', permissions: ['chat'] } });
  say({ type: 'self.updated', payload: { role: 'moderator', permissions: [] } });
  await waitFor(() => expect(notificationsStore.getState().notifications).toHaveLength(5));
  const texts = notificationsStore.getState().notifications.map(({ message }) => message);
  expect(texts.slice(0, 2)).toEqual(['You are a member of this room now.', 'You are a moderator now.']);
  expect(texts[2]).toBe(texts[4]);
  notifications.clean();
});

it('gives and takes what members and guests may do, guests never more', async () => {
  const bodies: unknown[] = [];
  await open('owner', {
    [`PATCH /rooms/${uuid(10)}`]: async (request) => {
      bodies.push(await request.json());
      return aRoom();
    },
  });
  fireEvent.click(screen.getByTestId('tab-settings'));
  const save = await screen.findByTestId<HTMLButtonElement>('may-save');
  expect(save.disabled).toBe(true);
  const guests = screen.getByTestId<HTMLInputElement>('may-guest-voice');
  expect(guests.checked).toBe(true);
  fireEvent.click(screen.getByTestId('may-member-voice'));
  expect(guests.checked).toBe(false);
  expect(guests.disabled).toBe(true);
  fireEvent.click(save);
  await waitFor(() => expect(bodies).toHaveLength(1));
  expect(bodies[0]).toEqual({ rolePermissions: { member: ['control', 'navigate', 'video', 'screen', 'chat', 'react', 'pin', 'invite'], guest: ['control', 'navigate', 'video', 'chat', 'react'] } });
});

it('keeps what is clicked while the last is saved, and takes a click on the whole cell', async () => {
  const bodies: unknown[] = [];
  const answers: (() => void)[] = [];
  await open('owner', {
    [`PATCH /rooms/${uuid(10)}`]: async (request) => {
      bodies.push(await request.json());
      await new Promise<void>((resolve) => answers.push(resolve));
      return aRoom();
    },
  });
  fireEvent.click(screen.getByTestId('tab-settings'));
  const save = await screen.findByTestId<HTMLButtonElement>('may-save');
  const box = (name: string): HTMLInputElement => screen.getByTestId(name);
  const cell = (name: string): Element => {
    const found = box(name).closest('td > label');
    if (!found) throw new Error(`${name} is in no cell`);
    return found;
  };
  fireEvent.click(cell('may-member-voice'));
  expect(box('may-member-voice').checked).toBe(false);
  fireEvent.click(save);
  await waitFor(() => expect(answers).toHaveLength(1));
  await waitFor(() => expect(save.dataset.loading).toBe('true'));
  fireEvent.click(cell('may-member-chat'));
  expect(box('may-member-chat').checked).toBe(false);
  answers[0]?.();
  await waitFor(() => expect(save.dataset.loading).toBeUndefined());
  expect(box('may-member-chat').checked).toBe(false);
  fireEvent.click(save);
  await waitFor(() => expect(bodies).toHaveLength(2));
  expect(bodies[1]).toEqual({ rolePermissions: { member: ['control', 'navigate', 'video', 'screen', 'react', 'pin', 'invite'], guest: ['control', 'navigate', 'video', 'react'] } });
  answers[1]?.();
});
