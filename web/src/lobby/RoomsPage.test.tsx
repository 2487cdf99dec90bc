import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import '@/lobby/RoomsPage';
import { aRoom, uuid } from '@/test/mockServer';
import { open } from '@/test/page';

it('shows one’s own list first, stars rooms and searches all lists', async () => {
  const films = aRoom({ title: 'Films', favourite: false });
  const series = aRoom({ id: uuid(11), slug: 'series', title: 'Series', favourite: false, privacy: 'public', entry: 'ask', role: undefined });
  const starred = new Set<string>();
  const all = [films, series];
  open('/rooms', {
    'GET /rooms': (request) => {
      const query = new URL(request.url).searchParams;
      const scope = query.get('scope');
      const rooms = all.filter((room) => room.title.toLowerCase().includes((query.get('search') ?? '').toLowerCase()) && (scope === 'favourites' ? starred.has(room.id) : scope === 'mine' ? room === films : room === series));
      return { rooms: rooms.map((room) => ({ ...room, favourite: starred.has(room.id) })) };
    },
    [`PUT /rooms/${series.id}/favourite`]: () => void starred.add(series.id),
    [`DELETE /rooms/${series.id}/favourite`]: () => void starred.delete(series.id),
  });
  const publicRooms = await screen.findByRole('region', { name: 'Public rooms' });
  expect(await within(publicRooms).findByTestId('room-entry')).toBeTruthy();
  expect(screen.queryByRole('region', { name: 'Favourites' })).toBeNull();
  fireEvent.click(within(publicRooms).getByTestId('room-star'));
  const favourites = await screen.findByRole('region', { name: 'Favourites' });
  expect(within(favourites).getByTestId('room-star').getAttribute('aria-pressed')).toBe('true');
  expect(screen.getAllByRole('region').map((each) => each.getAttribute('aria-label'))[0]).toBe('Favourites');

  fireEvent.change(screen.getByTestId('room-search'), { target: { value: 'film' } });
  await waitFor(() => expect(screen.getAllByTestId('room-card')).toHaveLength(1));
  expect(screen.getByText('No room of that name.')).toBeTruthy();
  fireEvent.change(screen.getByTestId('room-search'), { target: { value: '' } });
  fireEvent.click(within(await screen.findByRole('region', { name: 'Favourites' })).getByTestId('room-star'));
  await waitFor(() => expect(screen.queryByRole('region', { name: 'Favourites' })).toBeNull());
});
