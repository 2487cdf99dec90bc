import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { unwrap, type ApiClient } from '@/api/client';
import type { components } from '@/api/schema.gen';

type Schemas = components['schemas'];
export type ManagedPerson = Schemas['ManagedPerson'];
export type ManagedRoom = Schemas['ManagedRoom'];
export type ManagedBrowser = Schemas['ManagedBrowser'];
export type SignUpCode = Schemas['SignUpCode'];
export type SignUps = Schemas['SignUps'];
export type ServerSettings = Schemas['ServerSettings'];
export type SettingsChosen = Schemas['SettingsChosen'];
export type AuditLine = Schemas['AuditLine'];

/** Everything an administrator looks at, under one key. */
export const adminKeys = {
  all: ['admin'] as const,
  people: ['admin', 'people'] as const,
  rooms: ['admin', 'rooms'] as const,
  browsers: ['admin', 'browsers'] as const,
  codes: ['admin', 'codes'] as const,
  settings: ['admin', 'settings'] as const,
};

const query = (given: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
const paged = { initialPageParam: '', getNextPageParam: (page: { next?: string }) => page.next ?? null };

export const overviewQuery = (api: ApiClient) => queryOptions({ queryKey: ['admin', 'overview'], queryFn: () => unwrap(api.GET('/admin/overview')), refetchInterval: 5_000 });

export type Which = '' | 'account' | 'guest' | 'disabled' | 'administrator';

export const peopleQuery = (api: ApiClient, search: string, which: Which) =>
  infiniteQueryOptions({
    queryKey: [...adminKeys.people, search, which],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/admin/people', {
          params: {
            query: {
              ...query({ search, cursor: pageParam }),
              ...(which === 'account' || which === 'guest' ? { kind: which } : {}),
              ...(which === 'disabled' || which === 'administrator' ? { standing: which } : {}),
            },
          },
        }),
      ),
    ...paged,
  });

export const allRoomsQuery = (api: ApiClient, search: string) =>
  infiniteQueryOptions({ queryKey: [...adminKeys.rooms, search], queryFn: ({ pageParam }) => unwrap(api.GET('/admin/rooms', { params: { query: query({ search, cursor: pageParam }) } })), ...paged, refetchInterval: 10_000 });

export const browsersQuery = (api: ApiClient, search: string) =>
  infiniteQueryOptions({ queryKey: [...adminKeys.browsers, search], queryFn: ({ pageParam }) => unwrap(api.GET('/admin/browsers', { params: { query: query({ search, cursor: pageParam }) } })), ...paged, refetchInterval: 2_000 });

export const settingsQuery = (api: ApiClient) => queryOptions({ queryKey: adminKeys.settings, queryFn: () => unwrap(api.GET('/admin/settings')) });

export const codesQuery = (api: ApiClient, search: string) =>
  infiniteQueryOptions({ queryKey: [...adminKeys.codes, search], queryFn: ({ pageParam }) => unwrap(api.GET('/admin/sign-up-codes', { params: { query: query({ search, cursor: pageParam }) } })), ...paged });

export interface AuditSearch {
  search: string;
  action: string;
  since: string;
  until: string;
}

export const auditQuery = (api: ApiClient, wanted: AuditSearch) =>
  infiniteQueryOptions({ queryKey: ['admin', 'audit', wanted], queryFn: ({ pageParam }) => unwrap(api.GET('/admin/audit', { params: { query: query({ ...wanted, cursor: pageParam }) } })), ...paged, refetchInterval: 10_000 });
