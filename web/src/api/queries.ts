import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { unwrap, type ApiClient } from './client';

export type RoomScope = 'mine' | 'public' | 'favourites';

/** Server state by TanStack Query: each thing that is asked for has its key here, once. */
export const keys = {
  server: ['server'] as const,
  doctor: ['doctor', 'report'] as const,
  rooms: ['rooms'] as const,
  roomList: (scope: RoomScope, search: string) => ['rooms', scope, search] as const,
  members: (room: string) => ['members', room] as const,
  bans: (room: string) => ['bans', room] as const,
  invites: (room: string) => ['invites', room] as const,
  door: (room: string) => ['door', room] as const,
  screens: ['screens'] as const,
  invite: (code: string) => ['invite', code] as const,
};

export const serverQuery = (api: ApiClient) =>
  queryOptions({ queryKey: keys.server, queryFn: () => unwrap(api.GET('/server')), staleTime: 60_000 });

/** Looked at anew each time somebody comes: nobody wants to mend what is mended. */
export const doctorQuery = (api: ApiClient) =>
  queryOptions({ queryKey: keys.doctor, queryFn: () => unwrap(api.GET('/admin/doctor')), staleTime: 0, gcTime: 0, refetchOnWindowFocus: false, retry: false });

export const roomsQuery = (api: ApiClient, scope: RoomScope, search = '') =>
  infiniteQueryOptions({
    queryKey: keys.roomList(scope, search),
    queryFn: ({ pageParam }) => unwrap(api.GET('/rooms', { params: { query: { scope, ...(search ? { search } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? null,
    refetchInterval: 10_000,
    placeholderData: (before) => before,
  });

/** Those of a name; empty is all. They come and go by others' doing, so they are looked at anew each time. */
export const membersQuery = (api: ApiClient, room: string, search: string) =>
  queryOptions({ queryKey: [...keys.members(room), search], queryFn: () => unwrap(api.GET('/rooms/{room}/members', { params: { path: { room }, query: { limit: 50, ...(search === '' ? {} : { search }) } } })), staleTime: 0, refetchInterval: 15_000, placeholderData: (before) => before });

export const bansQuery = (api: ApiClient, room: string, search: string) =>
  queryOptions({ queryKey: [...keys.bans(room), search], queryFn: () => unwrap(api.GET('/rooms/{room}/bans', { params: { path: { room }, query: { limit: 50, ...(search === '' ? {} : { search }) } } })), staleTime: 0, refetchInterval: 15_000, placeholderData: (before) => before });

export const invitesQuery = (api: ApiClient, room: string) =>
  queryOptions({ queryKey: keys.invites(room), queryFn: () => unwrap(api.GET('/rooms/{room}/invites', { params: { path: { room } } })) });

export const doorQuery = (api: ApiClient, room: string) =>
  queryOptions({ queryKey: keys.door(room), queryFn: () => unwrap(api.GET('/rooms/{room}/door', { params: { path: { room } } })), retry: false });

export const inviteQuery = (api: ApiClient, code: string) =>
  queryOptions({ queryKey: keys.invite(code), queryFn: () => unwrap(api.GET('/invites/{code}', { params: { path: { code } } })), retry: false });

/** Others link and end them: they are looked at anew each time. */
export const screensQuery = (api: ApiClient) => queryOptions({ queryKey: keys.screens, queryFn: () => unwrap(api.GET('/users/me/screens')), staleTime: 0 });
