// Package rooms knows rooms: their names and privacy, who is a member with what role, the invites that lead in, and what was said.
//
// The HTTP API calls Service for what a person does to rooms; the hub verifies room tokens by Tokens, checks permissions, and stores
// messages by Append. Who is in a room right now is the hub's, not kept here.
//
// What always holds: every decision is made against the members table at that moment; the messages of a room are numbered 1, 2, 3 …
// without a gap; an invite is used no more often than it says. What people may see goes out as *wire.Error.
package rooms

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
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
	Entry       wire.Entry
	Size        int // most people in it at once; 0 where the server alone says
	HasPassword bool
	StartURL    string
	Screen      wire.Screen
	Policy      Policy
	RelayOnly   bool // calls go by the relay alone, by the owner's choice or the server's
	RelayForced bool // by the server's
	Locked      bool // nobody new comes in
	OwnerID     accounts.PersonID
	Owner       wire.PublicPerson
	CreatedAt   time.Time
	SlowMode    int       // seconds between two messages of one person
	Revision    int64     // of the latest change of a message
	ClearedSeq  int64     // up to here the chat was cleared
	Favourite   bool      // on the caller's own list; known by List alone
	Role        wire.Role // the caller's; empty when they are no member or nobody in particular asked
	Muted       Muted     // of the caller, as the next
	banned      bool
	stays       bool // they were in the room when it was locked
}

// Permissions of the caller.
func (r Room) Permissions() Permissions {
	return Standing{Role: r.Role, Muted: r.Muted}.Permissions(r.Policy)
}

