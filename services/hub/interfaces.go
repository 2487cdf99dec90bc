package hub

import (
	"context"
	"net/netip"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// Tokens verifies room tokens; rooms.Tokens does. Errors: unauthenticated, token_expired.
type Tokens interface {
	Verify(token string, kind wire.PeerKind) (rooms.Claims, error)
}

// Rooms has what is kept of rooms; *rooms.Service does.
type Rooms interface {
	ByID(ctx context.Context, id rooms.ID) (rooms.Room, error)
	Append(ctx context.Context, room rooms.ID, author accounts.PersonID, n rooms.NewMessage) (m rooms.Message, duplicate bool, err error)
	EditMessage(ctx context.Context, room rooms.ID, by accounts.PersonID, seq int64, text string) (rooms.Message, error)
	RemoveMessage(ctx context.Context, room rooms.ID, by accounts.PersonID, moderates bool, seq int64) (rooms.Message, error)
	React(ctx context.Context, room rooms.ID, by accounts.PersonID, seq int64, emoji string, on bool) (rooms.Message, error)
	// Standing is what a person is in the room at this moment.
	Standing(ctx context.Context, room rooms.ID, person accounts.PersonID) (rooms.Standing, error)
	// Latest has whispers of all people too.
	Latest(ctx context.Context, room rooms.ID, limit int) (page []rooms.Message, more bool, err error)
	SetSlowMode(ctx context.Context, room rooms.ID, by accounts.PersonID, seconds int) error
	ClearChat(ctx context.Context, room rooms.ID, by accounts.PersonID) (seq int64, err error)
	// LetIn gives a seat to somebody who asked for one; by must moderate at this moment.
	LetIn(ctx context.Context, room rooms.ID, by, person accounts.PersonID) error
	// Stay prolongs the visits of those who sit in the room.
	Stay(ctx context.Context, room rooms.ID, people []accounts.PersonID) error
}

// People knows the people behind the peers; *accounts.Service does.
type People interface {
	Person(ctx context.Context, id accounts.PersonID) (accounts.Person, error)
}

// Sessions knows which sign-ins live.
type Sessions interface {
	// Live returns those of sessions that live, in any order.
	Live(ctx context.Context, sessions []accounts.SessionID) ([]accounts.SessionID, error)
}

// Browsers keeps the state of the rooms' browsers. run is the run of rooms.Claims.Browser; room is zero for an agent that waits for one. The hub
// calls it with no lock held.
type Browsers interface {
	// State is what the room's people see of its browser. It never blocks.
	State(room rooms.ID) wire.Browser
	// Connected says that the run's agent is there as peer, once more after each lost connection. An error refuses it: the
	// run has ended or is another room's. connection grows with each; the end of an older one may be told after it.
	Connected(room rooms.ID, run uuid.UUID, peer string, connection int64) error
	// Status is the agent's word on itself, and Ending its last one.
	Status(room rooms.ID, run uuid.UUID, status wire.VBStatus)
	Ending(room rooms.ID, run uuid.UUID, ending wire.VBEnding)
	// Media are the addresses that the run's agent may name as its own; none where that is not known. It never blocks.
	Media(room rooms.ID, run uuid.UUID) []netip.AddrPort
	// Disconnected says that a connection of the agent is gone, expected or not.
	Disconnected(room rooms.ID, run uuid.UUID, connection int64)
}

// Relay knows the STUN and TURN servers; *relay.Relay does. It works on memory alone: the hub calls it with a room's lock held.
type Relay interface {
	// Servers are those for one peer, which opened the server under host; secure where TLS ends here.
	Servers(peer string, kind wire.PeerKind, host string, secure bool) []wire.ICEServer
	// Reach lets a viewer reach an agent's addresses through the relay, until Forget.
	Reach(viewer string, addresses []netip.AddrPort)
	Forget(viewer string)
	// Relayed says whether an address may be that of a relay.
	Relayed(address netip.AddrPort) bool
}

// noRelay is where nobody needs one.
type noRelay struct{}

func (noRelay) Servers(string, wire.PeerKind, string, bool) []wire.ICEServer {
	return []wire.ICEServer{}
}
func (noRelay) Reach(string, []netip.AddrPort) {}
func (noRelay) Forget(string)                  {}
func (noRelay) Relayed(netip.AddrPort) bool    { return false }
