package rooms

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
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
		a, err := lockActing(ctx, q, room.ID, by.ID, by.ID) // their role may be taken at this moment
		if err != nil {
			return err
		}
		if err := room.Policy.Of(a.by).Require(Moderate); err != nil {
			return err
		}
		locked, err := q.SetLocks(ctx, db.SetLocksParams{ID: room.ID.UUID(), Locked: c.Room, ControlLocked: c.Control})
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoRoom()
		} else if err != nil {
			return err
		}
		if locked {
			err = letStay(ctx, q, room.ID, present)
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

// LetStay says who has a seat in a room that was just locked: they may return. In one that is not locked it does nothing.
func (s *Service) LetStay(ctx context.Context, room ID, present []accounts.PersonID) error {
	return db.Fault("store who may return", letStay(ctx, s.q, room, present))
}

func letStay(ctx context.Context, q *db.Queries, room ID, present []accounts.PersonID) error {
	people := make([]uuid.UUID, len(present))
	for i, id := range present {
		people[i] = id.UUID()
	}
	return q.LetStay(ctx, db.LetStayParams{RoomID: room.UUID(), People: people})
}
