package rooms

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"math"
	"time"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Scope of List.
type Scope int

const (
	Mine       Scope = iota // where the person is a member
	Public                  // the listed ones
	Favourites              // those that the person has starred
)

// Page of rooms, the last used first.
type Page struct {
	Rooms []Room
	Next  string // the cursor of the next page; empty at the end
}

// List returns a page of at most limit rooms after cursor (empty: from the start) whose title has search in it. Public rooms whose browser runs come
// first. No room is public for guests, who enter only those they were invited to. Error: invalid_field (cursor).
func (s *Service) List(ctx context.Context, by accounts.Person, scope Scope, search, cursor string, limit int) (Page, error) {
	after, err := parseCursor(cursor)
	if err != nil {
		return Page{}, err
	}
	var page Page
	var last position
	add := func(room db.Room, owner db.Person, role string, favourite bool, running int32) {
		if len(page.Rooms) == limit {
			page.Next = last.cursor()
			return
		}
		last = position{running, room.UsedAt, room.ID}
		r := veiled(s.fromRow(room, owner, role))
		r.Favourite = favourite
		page.Rooms = append(page.Rooms, r)
	}
	search = accounts.CleanLine(search)
	size := int32(limit + 1) // one more than asked for says whether there is a next page
	switch scope {
	case Public:
		if by.Guest() {
			return page, nil
		}
		if after.running > 0 {
			rows, err := s.q.ListRunningPublicRooms(ctx, db.ListRunningPublicRoomsParams{
				PersonID: by.ID.UUID(), Now: s.now(), Search: search, BeforeUsedAt: after.usedAt, BeforeID: after.id, PageSize: size,
			})
			if err != nil {
				return Page{}, db.Fault("list public rooms that run", err)
			}
			for _, row := range rows {
				add(row.Room, row.Person, row.Role, row.Favourite, 1)
			}
			if size -= int32(len(rows)); size == 0 {
				return page, nil
			}
			after = position{usedAt: endOfTime}
		}
		rows, err := s.q.ListPublicRooms(ctx, db.ListPublicRoomsParams{
			PersonID: by.ID.UUID(), Now: s.now(), Search: search, BeforeUsedAt: after.usedAt, BeforeID: after.id, PageSize: size,
		})
		if err != nil {
			return Page{}, db.Fault("list public rooms", err)
		}
		for _, row := range rows {
			add(row.Room, row.Person, row.Role, row.Favourite, 0)
		}
	case Favourites:
		rows, err := s.q.ListFavouriteRooms(ctx, db.ListFavouriteRoomsParams{
			PersonID: by.ID.UUID(), Account: !by.Guest(), Now: s.now(), Search: search, BeforeUsedAt: after.usedAt, BeforeID: after.id, PageSize: size,
		})
		if err != nil {
			return Page{}, db.Fault("list favourite rooms", err)
		}
		for _, row := range rows {
			add(row.Room, row.Person, row.Role, true, 0)
		}
	default:
		rows, err := s.q.ListRoomsOfPerson(ctx, db.ListRoomsOfPersonParams{
			PersonID: by.ID.UUID(), Now: s.now(), Search: search, BeforeUsedAt: after.usedAt, BeforeID: after.id, PageSize: size,
		})
		if err != nil {
			return Page{}, db.Fault("list a person's rooms", err)
		}
		for _, row := range rows {
			add(row.Room, row.Person, row.Role, row.Favourite, 0)
		}
	}
	return page, nil
}

// maxFavourites of one person.
const maxFavourites = 500

// SetFavourite puts a room on a person's own list, or takes it from there: one where they are a member, or a public one. What they may see no more
// stands there unseen. Errors: not_found, bad_request (too many), and those of Get for who may not see the room.
func (s *Service) SetFavourite(ctx context.Context, ref string, by accounts.Person, on bool) error {
	room, _, err := s.find(ctx, ref, by.ID)
	if err != nil {
		return err
	}
	if room.Role == "" && (room.Privacy != wire.PrivacyPublic || by.Guest()) {
		if err := mayEnter(room, by); err != nil {
			return err
		}
		return errMembersOnly()
	}
	if !on {
		return db.Fault("remove the favourite", s.q.RemoveFavourite(ctx, db.RemoveFavouriteParams{PersonID: by.ID.UUID(), RoomID: room.ID.UUID()}))
	}
	added, err := s.q.AddFavourite(ctx, db.AddFavouriteParams{PersonID: by.ID.UUID(), RoomID: room.ID.UUID(), At: s.now(), Most: maxFavourites})
	if err == nil && added == 0 {
		return wire.Errorf(wire.ErrorCodeBadRequest, "You have %d favourites, which is the most. Take one away first.", maxFavourites)
	}
	return db.Fault("store the favourite", err)
}

// position is that of a room in the order of List.
type position struct {
	running int32 // 0 for a room whose browser does not run
	usedAt  time.Time
	id      uuid.UUID
}

// cursor is opaque to the caller; PostgreSQL keeps microseconds.
func (p position) cursor() string {
	raw := binary.BigEndian.AppendUint64([]byte{byte(p.running)}, uint64(p.usedAt.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(raw, p.id[:]...))
}

// endOfTime is later than every room's use, and within what PostgreSQL can hold.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func parseCursor(cursor string) (position, error) {
	if cursor == "" {
		return position{running: math.MaxInt32, usedAt: endOfTime}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != 1+8+16 {
		return position{}, errField("cursor", "is not one that a page before gave")
	}
	usedAt := time.UnixMicro(int64(binary.BigEndian.Uint64(raw[1:])))
	if usedAt.Year() < 1970 || usedAt.After(endOfTime) {
		return position{}, errField("cursor", "is not one that a page before gave")
	}
	return position{int32(raw[0]), usedAt, uuid.UUID(raw[9:])}, nil
}
