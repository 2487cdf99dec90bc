import type { components } from './schema.gen';

/** The contract's types by their own names. Nothing here is written by hand. */
type Schemas = components['schemas'];

export type Browser = Schemas['Browser'];
export type BrowserState = Schemas['BrowserState'];
export type BrowserStep = Schemas['BrowserStep'];
export type AvatarColor = Schemas['AvatarColor'];
export type ChatMessage = Schemas['ChatMessage'];
export type Control = Schemas['Control'];
export type EndReason = Schemas['EndReason'];
export type ErrorCode = Schemas['ErrorCode'];
export type ICEServer = Schemas['ICEServer'];
export type Identity = Schemas['Identity'];
export type Invite = Schemas['Invite'];
export type InvitePreview = Schemas['InvitePreview'];
export type Join = Schemas['Join'];
export type NewInvite = Schemas['NewInvite'];
export type NewRoom = Schemas['NewRoom'];
export type Peer = Schemas['Peer'];
export type Permission = Schemas['Permission'];
export type Person = Schemas['Person'];
export type Privacy = Schemas['Privacy'];
export type Problem = Schemas['Problem'];
export type PublicPerson = Schemas['PublicPerson'];
export type Role = Schemas['Role'];
export type Room = Schemas['Room'];
export type RoomChange = Schemas['RoomChange'];
export type RoomSnapshot = Schemas['RoomSnapshot'];
export type Session = Schemas['Session'];
export type Server = Schemas['Server'];
export type SignalPayload = Schemas['Signal'];
export type AgentEvents = Schemas['AgentEvents'];
export type CursorEvent = Schemas['CursorEvent'];
export type ScreenEvent = Schemas['ScreenEvent'];
export type PointerPosition = Schemas['PointerEvent'];
export type StatisticsEvent = Schemas['StatisticsEvent'];
