// Package wire holds every message of Turtus: the REST bodies, the WebSocket messages and the data channels' frames.
//
// The types in wire.gen.go are made from the contract (services/httpapi/openapi.yaml) by `make gen`; what stands in the
// other files is what a schema can't say: the envelope's helpers and the binary input frames. The package depends on
// nothing of the project, so the server and the agent both use it and neither knows the other.
package wire

import (
	"encoding/json"
	"fmt"
	"time"
)

// Limits of the WebSocket that both ends must know.
const (
	// HubPath is where the hub's WebSocket is on the server.
	HubPath = "/api/v1/ws"
	// MaxMessageBytes is the largest WebSocket message that the hub accepts; a larger one closes the connection
	// with CloseCodeProtocolError after an error message_too_large.
	MaxMessageBytes = 64 << 10
	// HelloTimeout is how long a new connection may take to say hello.
	HelloTimeout = 10 * time.Second
	// PingInterval is how often the hub pings; a peer that answers nothing for PongTimeout is closed.
	PingInterval = 15 * time.Second
	PongTimeout  = 40 * time.Second
)

// Message types, the property names of ClientMessages and ServerMessages in the contract.
const (
	TypeHello          = "hello"
	TypeEcho           = "echo"
	TypeSignal         = "signal"
	TypeStreamRequest  = "stream.request"
	TypeStreamPrefer   = "stream.prefer"
	TypeStreamStop     = "stream.stop"
	TypeChatSend       = "chat.send"
	TypeChatEdit       = "chat.edit"
	TypeChatDelete     = "chat.delete"
	TypeChatReact      = "chat.react"
	TypeChatTyping     = "chat.typing"
	TypeChatSlow       = "chat.slow"
	TypeChatClear      = "chat.clear"
	TypeReaction       = "reaction"
	TypePresenceUpdate = "presence.update"
	TypePointerMove    = "pointer.move"
	TypePointersWant   = "pointers.want"
	TypeHandRaise      = "hand.raise"
	TypeHandLower      = "hand.lower"
	TypeControlTake    = "control.take"
	TypeControlRequest = "control.request"
	TypeControlCancel  = "control.cancel"
	TypeControlGive    = "control.give"
	TypeControlDeny    = "control.deny"
	TypeControlRelease = "control.release"
	TypeDoorAnswer     = "door.answer"
	TypeLinkSuggest    = "link.suggest"
	TypeLinkVote       = "link.vote"
	TypeLinkOpen       = "link.open"
	TypeLinkWithdraw   = "link.withdraw"
	TypeVBStatus       = "vb.status"
	TypeVBActivity     = "vb.activity"
	TypeVBEnding       = "vb.ending"

	TypeIdentity       = "identity"
	TypeOK             = "ok"
	TypeError          = "error"
	TypePeerJoined     = "peer.joined"
	TypePeerUpdated    = "peer.updated"
	TypePeerLeft       = "peer.left"
	TypeSelfUpdated    = "self.updated"
	TypeICEServers     = "ice.servers"
	TypeNotice         = "notice"
	TypeRoomUpdated    = "room.updated"
	TypeBrowserChanged = "browser.changed"
	TypeControlChanged = "control.changed"
	TypeControlDenied  = "control.denied"
	TypeLinksChanged   = "links.changed"
	TypeDoorWaiting    = "door.waiting"
	TypeDoorAnswered   = "door.answered"
	TypeDoorChanged    = "door.changed"
	TypeChatMessage    = "chat.message"
	TypeChatStored     = "chat.stored"
	TypeChatChanged    = "chat.changed"
	TypeChatCleared    = "chat.cleared"
	TypePointersMoved  = "pointers.moved"
	TypeVBScreen       = "vb.screen"
	TypeVBNavigate     = "vb.navigate"
	TypeVBWaiting      = "vb.waiting"
	TypeVBAssign       = "vb.assign"
	TypeVBStop         = "vb.stop"
	TypeVBKeepAlive    = "vb.keepAlive"
)

// Types of the JSON events on the data channel `events`, the property names of AgentEvents.
const (
	EventScreen     = "screen"
	EventCursor     = "cursor"
	EventPointer    = "pointer"
	EventControl    = "control"
	EventClipboard  = "clipboard"
	EventError      = "error"
	EventStatistics = "statistics"
)

// Labels of the data channels between agent and page.
const (
	// ChannelInput is reliable and ordered: keys, buttons, the wheel.
	ChannelInput = "input"
	// ChannelPointer is unordered without retransmission: moves.
	ChannelPointer = "pointer"
	// ChannelEvents is reliable and ordered, agent to page: AgentEvents.
	ChannelEvents = "events"
)

// Reconnects says whether a peer closed with this code should come back by itself.
func (c CloseCode) Reconnects() bool { return c < 3500 }

// NewEnvelope wraps a payload. It panics if the payload can't be marshalled, which no type of this package does.
func NewEnvelope(messageType string, payload any) Envelope {
	raw, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Sprintf("wire: marshal %s: %v", messageType, err))
	}
	return Envelope{Type: messageType, Payload: raw}
}

// Decode unmarshals an envelope's payload into a payload type.
func Decode[T any](e Envelope) (T, error) {
	var payload T
	if err := json.Unmarshal(e.Payload, &payload); err != nil {
		return payload, fmt.Errorf("decode payload of %q: %w", e.Type, err)
	}
	return payload, nil
}

// Ptr is for the contract's optional fields.
func Ptr[T any](v T) *T { return &v }
