package rooms

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

const maxSlowMode = 3600 // seconds

// SetSlowMode bounds how often each person who does not moderate says something in the chat: once in so many seconds, 0 for no bound. Errors:
// invalid_field, forbidden, unavailable.
func (s *Service) SetSlowMode(ctx context.Context, room ID, by accounts.PersonID, seconds int) error {
	if seconds < 0 || seconds > maxSlowMode {
		return errField("seconds", "is 0 to 3600")
	}
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if err := stillModerates(ctx, q, room, by); err != nil {
			return err
		}
		changed, err := q.SetSlowMode(ctx, db.SetSlowModeParams{ID: room.UUID(), Seconds: int32(seconds)})
		if err != nil {
			return err
		}
		if changed == 0 {
			return errNoRoom()
		}
		return audit(ctx, q, s.now(), by, room, "chat.slow", map[string]any{"seconds": seconds})
	})
	return db.Fault("set slow mode", err)
}

// ClearChat removes all messages of a room for good, whispers too, and returns the number of the last of them; the numbers go on from there.
// Errors: forbidden, unavailable, storage_full.
func (s *Service) ClearChat(ctx context.Context, room ID, by accounts.PersonID) (seq int64, err error) {
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if err := stillModerates(ctx, q, room, by); err != nil {
			return err
		}
		seq, err = q.ClearChat(ctx, room.UUID())
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoRoom()
		} else if err != nil {
			return err
		}
		if err := q.DeleteMessages(ctx, db.DeleteMessagesParams{RoomID: room.UUID(), UpTo: seq}); err != nil {
			return err
		}
		return audit(ctx, q, s.now(), by, room, "chat.cleared", map[string]any{"seq": seq})
	})
	return seq, db.Fault("clear the chat", err)
}

// stillModerates refuses who does not moderate at this moment, and holds the role until the transaction ends. It comes before the room is
// locked, as all members do.
func stillModerates(ctx context.Context, q *db.Queries, room ID, by accounts.PersonID) error {
	rows, err := q.LockMembers(ctx, db.LockMembersParams{RoomID: room.UUID(), People: []uuid.UUID{by.UUID()}})
	if err != nil {
		return fmt.Errorf("lock the member: %w", err)
	}
	if len(rows) == 0 || rank(wire.Role(rows[0].Role)) < rank(wire.RoleModerator) {
		return errForbidden(Moderate)
	}
	return nil
}

// lastSaid is when somebody said something in the room, which is locked; zero for never. What is far in the future was said before the server's
// clock was set back, and says nothing of now.
func lastSaid(ctx context.Context, q *db.Queries, room ID, author accounts.PersonID, until time.Time) (time.Time, error) {
	last, err := q.LastSaid(ctx, db.LastSaidParams{RoomID: room.UUID(), AuthorID: new(author.UUID()), Until: until})
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	} else if err != nil {
		return time.Time{}, fmt.Errorf("look for the last message: %w", err)
	}
	return last, nil
}

// tooSoon refuses what comes before slow mode lets somebody say something again.
func tooSoon(last, now time.Time, seconds int32) error {
	slow := time.Duration(seconds) * time.Second
	wait := last.Add(slow).Sub(now)
	if last.IsZero() || wait <= 0 {
		return nil
	}
	err := wire.Errorf(wire.ErrorCodeSlowMode, "Slow mode is on: one message in %d seconds.", seconds)
	err.RetryAfter = int(math.Ceil(min(wait, slow).Seconds()))
	return err
}
