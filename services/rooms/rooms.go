// Package rooms knows rooms: their names and privacy, who is a member with what role, the invites that lead in, and what was said.
//
// The HTTP API calls Service for what a person does to rooms; the hub verifies room tokens by Tokens, checks permissions, and stores
// messages by Append. Who is in a room right now is the hub's, not kept here.
//
// What always holds: every decision is made against the members table at that moment; the messages of a room are numbered 1, 2, 3 …
// without a gap; an invite is used no more often than it says. What people may see goes out as *wire.Error.
package rooms

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"turtus/services/accounts"
	"turtus/services/wire"
)

// ID names a room; it never changes, as the slug may.
type ID uuid.UUID

// NewID returns a fresh id.
func NewID() ID { return ID(uuid.Must(uuid.NewV7())) }

// ParseID reads what String wrote.
func ParseID(s string) (ID, error) {
	id, err := uuid.Parse(s)
	if err != nil {
		return ID{}, fmt.Errorf("room id %q: %w", s, err)
	}
	return ID(id), nil
}

func (id ID) String() string                { return uuid.UUID(id).String() }
func (id ID) UUID() uuid.UUID               { return uuid.UUID(id) }
func (id ID) IsZero() bool                  { return id == ID{} }
func (id ID) MarshalText() ([]byte, error)  { return uuid.UUID(id).MarshalText() }
func (id *ID) UnmarshalText(b []byte) error { return (*uuid.UUID)(id).UnmarshalText(b) }

// Room is a room as one caller sees it.
type Room struct {
	ID          ID
	Slug        string
	Title       string
	Privacy     wire.Privacy
	HasPassword bool
	StartURL    string
	OwnerID     accounts.PersonID
	Owner       wire.PublicPerson
	CreatedAt   time.Time
	Role        wire.Role // the caller's; empty when they are no member or nobody in particular asked
}

// Permissions of the caller.
func (r Room) Permissions() Permissions { return Of(r.Role) }

// Wire has everything but what only the hub and the browsers know: People is 0 and BrowserState stopped.
func (r Room) Wire() wire.Room {
	w := wire.Room{
		Id: r.ID.UUID(), Slug: r.Slug, Title: r.Title, Privacy: r.Privacy, HasPassword: r.HasPassword, StartUrl: r.StartURL,
		Owner: r.Owner, CreatedAt: r.CreatedAt.UTC(), BrowserState: wire.BrowserStateStopped,
	}
	if r.Role != "" {
		w.Role = &r.Role
	}
	return w
}

// Options of a Service. Pool is needed; the zero of everything else is good for a server.
type Options struct {
	Pool *pgxpool.Pool
	// Hasher is shared with accounts; nil makes one.
	Hasher *accounts.Hasher
	// MaxRoomsPerPerson is how many rooms one person may own; 20 when 0.
	MaxRoomsPerPerson int
	Now               func() time.Time
}

// Service is safe for concurrent use.
type Service struct{ o Options }

// New returns a Service. It starts nothing.
func New(o Options) *Service { return &Service{o} }

// ByID returns a room for nobody in particular: no check, no role. Error: not_found.
func (s *Service) ByID(ctx context.Context, id ID) (Room, error) { panic("soon") }

// Membership returns a person's role in a room at this moment; empty when they are no member.
func (s *Service) Membership(ctx context.Context, room ID, person accounts.PersonID) (wire.Role, error) {
	panic("soon")
}

// Message is a stored message.
type Message struct {
	ID        uuid.UUID
	Room      ID
	Seq       int64
	Author    wire.PublicPerson // accounts.Gone when the account was deleted
	Key       string            // for the author alone
	Text      string
	CreatedAt time.Time
}

// Wire leaves the key out: set it for the author.
func (m Message) Wire() wire.ChatMessage {
	return wire.ChatMessage{Id: m.ID, Seq: m.Seq, Author: m.Author, Text: m.Text, CreatedAt: m.CreatedAt.UTC()}
}

// Append stores a message under the room's next number. The same key of the same author again, also at the same moment, answers the
// first message with duplicate set. It does not check membership or permission. Errors: invalid_field, key_reused, not_found (no
// such room or author), unavailable, storage_full.
func (s *Service) Append(ctx context.Context, room ID, author accounts.PersonID, key, text string) (m Message, duplicate bool, err error) {
	panic("soon")
}

// Messages returns the last limit messages before seq before (0: the newest) in the order they were said, and whether there are earlier ones.
func (s *Service) Messages(ctx context.Context, room ID, before int64, limit int) (page []Message, more bool, err error) {
	panic("soon")
}
