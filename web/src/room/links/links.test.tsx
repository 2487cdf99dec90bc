import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import '@/room/links/LinkDialog';
import { jon, mia } from '@/test/mockServer';
import { enterRoom, running } from '@/test/room';

const link = { id: 'l1', url: 'https://films.example/one', person: jon, at: '2026-01-01T12:00:00Z', voters: [jon.id] };

/** Presses when it may be: not what has just come in the place of something else. */
async function press(id: string): Promise<void> {
  const button = within(screen.getByTestId('link-card')).getByTestId(id);
  await waitFor(() => expect(button.getAttribute('aria-disabled')).toBe('false'));
  fireEvent.click(button);
}

it('shows the controller what others suggest, and opens it by a click', async () => {
  const { socket, say } = await enterRoom({ browser: running, control: { holder: 'p1', epoch: 4, requests: [] }, links: { suggested: [link], recent: [], needed: 2 } });
  const card = screen.getByTestId('link-card');
  expect(card.textContent).toContain('https://films.example/one');
  await press('link-open');
  expect(socket.last('link.open').payload).toEqual({ id: 'l1' });
  await press('link-vote');
  expect(socket.last('link.vote').payload).toEqual({ id: 'l1' });
  say({ type: 'links.changed', version: 8, payload: { suggested: [{ ...link, id: 'l2' }], recent: [], needed: 2 } });
  fireEvent.click(screen.getByTestId('link-open'));
  expect(socket.last('link.open').payload, 'the next one is nothing that was pressed').toEqual({ id: 'l1' });
  await press('link-open');
  expect(socket.last('link.open').payload).toEqual({ id: 'l2' });
  say({ type: 'links.changed', version: 9, payload: { suggested: [], recent: [{ url: link.url, person: jon, at: link.at }], needed: 2 } });
  expect(screen.queryByTestId('link-card')).toBeNull();
});

it('leaves opening to who has control, and one’s own link from the picture', async () => {
  const { say } = await enterRoom({ browser: running, control: { holder: 'p2', epoch: 4, requests: [] }, links: { suggested: [{ ...link, person: mia, voters: [mia.id] }], recent: [], needed: 2 } }, { role: 'member', permissions: ['control', 'navigate', 'chat'] });
  expect(screen.queryByTestId('link-card')).toBeNull();
  say({ type: 'links.changed', version: 8, payload: { suggested: [link], recent: [], needed: 2 } });
  expect(screen.queryByTestId('link-open')).toBeNull();
  expect(screen.queryByTestId('link-withdraw')).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Put away' }));
  expect(screen.queryByTestId('link-card')).toBeNull();
});

it('offers a vote to those whose vote counts, and once more where it was enough and could not open', async () => {
  const voted = { ...link, voters: [jon.id, mia.id] };
  const { say, socket } = await enterRoom({ browser: running, control: { holder: 'p2', epoch: 4, requests: [] }, links: { suggested: [link], recent: [], needed: 3 } }, { role: 'member', permissions: ['chat', 'navigate', 'control'] });
  await press('link-vote');
  expect(socket.last('link.vote').payload).toEqual({ id: 'l1' });
  say({ type: 'links.changed', version: 8, payload: { suggested: [voted], recent: [], needed: 3 } });
  expect(screen.queryByTestId('link-vote')).toBeNull();
  say({ type: 'links.changed', version: 9, payload: { suggested: [voted], recent: [], needed: 2 } });
  expect(screen.getByTestId('link-vote')).toBeTruthy();
});

it('offers none to who may only write', async () => {
  await enterRoom({ browser: running, control: { holder: 'p2', epoch: 4, requests: [] }, links: { suggested: [link], recent: [], needed: 2 } }, { role: 'member', permissions: ['chat', 'control'] });
  expect(screen.getByTestId('link-card')).toBeTruthy();
  expect(screen.queryByTestId('link-vote')).toBeNull();
});

it('suggests what is typed, by https where nothing is said', async () => {
  const { socket } = await enterRoom({ browser: running, links: { suggested: [], recent: [{ url: link.url, person: jon, at: link.at }], needed: 2 } });
  fireEvent.click(screen.getByTestId('more'));
  fireEvent.click(await screen.findByTestId('links'));
  fireEvent.change(await screen.findByTestId('link-url'), { target: { value: 'films.example/two' } });
  expect(screen.getByTestId('link-recent').getAttribute('href')).toBe(link.url);
  fireEvent.click(screen.getByTestId('link-suggest'));
  expect(socket.last('link.suggest').payload).toEqual({ url: 'https://films.example/two' });
});
