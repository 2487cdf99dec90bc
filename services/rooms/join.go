package rooms

import (
	"context"
	"fmt"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Join gives a person a seat in a room; password is nil when they gave none. A member needs none. Anybody else who may see the room
// becomes a member of it. The room comes back with the person's role.
// Errors: not_found, banned, room_locked, room_members_only, room_ask, room_closed, guest_not_allowed, room_password_needed, room_password_wrong.
func (s *Service) Join(ctx context.Context, ref string, by accounts.Person, password *string) (Room, error) {
	room, hash, err := s.find(ctx, ref, by.ID)
	if err != nil {
		return Room{}, err
	}
	if room.Role == "" {
		if err := s.becomeMember(ctx, room, hash, by, password); err != nil {
			return Room{}, err
		}
		if room, err = s.Authorize(ctx, room.ID.String(), by, 0); err != nil {
			return Room{}, err
		}
	}
	now := s.now()
	if room.Role == wire.RoleGuest {
		until := now.Add(VisitLife)
		err := s.q.ProlongVisit(ctx, db.ProlongVisitParams{VisitsUntil: &until, RoomID: room.ID.UUID(), PersonID: by.ID.UUID(), Stale: until.Add(-touchEvery)})
		if err != nil {
			return Room{}, db.Fault("note the visit", err)
		}
	}
	err = s.q.TouchRoom(ctx, db.TouchRoomParams{ID: room.ID.UUID(), Now: now, Stale: now.Add(-touchEvery)})
	return room, db.Fault("note the room's use", err)
}

func (s *Service) becomeMember(ctx context.Context, room Room, hash *string, by accounts.Person, password *string) error {
	if err := mayEnter(room, by); err != nil {
		return err
	}
	if room.Locked && !room.stays {
		return errRoomLocked()
	}
	if hash != nil {
		if password == nil {
			return wire.Errorf(wire.ErrorCodeRoomPasswordNeeded, "This room has a password.")
		}
		right, err := s.hasher.Verify(ctx, *hash, *password)
		if err != nil {
			return err
		}
		if !right {
			return wire.Errorf(wire.ErrorCodeRoomPasswordWrong, "The password is wrong.")
		}
	}
	now := s.now()
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		// A ban that is decided at this moment is waited for.
		if _, err := q.LockPerson(ctx, by.ID.UUID()); err != nil {
			return fmt.Errorf("lock the person: %w", err)
		}
		joined, err := q.JoinOpenRoom(ctx, db.JoinOpenRoomParams{
			RoomID: room.ID.UUID(), PersonID: by.ID.UUID(), JoinedAt: now, PasswordHash: hash,
		})
		if err != nil {
			return err
		}
		if joined == 0 {
			return wire.Errorf(wire.ErrorCodeRoomMembersOnly, "The room was changed at this moment. Try again.")
		}
		return audit(ctx, q, now, by.ID, room.ID, "room.joined", nil)
	})
	return db.Fault("store the member", err)
}
