import type { ServerMessage } from '@/api/hub/messages';
import type { Browser, ChatMessage, Control, DoorRequest, Identity, LinkBoard, Peer, Permission, Role, Room } from '@/api/types';
import { changed, joined, overlaps } from './messages';

/** What the hub says of the room, and nothing else: the snapshot with every increment applied. */
export interface RoomState {
  room: Room | null;
  self: { peer: string; role: Role; permissions: readonly Permission[] } | null;
  peers: readonly Peer[];
  control: Control;
  browser: Browser;
  /** Who asks to come in; nobody for who may not answer. */
  door: readonly DoorRequest[];
  links: LinkBoard;
  messages: readonly ChatMessage[];
  moreMessages: boolean;
  /** Up to which revision every change of a message is known. */
  revision: number;
  /** Up to here the chat was cleared. */
  clearedSeq: number;
  /** Server time minus ours, in milliseconds, for countdowns. */
  clockOffset: number;
}

export const emptyRoom: RoomState = {
  room: null,
  self: null,
  peers: [],
  control: { epoch: 0, requests: [] },
  browser: { state: 'stopped' },
  door: [],
  links: { suggested: [], recent: [], needed: 2 },
  messages: [],
  moreMessages: false,
  revision: 0,
  clearedSeq: 0,
  clockOffset: 0,
};

export function welcomed(before: RoomState, identity: Identity, now: number): RoomState {
  const { snapshot } = identity;
  const kept = goesOn(before, identity);
  return {
    room: snapshot.room,
    self: { peer: identity.peer, role: identity.role, permissions: identity.permissions },
    peers: snapshot.peers,
    control: snapshot.control,
    browser: snapshot.browser,
    door: snapshot.door ?? [],
    links: snapshot.links ?? emptyRoom.links,
    // Else it leaves a hole; what is older can be fetched again.
    messages: kept ? joined(uncleared(before.messages, snapshot.clearedSeq), snapshot.messages) : snapshot.messages,
    revision: kept ? before.revision : snapshot.revision,
    moreMessages: kept ? before.moreMessages : snapshot.moreMessages,
    clearedSeq: snapshot.clearedSeq,
    clockOffset: Date.parse(identity.serverTime) - now,
  };
}

/** Whether older messages are kept over a reconnect, and with them what changed in them meanwhile has to be asked for. */
export function goesOn(before: Pick<RoomState, 'messages'>, { snapshot }: Identity): boolean {
  const kept = uncleared(before.messages, snapshot.clearedSeq);
  return kept.length > 0 && overlaps(kept, snapshot);
}

/** Without what was said up to there. */
export const uncleared = (messages: readonly ChatMessage[], clearedSeq: number): readonly ChatMessage[] => (messages.some(({ seq }) => seq <= clearedSeq) ? messages.filter(({ seq }) => seq > clearedSeq) : messages);

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
    case 'links.changed':
      return { ...state, links: message.payload };
    case 'door.changed':
      return { ...state, door: message.payload.requests };
    case 'control.changed':
      return message.payload.epoch < state.control.epoch ? state : { ...state, control: message.payload };
    case 'chat.message':
    case 'chat.stored':
      return { ...state, messages: joined(state.messages, uncleared([message.payload.message], state.clearedSeq)) };
    case 'chat.changed':
      return withChange(state, message.payload.message);
    case 'chat.cleared': {
      const { seq } = message.payload;
      return { ...state, messages: uncleared(state.messages, seq), clearedSeq: Math.max(state.clearedSeq, seq), moreMessages: false };
    }
    default:
      return state;
  }
}

/** What became of a message. The revision goes on while no number is missing, so that a change that was missed is asked for again. */
export function withChange<T extends Pick<RoomState, 'messages' | 'revision' | 'clearedSeq'>>(state: T, message: ChatMessage): T {
  return { ...state, messages: message.seq > state.clearedSeq ? changed(state.messages, message) : state.messages, revision: message.revision === state.revision + 1 ? message.revision : state.revision };
}

function withPeer(peers: readonly Peer[], peer: Peer): readonly Peer[] {
  return peers.some(({ id }) => id === peer.id) ? peers.map((other) => (other.id === peer.id ? peer : other)) : [...peers, peer];
}

export const viewersOf = (state: Pick<RoomState, 'peers'>): readonly Peer[] => state.peers.filter(({ kind }) => kind === 'viewer');

/** Who has raised their hand, the first first. */
export const raisedOf = (state: Pick<RoomState, 'peers'>): readonly Peer[] => state.peers.filter(({ hand }) => hand !== undefined).sort((a, b) => (a.hand ?? 0) - (b.hand ?? 0));

export const may = (state: Pick<RoomState, 'self'>, permission: Permission): boolean => state.self?.permissions.includes(permission) ?? false;

/** Whether control is this page's own, as the hub says: what it does with it needs a picture too. */
export const holds = (state: Pick<RoomState, 'self' | 'control'>): boolean => state.self !== null && state.control.holder === state.self.peer;

/** Who is the peer, in words; null when it is gone. */
export const peerById = (state: Pick<RoomState, 'peers'>, id: string | undefined): Peer | null => state.peers.find((peer) => peer.id === id) ?? null;
