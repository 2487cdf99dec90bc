package rooms

import (
	"time"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/wire"
)

// Lives of room tokens. A viewer takes a new one before each connection; an agent keeps its one for the browser's whole run.
const (
	ViewerTokenLife  = 5 * time.Minute
	BrowserTokenLife = 30 * 24 * time.Hour
)

// Claims are what a room token says: who may connect to the hub, in which room, as what.
type Claims struct {
	Kind        wire.PeerKind // viewer or vb
	Room        ID
	Person      accounts.PersonID  // of a viewer
	Session     accounts.SessionID // of a viewer: the sign-in it came from
	Role        wire.Role          // of a viewer
	Permissions Permissions        // of a viewer
	Browser     uuid.UUID          // of a vb: its run
}

// Tokens issues and verifies room tokens.
type Tokens struct{ Keys *accounts.Keys }

// Viewer issues a viewer's token.
func (t Tokens) Viewer(room Room, caller accounts.Caller) (token string, expiresAt time.Time, err error) {
	panic("soon")
}

// Browser issues the token of the agent of a browser's run, good for that room alone.
func (t Tokens) Browser(room ID, run uuid.UUID) (token string, expiresAt time.Time, err error) {
	panic("soon")
}

// Verify returns the claims of a good token of this kind. Errors: unauthenticated (forged, another kind, not a room token), token_expired.
func (t Tokens) Verify(token string, kind wire.PeerKind) (Claims, error) { panic("soon") }
