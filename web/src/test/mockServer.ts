import type { SocketLike } from '@/api/hub/HubConnection';
import type { ClientMessage, ServerMessage } from '@/api/hub/messages';
import type { ChatMessage, Identity, Join, Peer, Person, Problem, PublicPerson, Room, RoomSnapshot, Session } from '@/api/types';

/** Fakes for the network's edge: answers of the REST API, and a WebSocket whose other end the test holds. */

export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const time = '2026-01-01T12:00:00Z';

export const mia: PublicPerson = { id: uuid(1), displayName: 'Mia', avatarColor: 'teal', guest: false };
export const jon: PublicPerson = { id: uuid(2), displayName: 'Jon', avatarColor: 'grape', guest: true };
export const person: Person = { id: mia.id, username: 'mia', displayName: 'Mia', avatarColor: 'teal', kind: 'account', administrator: false, createdAt: time };
export const aSession = (accessToken = 'token', expiresAt = '2999-01-01T00:00:00Z'): Session => ({ accessToken, expiresAt, person });
export const aRoom = (change: Partial<Room> = {}): Room => ({ id: uuid(10), slug: 'friday-movies', title: 'Friday movies', privacy: 'unlisted', entry: 'open', size: 0, hasPassword: false, startUrl: '', screen: { width: 1280, height: 720, frameRate: 30 }, rolePermissions: { member: ['control', 'navigate', 'voice', 'video', 'screen', 'chat', 'react', 'pin', 'invite'], guest: ['control', 'navigate', 'voice', 'video', 'chat', 'react'] }, relayOnly: false, relayForced: false, slowMode: 0, locked: false, controlLocked: false, owner: mia, createdAt: time, people: 2, browserState: 'stopped', role: 'owner', ...change });
export const aPeer = (id: string, who: PublicPerson, change: Partial<Peer> = {}): Peer => ({ id, kind: 'viewer', person: who, role: who.guest ? 'guest' : 'owner', connected: true, joinedAt: time, media: { microphone: false, camera: false }, ...change });
export const aMessage = (seq: number, change: Partial<ChatMessage> = {}): ChatMessage => ({ id: uuid(1000 + seq), seq, revision: 0, author: jon, text: `message ${seq}`, createdAt: time, ...change });
export const aJoin = (): Join => ({ room: aRoom(), role: 'owner', permissions: ['control'], token: 'room-token', expiresAt: '2999-01-01T00:00:00Z' });
export const aSnapshot = (change: Partial<RoomSnapshot> = {}): RoomSnapshot => ({ room: aRoom(), peers: [aPeer('p1', mia), aPeer('p2', jon)], control: { epoch: 3, requests: [] }, browser: { state: 'stopped' }, messages: [], moreMessages: false, revision: 0, clearedSeq: 0, ...change });
export const anIdentity = (change: Partial<Identity> = {}, snapshot: Partial<RoomSnapshot> = {}): Identity => ({
  peer: 'p1',
  kind: 'viewer',
  role: 'owner',
  permissions: ['control', 'navigate', 'chat', 'invite', 'moderate', 'manage'],
  resumeKey: 'resume-key',
  resumed: false,
  iceServers: [],
  version: 7,
  serverTime: new Date().toISOString(),
  snapshot: aSnapshot(snapshot),
  ...change,
});

export class FakeSocket implements SocketLike {
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  readonly sent: ClientMessage[] = [];
  closedWith: number | null = null;

  send(data: string): void {
    this.sent.push(JSON.parse(data) as ClientMessage);
  }
  close(code?: number): void {
    this.closedWith = code ?? 1005;
  }

  /** The other end. */
  accept(): void {
    this.onopen?.(new Event('open'));
  }
  say(message: ServerMessage): void {
    this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(message) }));
  }
  drop(code = 1006): void {
    this.onclose?.(new CloseEvent('close', { code }));
  }
  last<T extends ClientMessage['type']>(type: T): Extract<ClientMessage, { type: T }> {
    const found = this.sent.findLast((message) => message.type === type);
    if (!found) throw new Error(`no ${type} was sent`);
    return found as Extract<ClientMessage, { type: T }>;
  }
}

export type Answer = (request: Request) => unknown;

export class Refusal {
  constructor(
    readonly problem: Pick<Problem, 'code' | 'status'> & Partial<Problem>,
  ) {}
}

/** A fetch that answers by "METHOD /path" of the contract; anything else is a 404. */
export function fakeFetch(answers: Record<string, Answer>): typeof fetch & { calls: string[] } {
  const calls: string[] = [];
  const answer = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input instanceof Request ? input : new URL(String(input), 'http://localhost:3000'), init);
    const name = `${request.method} ${new URL(request.url).pathname.replace('/api/v1', '')}`;
    calls.push(name);
    const found = answers[name];
    const body = found ? await found(request) : new Refusal({ code: 'not_found', status: 404 });
    if (body instanceof Refusal) return new Response(JSON.stringify({ type: '', title: body.problem.code, ...body.problem }), { status: body.problem.status, headers: { 'Content-Type': 'application/problem+json' } });
    return body === undefined ? new Response(null, { status: 204 }) : new Response(JSON.stringify(body), { status: request.method === 'POST' ? 201 : 200, headers: { 'Content-Type': 'application/json' } });
  };
  return Object.assign(answer, { calls });
}
