import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import { createMemoryRouter, RouterProvider } from 'react-router';
import { AccountProvider } from '@/account/session';
import { createApiClient } from '@/api/client';
import { SessionManager } from '@/api/session';
import { routes } from '@/App';
import { fetchRest } from '@/ui/later';
import { theme } from '@/ui/theme';
import { aSession, type Answer, fakeFetch, Refusal } from './mockServer';

await fetchRest();

/** The whole page at an address, with the network faked; signed in or not. */
export function open(path: string, answers: Record<string, Answer>, signedIn = true) {
  const fetch = fakeFetch({
    'POST /sessions/refresh': () => (signedIn ? aSession() : new Refusal({ code: 'unauthenticated', status: 401 })),
    'GET /server': () => ({ version: '1', signUps: 'open', firstRun: false, setupTokenNeeded: false, browsersAvailable: true, roomSize: 50, iceServers: [] }),
    ...answers,
  });
  const session = new SessionManager({ fetch, lock: (_name, run) => run(), channel: undefined, now: () => Date.now(), setTimeout: () => 0, clearTimeout: () => undefined });
  void session.start();
  const router = createMemoryRouter(routes, { initialEntries: [path] });
  render(
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <AccountProvider session={session} api={createApiClient(session, fetch)}>
          <RouterProvider router={router} />
        </AccountProvider>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { fetch, session, router };
}
