import { notifications, notificationsStore } from '@mantine/notifications';
import { cleanup, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import type { Permission, PublicPerson, Role } from '@/api/types';
import { aPeer, jon, mia, uuid } from '@/test/mockServer';
import { enterRoom } from '@/test/room';
import '../people/Moderation';

const ann: PublicPerson = { id: uuid(3), displayName: 'Ann', avatarColor: 'blue', guest: false };
const roles: readonly Role[] = ['owner', 'moderator', 'member', 'guest'];
const mayAll = (own: Role): Permission[] => (own === 'owner' || own === 'moderator' ? ['chat', 'react', 'moderate'] : ['chat', 'react']);

afterEach(() => notifications.clean());

async function open(own: Role, permissions: Permission[] = mayAll(own), peers = [aPeer('p1', mia, { role: own }), aPeer('p2', jon, { role: 'guest' }), aPeer('p3', ann, { role: 'moderator' })]) {
  const inside = await enterRoom({ peers }, { role: own, permissions });
  fireEvent.click(screen.getByTestId('tab-people'));
  await screen.findAllByTestId('people-item');
  return { ...inside, raise: (peer: string, who: PublicPerson, role: Role, hand: number | undefined) => inside.say({ type: 'peer.updated', payload: { peer: aPeer(peer, who, { role, ...(hand === undefined ? {} : { hand }) }) } }) };
}

const shown = (): (string | undefined)[] => screen.getAllByTestId('people-item').map(({ dataset }) => dataset.peer);
const row = (peer: string): HTMLElement => {
  const item = screen.getAllByTestId('people-item').find(({ dataset }) => dataset.peer === peer);
  if (!item) throw new Error(`${peer} is not shown`);
  return item;
};

it('raises and lowers one’s own hand, by the button, the row and the key H', async () => {
  const { socket, raise } = await open('member');
  fireEvent.click(screen.getByTestId('hand'));
  expect(socket.last('hand.raise').payload).toEqual({});
  raise('p1', mia, 'member', 7);
  expect(screen.getByTestId('hand').getAttribute('aria-pressed')).toBe('true');
  fireEvent.click(screen.getByTestId('own-hand'));
  expect(socket.last('hand.lower').payload).toEqual({});
  raise('p1', mia, 'member', undefined);
  const asked = (): number => socket.sent.filter(({ type }) => type === 'hand.raise').length;
  fireEvent.keyDown(window, { key: 'h' });
  expect(asked()).toBe(2);
  fireEvent.keyDown(screen.getByTestId('stage-keyboard'), { key: 'h' });
  fireEvent.keyDown(window, { key: 'h', ctrlKey: true });
  fireEvent.keyDown(window, { key: 'H', shiftKey: true });
  expect(asked()).toBe(2);
});

it('puts raised hands above the others, the first first', async () => {
  const { raise } = await open('member');
  expect(shown()).toEqual(['p1', 'p3', 'p2']);
  raise('p2', jon, 'guest', 5);
  raise('p3', ann, 'moderator', 9);
  expect(shown()).toEqual(['p2', 'p3', 'p1']);
  expect(within(row('p2')).getByText(/hand raised/)).toBeDefined();
  expect(within(row('p2')).getByTestId('hand-up')).toBeDefined();
  raise('p2', jon, 'guest', undefined);
  expect(shown()).toEqual(['p3', 'p1', 'p2']);
});

it('shows a person what they may lower, as the server has it', async () => {
  for (const own of roles) {
    const others: [string, PublicPerson, Role][] = roles.map((role, i) => [`q${i}`, { ...ann, id: uuid(20 + i) }, role]);
    await open(own, mayAll(own), [aPeer('p1', mia, { role: own }), ...others.map(([id, who, role], i) => aPeer(id, who, { role, hand: i + 1 }))]);
    const may = { owner: ['moderator', 'member', 'guest'], moderator: ['member', 'guest'], member: [], guest: [] }[own];
    expect(others.filter(([id]) => within(row(id)).queryByTestId('hand-lower')).map(([, , role]) => role), own).toEqual(may);
    expect(screen.queryByTestId('hands-lower-all') !== null, own).toBe(may.length > 0);
    cleanup();
  }
});

it('lowers somebody’s hand, and all of them', async () => {
  const { socket, raise } = await open('moderator');
  raise('p2', jon, 'guest', 5);
  expect(screen.queryByTestId('hands-lower-all')).toBeNull();
  fireEvent.click(within(row('p2')).getByRole('button', { name: 'Lower Jon’s hand' }));
  expect(socket.last('hand.lower').payload).toEqual({ peer: 'p2' });
  raise('p1', mia, 'moderator', 6);
  fireEvent.click(screen.getByTestId('hands-lower-all'));
  expect(socket.last('hand.lower').payload).toEqual({ all: true });
});

it('offers no hand to who may not raise one', async () => {
  const { socket } = await open('member', ['chat']);
  expect(screen.queryByTestId('hand')).toBeNull();
  expect(screen.queryByTestId('own-hand')).toBeNull();
  fireEvent.keyDown(window, { key: 'h' });
  expect(socket.sent.map(({ type }) => type)).not.toContain('hand.raise');
});

it('tells who moderates by one small note, and reads it to the others', async () => {
  const notes = (): unknown[] => notificationsStore.getState().notifications.map(({ message }) => message);
  const moderator = await open('moderator');
  notifications.clean();
  moderator.raise('p2', jon, 'guest', 5);
  await waitFor(() => expect(notes()).toEqual(['Jon raised a hand']));
  moderator.raise('p3', ann, 'moderator', 6);
  await waitFor(() => expect(notes()).toEqual(['Ann and 1 other raised their hands']));
  expect(screen.getByTestId('announce-hands').textContent).toBe('');
  moderator.raise('p3', ann, 'moderator', undefined);
  moderator.raise('p2', jon, 'guest', undefined);
  await waitFor(() => expect(notes()).toEqual([]));
  moderator.raise('p1', mia, 'moderator', 7);
  expect(notes()).toEqual([]); // they know
  cleanup();

  const member = await open('member');
  notifications.clean();
  member.raise('p2', jon, 'guest', 5);
  await waitFor(() => expect(screen.getByTestId('announce-hands').textContent).toBe('Jon raised a hand'));
  expect(notes()).toEqual([]);
});
