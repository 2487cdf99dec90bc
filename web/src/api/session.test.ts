import { describe, expect, it, vi } from 'vitest';
import { aSession, fakeFetch, Refusal } from '@/test/mockServer';
import { createApiClient, unwrap } from './client';
import { SessionManager, type SessionOptions } from './session';

function manage(fetch: typeof globalThis.fetch, change: Partial<SessionOptions> = {}) {
  return new SessionManager({ fetch, lock: (_name, run) => run(), channel: undefined, now: () => Date.now(), setTimeout: () => 0, clearTimeout: () => undefined, ...change });
}

describe('SessionManager', () => {
  it('finds out at the start who is signed in', async () => {
    const session = manage(fakeFetch({ 'POST /sessions/refresh': () => aSession() }));
    await session.start();
    expect(session.store.getState()).toMatchObject({ status: 'signedIn', person: { displayName: 'Mia' } });
  });

  it('is signed out when there is no cookie', async () => {
    const session = manage(fakeFetch({ 'POST /sessions/refresh': () => undefined }));
    await session.start();
    expect(session.store.getState()).toEqual({ status: 'signedOut', person: null, ended: false });
  });

  it('says that the session ended when the cookie went away meanwhile', async () => {
    const session = manage(fakeFetch({ 'POST /sessions/refresh': () => undefined }));
    session.adopt(aSession(), false);
    expect(await session.refresh()).toBe(false);
    expect(session.store.getState()).toEqual({ status: 'signedOut', person: null, ended: true });
  });

  it('is signed out when the cookie is refused', async () => {
    const session = manage(fakeFetch({ 'POST /sessions/refresh': () => new Refusal({ code: 'unauthenticated', status: 401 }) }));
    await session.start();
    expect(session.store.getState()).toEqual({ status: 'signedOut', person: null, ended: false });
  });

  describe('with what the browser remembers', () => {
    const refusedCookie = () => fakeFetch({ 'POST /sessions/refresh': () => new Refusal({ code: 'session_expired', status: 401 }) });
    const someMemory = () => {
      const kept = new Map<string, string>();
      return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), removeItem: (key: string) => void kept.delete(key) };
    };

    it('does not tell a newcomer of an ended session', async () => {
      const session = manage(refusedCookie(), { memory: someMemory() });
      await session.start();
      expect(session.store.getState()).toEqual({ status: 'signedOut', person: null, ended: false });
    });

    it.each([
      ['refused', refusedCookie()],
      ['gone', fakeFetch({ 'POST /sessions/refresh': () => undefined })],
    ])('tells whoever was signed in before, when the cookie is %s, and goes on telling', async (_how, fetch) => {
      const memory = someMemory();
      manage(fakeFetch({}), { memory }).adopt(aSession());
      const session = manage(fetch, { memory });
      await session.start();
      await session.refresh();
      expect(session.store.getState()).toEqual({ status: 'signedOut', person: null, ended: true });
    });

    it('does not tell whoever signed out or deleted the account, though a cookie be left', async () => {
      const memory = someMemory();
      const before = manage(refusedCookie(), { memory });
      before.adopt(aSession());
      before.drop(false);
      await before.refresh();
      expect(before.store.getState()).toEqual({ status: 'signedOut', person: null, ended: false });
      const after = manage(refusedCookie(), { memory });
      await after.start();
      expect(after.store.getState()).toEqual({ status: 'signedOut', person: null, ended: false });
    });
  });

  it('does not sign anybody out because the server is away', async () => {
    const session = manage(() => Promise.reject(new Error('refused')));
    await session.start();
    expect(session.store.getState()).toEqual({ status: 'unknown', person: null, unreachable: true });
  });

  it('refreshes once for all who ask at the same time', async () => {
    const fetch = fakeFetch({ 'POST /sessions/refresh': () => aSession() });
    const session = manage(fetch);
    await Promise.all([session.start(), session.accessToken(), session.refresh()]);
    expect(fetch.calls).toHaveLength(1);
  });

  it('takes over the session that another tab has renewed while it waited for the lock', async () => {
    const fetch = fakeFetch({ 'POST /sessions/refresh': () => aSession('late') });
    const session = manage(fetch, {
      lock: async (_name, run) => {
        session.adopt(aSession('from the other tab'), false);
        return await run();
      },
    });
    session.adopt(aSession('old'), false);
    await session.refresh('old');
    expect(await session.accessToken()).toBe('from the other tab');
    expect(fetch.calls).toHaveLength(0);
  });

  describe.each([
    ['a day ahead', 86_400_000],
    ['a day behind', -86_400_000],
    ['right', 0],
  ])('on a device whose clock is %s', (_how, ahead) => {
    const issued = Date.UTC(2026, 0, 1) / 1000;
    const session15 = () => aSession(`head.${btoa(JSON.stringify({ iat: issued, exp: issued + 900 }))}.signature`, new Date((issued + 900) * 1000).toISOString());

    it('renews a token a minute before it expires, and not at each request', async () => {
      let now = issued * 1000 + ahead;
      const waits: number[] = [];
      const fetch = fakeFetch({ 'POST /sessions/refresh': () => session15() });
      const session = manage(fetch, { now: () => now, setTimeout: (_run, milliseconds) => waits.push(milliseconds) });
      session.adopt(session15(), false);
      expect(waits).toEqual([14 * 60_000]);
      await session.accessToken();
      expect(fetch.calls).toHaveLength(0);
      now += 896_000;
      await session.accessToken();
      expect(fetch.calls).toHaveLength(1);
    });
  });
});

