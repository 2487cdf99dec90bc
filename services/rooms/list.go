package rooms

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
)

// Scope of List.
type Scope int

const (
	Mine   Scope = iota // where the person is a member
	Public              // the listed ones
)

// Page of rooms, the last used first.
type Page struct {
	Rooms []Room
	Next  string // the cursor of the next page; empty at the end
}

// List returns a page of at most limit rooms after cursor (empty: from the start). No room is public for guests, who enter only those
// they were invited to. Error: invalid_field (cursor).
func (s *Service) List(ctx context.Context, by accounts.Person, scope Scope, cursor string, limit int) (Page, error) {
	after, err := parseCursor(cursor)
	if err != nil {
		return Page{}, err
	}
	var page Page
	var last position
	add := func(room db.Room, owner db.Person, role string) {
		if len(page.Rooms) == limit {
			page.Next = last.cursor()
			return
		}
		last = position{room.UsedAt, room.ID}
		page.Rooms = append(page.Rooms, veiled(s.fromRow(room, owner, role)))
	}
	// One more than asked for says whether there is a next page.
	if scope == Public && by.Guest() {
		return page, nil
	}
	if scope == Public {
		rows, err := s.q.ListPublicRooms(ctx, db.ListPublicRoomsParams{
			PersonID: by.ID.UUID(), BeforeUsedAt: after.usedAt, BeforeID: after.id, PageSize: int32(limit + 1),
		})
		if err != nil {
			return Page{}, db.Fault("list public rooms", err)
		}
		for _, row := range rows {
			add(row.Room, row.Person, row.Role)
		}
		return page, nil
	}
	rows, err := s.q.ListRoomsOfPerson(ctx, db.ListRoomsOfPersonParams{
		PersonID: by.ID.UUID(), Now: s.now(), BeforeUsedAt: after.usedAt, BeforeID: after.id, PageSize: int32(limit + 1),
	})
	if err != nil {
		return Page{}, db.Fault("list a person's rooms", err)
	}
	for _, row := range rows {
		add(row.Room, row.Person, row.Role)
	}
	return page, nil
}

// position is that of a room in the order of List.
type position struct {
	usedAt time.Time
	id     uuid.UUID
}

// cursor is opaque to the caller; PostgreSQL keeps microseconds.
func (p position) cursor() string {
	return base64.RawURLEncoding.EncodeToString(append(binary.BigEndian.AppendUint64(nil, uint64(p.usedAt.UnixMicro())), p.id[:]...))
}

// endOfTime is later than every room's use, and within what PostgreSQL can hold.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func parseCursor(cursor string) (position, error) {
	if cursor == "" {
		return position{usedAt: endOfTime}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != 8+16 {
		return position{}, errField("cursor", "is not one that a page before gave")
	}
	usedAt := time.UnixMicro(int64(binary.BigEndian.Uint64(raw)))
	if usedAt.Year() < 1970 || usedAt.After(endOfTime) {
		return position{}, errField("cursor", "is not one that a page before gave")
	}
	return position{usedAt, uuid.UUID(raw[8:])}, nil
}
