import { createContext, use, useCallback, type ReactNode } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { useStore } from 'zustand';
import type { ApiClient } from '@/api/client';
import type { SessionManager, SessionState } from '@/api/session';

interface Account {
  session: SessionManager;
  api: ApiClient;
}

const AccountContext = createContext<Account | null>(null);

export function AccountProvider({ session, api, children }: Account & { children: ReactNode }) {
  return <AccountContext value={{ session, api }}>{children}</AccountContext>;
}

function useAccount(): Account {
  const account = use(AccountContext);
  if (!account) throw new Error('AccountProvider is missing');
  return account;
}

export const useApi = (): ApiClient => useAccount().api;
export const useSessionManager = (): SessionManager => useAccount().session;
export const useSession = (): SessionState => useStore(useAccount().session.store);

export function useSignOut(): () => Promise<void> {
  const { api, session } = useAccount();
  const queries = useQueryClient();
  return useCallback(async () => {
    // The person wants to be out, whatever the server says.
    await api.DELETE('/sessions/current').catch(() => undefined);
    session.drop(false);
    queries.clear();
  }, [api, session, queries]);
}