// Wire has everything but what only the hub and the browsers know: People is 0 and BrowserState stopped.
func (r Room) Wire() wire.Room {
	w := wire.Room{
		Id: r.ID.UUID(), Slug: r.Slug, Title: r.Title, Privacy: r.Privacy, Entry: r.Entry, Size: r.Size, HasPassword: r.HasPassword, StartUrl: r.StartURL,
		Screen: r.Screen, RolePermissions: r.Policy.Wire(), RelayOnly: r.RelayOnly, RelayForced: r.RelayForced, SlowMode: r.SlowMode,
		Locked: r.Locked, ControlLocked: r.Policy.ControlLocked, Owner: r.Owner, CreatedAt: r.CreatedAt.UTC(), BrowserState: wire.BrowserStateStopped,
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
	// Screen is that of rooms where nobody chose one; 1280x720 at 30 frames a second when zero.
	Screen wire.Screen
	// RelayOnly has the calls of every room go by the relay alone.
	RelayOnly bool
	// NoRelay is where there is none, so that no room can go by one alone.
	NoRelay bool
	// MaxRoomsPerPerson is how many rooms one person may own; 20 when 0.
	MaxRoomsPerPerson int
	// AddressKey is the secret that hashes the addresses of who comes by an invite; nil makes one, and what was hashed before is not known again.
	AddressKey []byte
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Service is safe for concurrent use.
type Service struct {
	pool       *pgxpool.Pool
	q          *db.Queries
	hasher     *accounts.Hasher
	screen     wire.Screen
	relay      bool
	noRelay    bool
	maxRooms   atomic.Int64
	addressKey []byte
	now        func() time.Time
}

// New returns a Service. It starts nothing.
func New(o Options) *Service {
	s := &Service{pool: o.Pool, q: db.New(o.Pool), hasher: o.Hasher, screen: o.Screen, relay: o.RelayOnly, noRelay: o.NoRelay, addressKey: o.AddressKey, now: o.Now}
	if s.hasher == nil {
		s.hasher = accounts.NewHasher(accounts.HashCost{}, 0)
	}
	if s.screen == (wire.Screen{}) {
		s.screen = wire.Screen{Width: 1280, Height: 720, FrameRate: 30}
	}
	s.maxRooms.Store(int64(cmp.Or(o.MaxRoomsPerPerson, 20)))
	if s.addressKey == nil {
		s.addressKey = make([]byte, 32)
		_, _ = rand.Read(s.addressKey) // it never fails
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// ByID returns a room for nobody in particular: no check, no role. Error: not_found.
func (s *Service) ByID(ctx context.Context, id ID) (Room, error) {
	room, _, err := s.find(ctx, id.String(), accounts.PersonID{})
	return room, err
}

// Membership returns a person's role in a room at this moment; empty when they are no member.
func (s *Service) Membership(ctx context.Context, room ID, person accounts.PersonID) (wire.Role, error) {
	role, err := s.q.GetRole(ctx, db.GetRoleParams{RoomID: room.UUID(), PersonID: person.UUID(), Now: s.now()})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return wire.Role(role), db.Fault("look for the member", err)
}

// Get returns a room as a person sees it. Errors: not_found, banned, room_members_only, room_ask, room_closed, guest_not_allowed.
func (s *Service) Get(ctx context.Context, ref string, by accounts.Person) (Room, error) {
	room, _, err := s.find(ctx, ref, by.ID)
	if err != nil {
		return Room{}, err
	}
	if err := mayEnter(room, by); err != nil {
		return Room{}, err
	}
	return veiled(room), nil
}

// Authorize returns a room to a member with all of need. Errors: not_found (also of a private room, to who is no member), banned, room_members_only (not
// a member), forbidden.
func (s *Service) Authorize(ctx context.Context, ref string, by accounts.Person, need Permissions) (Room, error) {
	room, _, err := s.find(ctx, ref, by.ID)
	if err != nil {
		return Room{}, err
	}
	return room, room.require(need)
}

func (r Room) require(need Permissions) error {
	switch {
	case r.banned:
		return errBanned()
	case r.Role == "" && r.Privacy == wire.PrivacyPrivate:
		return errNoRoom()
	case r.Role == "":
		return errMembersOnly()
	}
	return r.Permissions().Require(need)
}

// MayStopBrowser says whether the caller may end a browser that runs: who started it may, and moderators. startedBy is nil for somebody whose
// account is deleted. Error: forbidden.
func (r Room) MayStopBrowser(caller accounts.PersonID, startedBy *wire.PublicPerson) error {
	switch {
	case r.Permissions().Has(Moderate):
		return nil
	case startedBy == nil:
		return wire.Errorf(wire.ErrorCodeForbidden, "Only moderators may stop the browser: who started it is gone.")
	case startedBy.Id != caller.UUID():
		return wire.Errorf(wire.ErrorCodeForbidden, "Only %s, who started the browser, and moderators may stop it.", startedBy.DisplayName)
	}
	return nil
}

// veiled hides from those outside what they can't go to by themselves.
func veiled(room Room) Room {
	if room.Role == "" && !room.freely() {
		room.StartURL = ""
	}
	return room
}

// find returns the room of an id or a slug with a person's role, and its password's hash.
func (s *Service) find(ctx context.Context, ref string, person accounts.PersonID) (Room, *string, error) {
	return s.findIn(ctx, s.q, ref, person)
}

// Find is the room of an id or address, whoever may see it. Error: not_found.
func (s *Service) Find(ctx context.Context, ref string) (ID, error) {
	room, _, err := s.find(ctx, ref, accounts.PersonID{})
	return room.ID, err
}

func (s *Service) findIn(ctx context.Context, q *db.Queries, ref string, person accounts.PersonID) (Room, *string, error) {
	params := db.GetRoomParams{PersonID: person.UUID(), Now: s.now()}
	if id, ok := asID(ref); ok {
		params.ID = &id
	} else if slugPattern.MatchString(ref) {
		params.Slug = &ref
	} else {
		return Room{}, nil, errNoRoom()
	}
	row, err := q.GetRoom(ctx, params)
	if errors.Is(err, pgx.ErrNoRows) {
		return Room{}, nil, errNoRoom()
	} else if err != nil {
		return Room{}, nil, db.Fault("look for the room", err)
	}
	room := s.fromRow(row.Room, row.Person, row.Role)
	room.Muted, room.banned = Muted{Chat: row.ChatMuted, Call: row.CallMuted}, row.Banned
	room.stays = row.Stays
	return room, row.Room.PasswordHash, nil
}

// asID reads an id in the one form that is given out.
func asID(ref string) (uuid.UUID, bool) {
	id, err := uuid.Parse(ref)
	return id, err == nil && len(ref) == 36
}

func (s *Service) fromRow(room db.Room, owner db.Person, role string) Room {
	size := 0
	if room.Size != nil {
		size = int(*room.Size)
	}
	return Room{
		ID: ID(room.ID), Slug: room.Slug, Title: room.Title, Privacy: wire.Privacy(room.Privacy), Entry: entryOf(room), Size: size, HasPassword: room.PasswordHash != nil,
		StartURL: room.StartUrl, Screen: s.screenOf(room), Policy: storedPolicy(room), Locked: room.Locked,
		RelayOnly: room.RelayOnly || s.relay, RelayForced: s.relay, OwnerID: accounts.PersonID(room.OwnerID), Owner: accounts.FromRow(owner).Public(),
		CreatedAt: room.CreatedAt, Role: wire.Role(role), Revision: room.LastRevision, SlowMode: int(room.SlowMode), ClearedSeq: room.ClearedSeq,
	}
}
