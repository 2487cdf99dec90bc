import type { components } from '../schema.gen';

type ClientPayloads = Required<components['schemas']['ClientMessages']>;
type ServerPayloads = Required<components['schemas']['ServerMessages']>;
type EventPayloads = Required<components['schemas']['AgentEvents']>;

/** The envelope's fields that are not type and payload. */
interface Routing {
  id?: string;
  re?: string;
  target?: string;
  sender?: string;
  version?: number;
}

export type ClientMessageType = keyof ClientPayloads;
export type ClientPayload<T extends ClientMessageType> = ClientPayloads[T];
export type ClientMessage = { [T in ClientMessageType]: Pick<Routing, 'id' | 'target'> & { type: T; payload: ClientPayloads[T] } }[ClientMessageType];

export type ServerMessageType = keyof ServerPayloads;
export type ServerMessageOf<T extends ServerMessageType> = Routing & { type: T; payload: ServerPayloads[T] };
export type ServerMessage = { [T in ServerMessageType]: ServerMessageOf<T> }[ServerMessageType];

/** What the agent says on the data channel `events`. */
export type AgentEvent = { [T in keyof EventPayloads]: { type: T; payload: EventPayloads[T] } }[keyof EventPayloads];

export function parseServerMessage(text: string): ServerMessage | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') return null;
    return value as ServerMessage;
  } catch {
    return null;
  }
}

export function parseAgentEvent(text: string): AgentEvent | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('type' in value) || !('payload' in value)) return null;
    return value as AgentEvent;
  } catch {
    return null;
  }
}
