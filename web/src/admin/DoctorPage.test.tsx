import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, it, vi } from 'vitest';
import type { DoctorReport } from '@/api/types';
import en from '@/i18n/en.json';
import { aSession } from '@/test/mockServer';
import { open } from '@/test/page';

const administrator = { ...aSession(), person: { ...aSession().person, administrator: true } };
const report: DoctorReport = {
  checkedAt: '2026-11-21T12:00:00Z',
  version: 'v1',
  running: true,
  checks: [
    { id: 'database', title: 'Database', state: 'ok', found: 'PostgreSQL 17' },
    { id: 'disk', title: 'Disk', state: 'fail', code: 'disk_full', found: '3 MB free', wrong: 'Soon nothing can be stored.', mend: 'Make room.' },
  ],
  visit: { host: 'localhost:3000', address: '127.0.0.1', secure: false },
  iceServers: [],
};

beforeEach(() => {
  vi.stubGlobal(
    'WebSocket',
    class {
      onopen: (() => void) | null = null;
      constructor() {
        queueMicrotask(() => this.onopen?.());
      }
      close(): void {
        // Nobody is at the other end.
      }
    },
  );
});

const page = (session: unknown = administrator, answers = {}) => open('/admin/doctor', { 'POST /sessions/refresh': () => session, 'GET /admin/doctor': () => report, 'GET /time': () => ({ now: '', unixMilliseconds: Date.now() }), ...answers });

it('shows what fails first, with the mend, and looks again when asked to', async () => {
  const { fetch } = page();
  const disk = await screen.findByTestId('doctor-disk', {}, { timeout: 5000 });
  expect(within(disk).getByText('Make room.')).toBeTruthy();
  expect(within(disk).getByLabelText(en.doctor.states.fail)).toBeTruthy();
  const rows = within(screen.getByRole('region', { name: en.doctor.server })).getAllByRole('listitem');
  expect(rows.map(({ dataset }) => dataset.testid)).toEqual(['doctor-disk', 'doctor-database']);
  await screen.findByTestId('doctor-here-webSocket');
  await waitFor(() => expect(screen.getByTestId('doctor-summary').textContent).toMatch(/^3 things do not work/));
  expect(screen.getByTestId('doctor-here-relayTcp').textContent).toContain(en.doctor.probes.relayTcp.noneMeans);
  const asked = fetch.calls.filter((call) => call === 'GET /admin/doctor').length;
  fireEvent.click(screen.getByTestId('doctor-again'));
  await waitFor(() => expect(fetch.calls.filter((call) => call === 'GET /admin/doctor')).toHaveLength(asked + 1));
});

it('is for administrators, whose menu leads to it', async () => {
  const { router, fetch } = page(aSession());
  await waitFor(() => expect(router.state.location.pathname).not.toBe('/admin/doctor'), { timeout: 5000 });
  expect(fetch.calls).not.toContain('GET /admin/doctor');
});
