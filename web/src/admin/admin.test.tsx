import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import en from '@/i18n/en.json';
import { aSession, mia, person, Refusal, uuid } from '@/test/mockServer';
import { open } from '@/test/page';
// The page loads it when it is needed; here before a test begins, so that no test waits for it.
import './AdminPage';

const administrator = { ...aSession(), person: { ...person, administrator: true } };
const at = '2026-01-01T12:00:00Z';
const page = (tab: string, answers: Record<string, (request: Request) => unknown> = {}) => open(`/admin/${tab}`, { 'POST /sessions/refresh': () => administrator, ...answers });
const managed = (change = {}, more = {}) => ({ person: { ...person, ...change }, seenAt: at, roomsOwned: 2, ...more });
const settings = (change = {}) => {
  const values = { signUps: 'open', maxBrowsers: 4, maxBrowsersPerPerson: 1, maxRoomsPerPerson: 20, roomSize: 50, ...change };
  return { revision: 3, values, defaults: { ...values, signUps: 'open' }, chosen: change };
};

const found = (row: HTMLElement | undefined): HTMLElement => {
  if (row === undefined) throw new Error('there is no such row');
  return row;
};

it('sends everybody else away', async () => {
  const { router, fetch } = open('/admin/people', {});
  await waitFor(() => expect(router.state.location.pathname).toBe('/rooms'));
  expect(fetch.calls.some((call) => call.includes('/admin/'))).toBe(false);
});

it('disables a person after asking, and shows what the server says against it', async () => {
  let asked: unknown;
  let refuse = true;
  const bob = { id: uuid(7), displayName: 'Bob', username: 'bob' };
  page('people', {
    'GET /admin/people': () => ({ people: [managed(bob), managed({ id: uuid(8), displayName: 'Eve', administrator: true }, { disabledAt: at })] }),
    [`PATCH /admin/people/${bob.id}`]: async (request) => {
      asked = await request.json();
      return refuse ? new Refusal({ code: 'last_administrator', status: 409 }) : managed(bob, { disabledAt: at });
    },
  });
  const rows = await screen.findAllByTestId('people-row');
  expect(within(found(rows[1])).getByText(en.admin.people.disabled)).toBeTruthy();
  fireEvent.click(within(found(rows[0])).getByTestId('person-actions'));
  fireEvent.click(await screen.findByTestId('person-disable'));
  fireEvent.click(await screen.findByTestId('person-confirm-confirm'));
  expect(await screen.findByText(en.errors.last_administrator)).toBeTruthy();
  expect(asked).toEqual({ disabled: true });
  refuse = false;
  fireEvent.click(screen.getByTestId('person-confirm-confirm'));
  await waitFor(() => expect(screen.queryByTestId('person-confirm')).toBeNull());
});

it('shows a link for a new password once', async () => {
  page('people', {
    'GET /admin/people': () => ({ people: [managed()] }),
    [`POST /admin/people/${person.id}/password-reset`]: () => ({ url: 'http://localhost/reset#token=secret', expiresAt: at }),
  });
  fireEvent.click(await screen.findByTestId('person-actions'));
  fireEvent.click(await screen.findByTestId('person-reset'));
  fireEvent.click(await screen.findByTestId('person-confirm-confirm'));
  expect((await screen.findByTestId<HTMLInputElement>('reset-link')).value).toContain('#token=secret');
});

it('shows what browsers take and ends one', async () => {
  let there = true;
  const browser = { id: uuid(20), state: 'ready', room: { id: uuid(10), title: 'Friday movies', slug: 'friday-movies' }, startedBy: mia, startedAt: at, people: 2, cpu: 1.5, memory: 1.5 * 2 ** 30 };
  const { fetch } = page('browsers', {
    'GET /admin/browsers': () => ({ browsers: there ? [browser, { id: uuid(21), state: 'ready', startedAt: at, people: 0, waits: true }] : [] }),
    'GET /admin/overview': () => ({ now: { people: 2, rooms: 1, browsers: 1 }, peaks: [{ day: at, people: 9, rooms: 3, browsers: 2 }] }),
    [`DELETE /admin/browsers/${browser.id}`]: () => {
      there = false;
    },
  });
  const [row, waiting] = await screen.findAllByTestId('browsers-row');
  expect(row?.textContent).toContain('150 %');
  expect(row?.textContent).toContain('1.5 GB');
  expect(waiting?.textContent).toContain(en.admin.browsers.waits);
  expect((await screen.findByTestId('admin-figures')).textContent).toContain('at most 9');
  fireEvent.click(within(found(row)).getByTestId('browser-kill'));
  fireEvent.click(await screen.findByTestId('browser-kill-ask-confirm'));
  expect(await screen.findByText(en.admin.browsers.none)).toBeTruthy();
  expect(fetch.calls).toContain(`DELETE /admin/browsers/${browser.id}`);
});

it('closes sign-ups with the revision that was seen, and shows codes only where they are of use', async () => {
  let now = settings();
  let sent: unknown;
  page('sign-ups', {
    'GET /admin/settings': () => now,
    'GET /admin/sign-up-codes': () => ({ codes: [{ id: uuid(30), code: 'THECODE', url: 'http://localhost/sign-up#code=THECODE', note: 'for Eve', uses: 0, maxUses: 1, createdAt: at }] }),
    'PUT /admin/settings': async (request) => {
      sent = await request.json();
      now = settings({ signUps: 'invite' });
      return now;
    },
  });
  const invite = await screen.findByTestId('sign-ups-invite');
  expect(screen.queryByTestId('code-make')).toBeNull();
  fireEvent.click(invite);
  expect((await screen.findByTestId('code-text')).textContent).toBe('THECODE');
  expect(sent).toEqual({ revision: 3, chosen: { signUps: 'invite' } });
  expect(screen.getByTestId<HTMLInputElement>('limit-roomSize').placeholder).toContain('50');
});

it('says in words who did what to whom', async () => {
  const asked: string[] = [];
  page('audit', {
    'GET /admin/audit': (request) => {
      asked.push(new URL(request.url).search);
      return {
        lines: [
          { id: 2, at, action: 'person.disabled', person: { id: uuid(1), username: 'mia' }, target: { id: uuid(7), username: 'bob' }, detail: {} },
          { id: 1, at, action: 'something.new', detail: { why: 'nobody knows' } },
        ],
      };
    },
  });
  const [first, second] = await screen.findAllByTestId('audit-row');
  expect(first?.textContent).toContain(en.admin.audit.actions['person.disabled']);
  expect(first?.textContent).toMatch(/mia.*bob/);
  expect(second?.textContent).toContain('something.new');
  expect(second?.textContent).toContain('nobody knows');
  fireEvent.change(screen.getByTestId('audit-search'), { target: { value: 'bob' } });
  await waitFor(() => expect(asked.at(-1)).toContain('search=bob'));
});

it('says when a list can not be had, and tries again', async () => {
  let away = true;
  page('rooms', { 'GET /admin/rooms': () => (away ? new Refusal({ code: 'unavailable', status: 503 }) : { rooms: [] }) });
  expect(await screen.findByText(en.errors.unavailable)).toBeTruthy();
  away = false;
  fireEvent.click(screen.getByText(en.app.tryAgain));
  expect(await screen.findByText(en.admin.rooms.none)).toBeTruthy();
});
