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
	BrowserTokenLife = accounts.MaxTokenLife
)

// Claims are what a room token says: who may connect to the hub, in which room, as what.
type Claims struct {
	Kind        wire.PeerKind // viewer or vb
	Room        ID
	Person      accounts.PersonID  // of a viewer
	Session     accounts.SessionID // of a viewer: the sign-in it came from
	Asks        bool               // of a viewer who has no role yet: good for asking to be let in alone
	Role        wire.Role          // of a viewer
	Permissions Permissions        // of a viewer
	Browser     uuid.UUID          // of a vb: its run. One without a room waits for one, and may do nothing else
}

type tokenClaims struct {
	accounts.Registered
	Kind        wire.PeerKind       `json:"kind"`
	Room        ID                  `json:"room"`
	Waits       bool                `json:"waits,omitempty"`
	Asks        bool                `json:"asks,omitempty"`
	Session     *accounts.SessionID `json:"sid,omitempty"`
	Role        wire.Role           `json:"role,omitempty"`
	Permissions Permissions         `json:"permissions,omitempty"`
}

// Tokens issues and verifies room tokens. A token says what was so when it was issued: who needs to know what is so now, as before
// something that can't be undone, asks Membership.
type Tokens struct{ Keys *accounts.Keys }

// Viewer issues a token for the caller's seat in a room, as Join answered it.
func (t Tokens) Viewer(room Room, caller accounts.Caller) (token string, expiresAt time.Time, err error) {
	c := &tokenClaims{
		Kind: wire.PeerKindViewer, Room: room.ID, Session: &caller.Session, Role: room.Role, Permissions: room.Permissions(),
	}
	c.Subject = caller.Person.ID.String()
	return t.Keys.Sign(accounts.AudienceRoom, ViewerTokenLife, c)
}

// Asking issues a token for asking to be let into a room.
func (t Tokens) Asking(room Room, person accounts.PersonID, session accounts.SessionID) (token string, expiresAt time.Time, err error) {
	c := &tokenClaims{Kind: wire.PeerKindViewer, Room: room.ID, Session: &session, Asks: true}
	c.Subject = person.String()
	return t.Keys.Sign(accounts.AudienceRoom, ViewerTokenLife, c)
}

// Browser issues the token of the agent of a browser's run, good for that room alone.
func (t Tokens) Browser(room ID, run uuid.UUID) (token string, expiresAt time.Time, err error) {
	c := &tokenClaims{Kind: wire.PeerKindVb, Room: room}
	c.Subject = run.String()
	return t.Keys.Sign(accounts.AudienceRoom, BrowserTokenLife, c)
}

// Waiting issues the token of the agent of a warm browser, which has no room yet: it is good for no room.
func (t Tokens) Waiting(run uuid.UUID) (token string, expiresAt time.Time, err error) {
	c := &tokenClaims{Kind: wire.PeerKindVb, Waits: true}
	c.Subject = run.String()
	return t.Keys.Sign(accounts.AudienceRoom, BrowserTokenLife, c)
}

// Verify returns the claims of a good token of this kind. Errors: token_expired; unauthenticated (forged, of another kind, not a room token).
func (t Tokens) Verify(token string, kind wire.PeerKind) (Claims, error) {
	c := &tokenClaims{}
	if err := t.Keys.Verify(accounts.AudienceRoom, token, c); err != nil {
		return Claims{}, err
	}
	subject, err := uuid.Parse(c.Subject)
	if err != nil || c.Kind != kind || c.Room.IsZero() != c.Waits || c.Waits && kind != wire.PeerKindVb {
		return Claims{}, errWrongToken()
	}
	claims := Claims{Kind: c.Kind, Room: c.Room}
	switch {
	case kind == wire.PeerKindVb:
		claims.Browser = subject
	case kind == wire.PeerKindViewer && c.Session != nil && c.Role.Valid() != c.Asks:
		claims.Person, claims.Session, claims.Role, claims.Permissions = accounts.PersonID(subject), *c.Session, c.Role, c.Permissions
		claims.Asks = c.Asks
	default:
		return Claims{}, errWrongToken()
	}
	return claims, nil
}

func errWrongToken() error {
	return wire.Errorf(wire.ErrorCodeUnauthenticated, "The token is not valid here.")
}
