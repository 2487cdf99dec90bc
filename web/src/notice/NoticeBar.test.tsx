import { fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { uuid } from '@/test/mockServer';
import { open } from '@/test/page';
import { dismissed } from './NoticeBar';

const server = (notice?: object) => ({ version: '1', signUps: 'open', firstRun: false, setupTokenNeeded: false, browsersAvailable: true, iceServers: [], ...(notice === undefined ? {} : { notice }) });
const notice = { id: uuid(40), text: 'The server restarts at ten.', level: 'warning', createdAt: '2026-01-01T12:00:00Z' };

beforeEach(() => dismissed.setState({ id: '' }));

it('is shown to visitors until they dismiss it, and the next one is shown again', async () => {
  open('/', { 'GET /server': () => server(notice) }, false);
  expect((await screen.findByTestId('notice')).textContent).toContain(notice.text);
  fireEvent.click(screen.getByTestId('notice-dismiss'));
  await waitFor(() => expect(screen.queryByTestId('notice')).toBeNull());
  dismissed.setState({ id: uuid(39) });
  expect(await screen.findByTestId('notice')).toBeTruthy();
});

it('is not shown when its time is over', async () => {
  const { fetch } = open('/', { 'GET /server': () => server({ ...notice, expiresAt: '2026-01-01T13:00:00Z' }) }, false);
  await waitFor(() => expect(fetch.calls).toContain('GET /server'));
  await screen.findByTestId('welcome-signin');
  await waitFor(() => expect(screen.queryByTestId('notice')).toBeNull());
});
