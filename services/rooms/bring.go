package rooms

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
)

// BringSeats gives an account what the guest has who signs in to it: their seats, and what was decided about them. What the account is already
// stays where that is more; where it was banned, or made less, that holds. In the rooms of the answer both are something else now.
// Messages stay as they were said. The caller makes sure that both are one person.
func (s *Service) BringSeats(ctx context.Context, guest, account accounts.PersonID) (changed []ID, err error) {
	now := s.now()
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		both := []uuid.UUID{guest.UUID(), account.UUID()}
		if bytes.Compare(both[0][:], both[1][:]) > 0 {
			both[0], both[1] = both[1], both[0]
		}
		for _, id := range both { // nobody bans them meanwhile
			if _, err := q.LockPerson(ctx, id); err != nil {
				return fmt.Errorf("lock the person: %w", err)
			}
		}
		if err := q.LockSeats(ctx, both); err != nil { // nobody mutes, removes or lowers them meanwhile
			return fmt.Errorf("lock the seats: %w", err)
		}
		rooms, err := q.BringSeats(ctx, db.BringSeatsParams{AccountID: account.UUID(), GuestID: guest.UUID(), JoinedAt: now})
		if err != nil {
			return fmt.Errorf("bring the seats: %w", err)
		}
		if err := q.BringStay(ctx, db.BringStayParams{AccountID: account.UUID(), GuestID: guest.UUID(), Rooms: rooms}); err != nil {
			return fmt.Errorf("bring who may return: %w", err)
		}
		muted, err := q.BringMutes(ctx, db.BringMutesParams{AccountID: account.UUID(), GuestID: guest.UUID()})
		if err != nil {
			return fmt.Errorf("bring what is muted: %w", err)
		}
		if err := q.BringArrivals(ctx, db.BringArrivalsParams{AccountID: account.UUID(), GuestID: guest.UUID()}); err != nil {
			return fmt.Errorf("bring from where they came: %w", err)
		}
		left, err := q.LeaveRooms(ctx, db.LeaveRoomsParams{GuestID: guest.UUID(), AccountID: account.UUID()})
		if err != nil {
			return fmt.Errorf("leave as the guest: %w", err)
		}
		for _, id := range rooms {
			if err := audit(ctx, q, now, account, ID(id), "room.joined", map[string]any{"guest": guest}); err != nil {
				return err
			}
		}
		changed = changed[:0]
		for _, id := range append(left, muted...) {
			if !slices.Contains(changed, ID(id)) {
				changed = append(changed, ID(id))
			}
		}
		return nil
	})
	return changed, db.Fault("bring the seats", err)
}
