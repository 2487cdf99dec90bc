import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@fontsource-variable/figtree/wght.css';
import './ui/base.css';
import { DirectionProvider, localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { AccountProvider } from './account/session';
import { createApiClient } from './api/client';
import { toApiError } from './api/problem';
import { browserSessionOptions, SessionManager } from './api/session';
import { App } from './App';
import { speakAsChosen } from './i18n';
import { cssVariables, theme } from './ui/theme';

const session = new SessionManager(browserSessionOptions());
const api = createApiClient(session);
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the server has decided does not change by asking again.
      retry: (count, error) => count < 2 && ['network', 'unavailable', 'internal'].includes(toApiError(error).code),
    },
  },
});
void session.start();

const root = document.getElementById('root');
if (root) {
  await speakAsChosen();
  createRoot(root).render(
    <StrictMode>
      <DirectionProvider>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="dark" colorSchemeManager={localStorageColorSchemeManager({ key: 'turtus.scheme' })}>
        <QueryClientProvider client={queries}>
          <AccountProvider session={session} api={api}>
            <App />
          </AccountProvider>
        </QueryClientProvider>
      </MantineProvider>
      </DirectionProvider>
    </StrictMode>,
  );
}
