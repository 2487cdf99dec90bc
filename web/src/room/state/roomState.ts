import type { ServerMessage } from '@/api/hub/messages';
import type { Browser, ChatMessage, Control, Identity, Peer, Permission, Role, Room } from '@/api/types';

/** What the hub says of the room, and nothing else: the snapshot with every increment applied. */
export interface RoomState {
  room: Room | null;
  self: { peer: string; role: Role; permissions: readonly Permission[] } | null;
  peers: readonly Peer[];
  control: Control;
  browser: Browser;
  messages: readonly ChatMessage[];
  moreMessages: boolean;
  /** Server time minus ours, in milliseconds, for countdowns. */
  clockOffset: number;
}

export const emptyRoom: RoomState = {
  room: null,
  self: null,
  peers: [],
  control: { epoch: 0, requests: [] },
  browser: { state: 'stopped' },
  messages: [],
  moreMessages: false,
  clockOffset: 0,
};

export function welcomed(before: RoomState, identity: Identity, now: number): RoomState {
  const { snapshot } = identity;
  return {
    room: snapshot.room,
    self: { peer: identity.peer, role: identity.role, permissions: identity.permissions },
    peers: snapshot.peers,
    control: snapshot.control,
    browser: snapshot.browser,
    messages: withMessages(before.messages, snapshot.messages),
    moreMessages: before.messages.length > 0 && overlaps(before.messages, snapshot.messages) ? before.moreMessages : snapshot.moreMessages,
    clockOffset: Date.parse(identity.serverTime) - now,
  };
}

export function applied(state: RoomState, message: ServerMessage): RoomState {
  switch (message.type) {
    case 'peer.joined':
    case 'peer.updated':
      return { ...state, peers: withPeer(state.peers, message.payload.peer) };
    case 'peer.left': {
      const { peer } = message.payload;
      return { ...state, peers: state.peers.filter(({ id }) => id !== peer) };
    }
    case 'self.updated':
      return state.self ? { ...state, self: { ...state.self, role: message.payload.role, permissions: message.payload.permissions } } : state;
    case 'room.updated':
      return { ...state, room: { ...message.payload.room, role: message.payload.room.role ?? state.room?.role } };
    case 'browser.changed':
      return { ...state, browser: message.payload.browser };
    case 'control.changed':
      return message.payload.epoch < state.control.epoch ? state : { ...state, control: message.payload };
    case 'chat.message':
    case 'chat.stored':
      return { ...state, messages: withMessages(state.messages, [message.payload.message]) };
    default:
      return state;
  }
}

/** Both lists as one, by seq, each message once. */
export function withMessages(before: readonly ChatMessage[], added: readonly ChatMessage[]): readonly ChatMessage[] {
  const fresh = added.filter((message) => !before.some(({ id }) => id === message.id));
  if (fresh.length === 0) return before;
  // A snapshot that does not reach back to what is shown leaves a hole; what is older can be fetched again.
  const first = fresh[0];
  const last = before.at(-1);
  const kept = first && last && fresh.length > 1 && first.seq > last.seq + 1 ? [] : before;
  return [...kept, ...fresh].sort((a, b) => a.seq - b.seq);
}

function overlaps(before: readonly ChatMessage[], snapshot: readonly ChatMessage[]): boolean {
  const first = snapshot[0];
  const last = before.at(-1);
  return !first || !last || first.seq <= last.seq + 1;
}

function withPeer(peers: readonly Peer[], peer: Peer): readonly Peer[] {
  return peers.some(({ id }) => id === peer.id) ? peers.map((other) => (other.id === peer.id ? peer : other)) : [...peers, peer];
}

export const viewersOf = (state: Pick<RoomState, 'peers'>): readonly Peer[] => state.peers.filter(({ kind }) => kind === 'viewer');

export const may = (state: Pick<RoomState, 'self'>, permission: Permission): boolean => state.self?.permissions.includes(permission) ?? false;

/** Whether control is this page's own, as the hub says: what it does with it needs a picture too. */
export const holds = (state: Pick<RoomState, 'self' | 'control'>): boolean => state.self !== null && state.control.holder === state.self.peer;

/** Who is the peer, in words; null when it is gone. */
export const peerById = (state: Pick<RoomState, 'peers'>, id: string | undefined): Peer | null => state.peers.find((peer) => peer.id === id) ?? null;
