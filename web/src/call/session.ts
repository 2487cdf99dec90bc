/**
 * The session of a call's signals: `call:<from>:<to>`. Both ends name each connection that they make; `from` is the sender's
 * name for it, `to` the target's, empty while the sender has not heard it. A page that was loaded again has the same
 * peer id and other names, so what was meant for a connection that is gone is told from what is not.
 */
export interface CallSession {
  from: string;
  to: string;
}

const pattern = /^call:([\w-]{1,24}):([\w-]{0,24})$/;

export const isCall = (session: string): boolean => session.startsWith('call:');

export const callSession = ({ from, to }: CallSession): string => `call:${from}:${to}`;

export function parseCallSession(session: string): CallSession | null {
  const [, from, to] = pattern.exec(session) ?? [];
  return from === undefined || to === undefined ? null : { from, to };
}

/** Names no connection: the sender has none. */
export const none = 'none';
