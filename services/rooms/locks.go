package rooms

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// LockChange locks the room or its control, or opens them again; what is nil stays as it is.
type LockChange struct{ Room, Control *bool }

// SetLocks changes what is locked. Those who are present when the room is locked may return while it is; whoever was not told of by then but has
// a seat is told of by LetStay. Errors: not_found, room_members_only, forbidden (needs Moderate).
func (s *Service) SetLocks(ctx context.Context, ref string, by accounts.Person, c LockChange, present []accounts.PersonID) (Room, error) {
	room, err := s.Authorize(ctx, ref, by, Moderate)
	if err != nil {
		return Room{}, err
	}
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		// Their role may be taken at this moment, and some of who is present be removed.
		members, err := s.lockMembers(ctx, q, room.ID, append(slices.Clone(present), by.ID))
		if err != nil {
			return err
		}
		role, is := members[by.ID.UUID()]
		if !is {
			return errMembersOnly()
		}
		if err := room.Policy.Of(role).Require(Moderate); err != nil {
			return err
		}
		locked, err := q.SetLocks(ctx, db.SetLocksParams{ID: room.ID.UUID(), Locked: c.Room, ControlLocked: c.Control})
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoRoom()
		} else if err != nil {
			return err
		}
		if locked {
			err = letStay(ctx, q, room.ID, members)
		} else {
			err = q.LetNobodyStay(ctx, room.ID.UUID())
		}
		if err != nil {
			return fmt.Errorf("store who may return: %w", err)
		}
		return audit(ctx, q, s.now(), by.ID, room.ID, "room.locks", map[string]any{"room": c.Room, "control": c.Control})
	})
	if err != nil {
		return Room{}, db.Fault("lock the room", err)
	}
	return s.Get(ctx, room.ID.String(), by)
}

// LetStay says who has a seat in a room that was just locked: those who are members may return. In one that is not locked it does nothing.
func (s *Service) LetStay(ctx context.Context, room ID, present []accounts.PersonID) error {
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		members, err := s.lockMembers(ctx, q, room, present)
		if err != nil {
			return err
		}
		return letStay(ctx, q, room, members)
	})
	return db.Fault("store who may return", err)
}

// letStay takes members who are locked: who is none may not return.
func letStay(ctx context.Context, q *db.Queries, room ID, members map[uuid.UUID]wire.Role) error {
	return q.LetStay(ctx, db.LetStayParams{RoomID: room.UUID(), People: slices.Collect(maps.Keys(members))})
}