describe('the API client', () => {
  it('renews a refused token and asks once more', async () => {
    const tokens: (string | null)[] = [];
    const fetch = fakeFetch({
      'POST /sessions/refresh': () => aSession('fresh'),
      'GET /rooms': (request) => {
        tokens.push(request.headers.get('Authorization'));
        return tokens.length === 1 ? new Refusal({ code: 'token_expired', status: 401 }) : { rooms: [] };
      },
    });
    const session = manage(fetch);
    session.adopt(aSession('stale'), false);
    const api = createApiClient(session, fetch);
    await expect(unwrap(api.GET('/rooms'))).resolves.toEqual({ rooms: [] });
    expect(tokens).toEqual(['Bearer stale', 'Bearer fresh']);
  });

  it('asks no second time when it is refused again', async () => {
    const fetch = fakeFetch({ 'POST /sessions/refresh': () => aSession('fresh'), 'GET /rooms': () => new Refusal({ code: 'token_expired', status: 401 }) });
    const session = manage(fetch);
    session.adopt(aSession('stale'), false);
    await expect(unwrap(createApiClient(session, fetch).GET('/rooms'))).rejects.toMatchObject({ code: 'token_expired' });
    expect(fetch.calls.filter((call) => call === 'GET /rooms')).toHaveLength(2);
  });

  it('does not renew the session for a wrong password', async () => {
    const fetch = fakeFetch({ 'PUT /users/me/password': () => new Refusal({ code: 'wrong_password', status: 401 }) });
    const session = manage(fetch);
    session.adopt(aSession(), false);
    const call = unwrap(createApiClient(session, fetch).PUT('/users/me/password', { body: { currentPassword: 'a', newPassword: 'bbbbbbbb' } }));
    await expect(call).rejects.toMatchObject({ code: 'wrong_password' });
    expect(fetch.calls).toEqual(['PUT /users/me/password']);
  });

  it('throws the problem with its fields', async () => {
    const fetch = fakeFetch({ 'POST /rooms': () => new Refusal({ code: 'invalid_field', status: 422, fields: [{ field: 'slug', detail: 'too short' }] }) });
    const session = manage(fetch);
    session.adopt(aSession(), false);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await expect(unwrap(createApiClient(session, fetch).POST('/rooms', { body: { title: 'x' } }))).rejects.toMatchObject({ code: 'invalid_field', fields: { slug: 'too short' } });
  });
});
