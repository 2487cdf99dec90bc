import createClient, { type Client } from 'openapi-fetch';
import type { paths } from './schema.gen';
import { ApiError, fromProblem } from './problem';
import type { SessionManager } from './session';

export type ApiClient = Client<paths>;

/** A typed client that sends the access token, renews it and tries once more when it is refused. */
export function createApiClient(session: SessionManager, baseFetch: typeof fetch = (input, init) => globalThis.fetch(input, init)): ApiClient {
  const authorised = async (request: Request): Promise<Response> => {
    const token = await session.accessToken();
    const again = request.clone();
    const send = async (one: Request, bearer: string | null): Promise<Response> => {
      if (bearer !== null) one.headers.set('Authorization', `Bearer ${bearer}`);
      try {
        return await baseFetch(one);
      } catch (error) {
        throw new ApiError('network', error instanceof Error ? error.message : '');
      }
    };
    const response = await send(request, token);
    if (response.status !== 401 || token === null || !(await wantsToken(response))) return response;
    if (!(await session.refresh(token))) return response;
    return await send(again, await session.accessToken());
  };
  const base = typeof location === 'undefined' ? 'http://localhost' : location.origin;
  return createClient<paths>({ baseUrl: `${base}/api/v1`, fetch: authorised, credentials: 'same-origin' });
}

/** A wrong password is answered 401 too, and no new token mends it. */
async function wantsToken(response: Response): Promise<boolean> {
  const error = fromProblem(await response.clone().json().catch(() => null), 401);
  return error.code === 'token_expired' || error.code === 'unauthenticated' || error.code === 'unavailable';
}

/** The answer's body, or its problem thrown as ApiError. */
export async function unwrap<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw fromProblem(error, response.status);
  return data as T;
}
