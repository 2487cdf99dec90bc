package browsers

import (
	"context"
	"time"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// Hub tells people and agents what the service knows. It never blocks, and is called with no lock held.
type Hub interface {
	// BrowserChanged shows the room its browser.
	BrowserChanged(room rooms.ID, b wire.Browser)
	// StopBrowser and KeepAliveBrowser tell the agent, and say whether there is one to tell.
	StopBrowser(room rooms.ID, reason wire.EndReason) bool
	KeepAliveBrowser(room rooms.ID) bool
	// AssignBrowser tells the agent of a warm browser which room it belongs to from now on, and says whether there is one to tell.
	AssignBrowser(run uuid.UUID, a wire.VBAssign) bool
	// ViewerCount counts the viewers of a room that are connected.
	ViewerCount(room rooms.ID) int
}

// Rooms has what is kept of rooms; *rooms.Service does.
type Rooms interface {
	ByID(ctx context.Context, id rooms.ID) (rooms.Room, error)
}

// People knows who started a browser; *accounts.Service does.
type People interface {
	Person(ctx context.Context, id accounts.PersonID) (accounts.Person, error)
}

// Tokens issues the agents' room tokens; rooms.Tokens does.
type Tokens interface {
	Browser(room rooms.ID, run uuid.UUID) (token string, expiresAt time.Time, err error)
	// Waiting is the token of a warm browser's agent, good for waiting alone.
	Waiting(run uuid.UUID) (token string, expiresAt time.Time, err error)
}
