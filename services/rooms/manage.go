package rooms

import (
	"context"
	"time"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
)

// Managed is a room as an administrator of the server sees it. What was said there is not theirs to read.
type Managed struct {
	Room     Room
	UsedAt   time.Time
	Members  int
	Messages int64
}

// All lists every room, the last used first, or those whose title, address or owner has search in it. Error: invalid_field (cursor).
func (s *Service) All(ctx context.Context, search, cursor string, limit int) (all []Managed, next string, err error) {
	after, ok := db.ParseCursor(cursor)
	if !ok {
		return nil, "", errField("cursor", "is not one that a page before gave")
	}
	rows, err := s.q.ListAllRooms(ctx, db.ListAllRoomsParams{Search: search, BeforeUsedAt: after.At, BeforeID: after.ID, PageSize: int32(limit + 1)})
	if err != nil {
		return nil, "", db.Fault("list all rooms", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1].Room
		next = db.Cursor{At: last.UsedAt, ID: last.ID}.String()
	}
	all = make([]Managed, len(rows))
	for i, row := range rows {
		all[i] = Managed{Room: s.fromRow(row.Room, row.Person, ""), UsedAt: row.Room.UsedAt, Members: int(row.Members), Messages: row.Room.LastSeq}
	}
	return all, next, nil
}

// SetMaxRooms bounds how many rooms one person may own from now on; those that are there stay.
func (s *Service) SetMaxRooms(n int) { s.maxRooms.Store(int64(n)) }

// targetOf is the person of an act's detail whom it was done to, for the audit.
func targetOf(detail map[string]any) (target accounts.PersonID) {
	for _, name := range []string{"member", "owner", "person"} {
		switch id := detail[name].(type) {
		case accounts.PersonID:
			return id
		case uuid.UUID:
			return accounts.PersonID(id)
		case *uuid.UUID:
			if id != nil {
				return accounts.PersonID(*id)
			}
		}
	}
	return target
}
