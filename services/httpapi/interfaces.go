package httpapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"turtus/services/accounts"
	virtual "turtus/services/browsers"
	"turtus/services/doctor"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// Browsers runs the rooms' browsers. Who may call what is decided before it is called.
type Browsers interface {
	// Start errors: browser_running, browser_quota_person, browser_quota_server, browser_not_available.
	Start(ctx context.Context, room rooms.ID, by accounts.PersonID) (wire.Browser, error)
	// Stop errors: browser_not_running.
	Stop(ctx context.Context, room rooms.ID) (wire.Browser, error)
	// KeepAlive errors: browser_not_running.
	KeepAlive(ctx context.Context, room rooms.ID) (wire.Browser, error)
	// Extend errors: browser_not_running, browser_session_long, browser_session_used_up.
	Extend(ctx context.Context, room rooms.ID) (wire.Browser, error)
	// State never blocks.
	State(room rooms.ID) wire.Browser
	// All has those that run or wait for a room; the error is why what they take is not known.
	All(ctx context.Context) ([]virtual.Managed, error)
	// Kill error: browser_not_running.
	Kill(run uuid.UUID) error
	// Available says whether browsers can be started at all, and if not, why and the mend.
	Available() (ok bool, why string)
}

// Doctor looks for what is wrong with the server; *doctor.Doctor does. It never fails.
type Doctor interface {
	Examine(ctx context.Context, v *doctor.Visit, person string) wire.DoctorReport
}

// Hub is the WebSocket's side: it serves /api/v1/ws and is told what changed over REST. Its methods never block on a peer.
type Hub interface {
	http.Handler
	// People counts the people in a room now.
	People(room rooms.ID) int
	// Present are the people with a seat in a room now. What was stored before it is called holds for all who are not in its answer.
	Present(room rooms.ID) []accounts.PersonID
	// ChatCleared shows the room that its messages were removed.
	ChatCleared(room rooms.ID, cleared wire.ChatCleared)
	// Asks says whether somebody asks to be let in now.
	Asks(room rooms.ID, person accounts.PersonID) bool
	// RoomUpdated is told when the room may be another than before; the hub reads what it is.
	RoomUpdated(room rooms.ID)
	// RoomDeleted closes everybody in it and forgets it; its browser was told to stop before.
	RoomDeleted(room rooms.ID)
	PersonUpdated(id accounts.PersonID, p wire.PublicPerson)
	// PersonGone is for a deleted account.
	PersonGone(id accounts.PersonID)
	// MemberChanged is told when the person's role in a room may be another than before; the hub reads which.
	MemberChanged(room rooms.ID, person accounts.PersonID)
	// MessageStored is a message said over REST, without its key. A retry comes again, as repeated; the hub tells nobody twice.
	MessageStored(room rooms.ID, m wire.ChatMessage, repeated bool)
	// MessageChanged is a message that was changed or removed over REST, without its key.
	MessageChanged(room rooms.ID, m wire.ChatMessage)
	// PersonDisabled closes the person's connections with CloseCodeAccountDisabled.
	PersonDisabled(id accounts.PersonID)
	// ShowNotice shows it to everybody in a room; nil takes it away.
	ShowNotice(n *wire.Notice)
	// SessionEnded closes the peers whose room token has this session (rooms.Claims.Session), with CloseCodeSignedOut.
	SessionEnded(session accounts.SessionID)
}
