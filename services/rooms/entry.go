package rooms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// VisitLife is how long a guest who was let in may come again without asking, from when they were last there.
const VisitLife = 12 * time.Hour

// maxSize is the highest limit that a room may have of its own.
const maxSize = 1000

// entryOf is how who is no member comes in: what the owner chose, else the usual.
func entryOf(room db.Room) wire.Entry {
	switch {
	case room.Entry != nil:
		return wire.Entry(*room.Entry)
	case room.Privacy == string(wire.PrivacyPrivate):
		return wire.EntryInvite
	}
	return wire.EntryOpen
}

func checkEntry(entry wire.Entry, privacy wire.Privacy) error {
	switch {
	case !entry.Valid():
		return errField("entry", "is open, invite, ask or closed")
	case privacy == wire.PrivacyPrivate && (entry == wire.EntryOpen || entry == wire.EntryAsk):
		return errField("entry", "of a private room is invite or closed: nobody else learns that there is such a room")
	}
	return nil
}

func checkSize(size *int) error {
	if size != nil && (*size < 0 || *size > maxSize) {
		return errField("size", "is 1 to 1000, or 0 for as many as the server allows")
	}
	return nil
}

// sizeColumn of a change; nil changes nothing.
func sizeColumn(size *int) *int32 {
	if size == nil {
		return nil
	}
	return new(int32(*size))
}

// mayEnter is the rule for those who are no members, but for the password: what it refuses is all that they learn of the room.
func mayEnter(room Room, by accounts.Person) error {
	switch {
	case room.Role != "":
		return nil
	case room.banned:
		return errBanned()
	case room.Privacy == wire.PrivacyPrivate: // whoever tries addresses does not learn which rooms there are
		return errNoRoom()
	case room.Entry == wire.EntryClosed:
		return errClosed()
	case room.Entry == wire.EntryInvite:
		return wire.Errorf(wire.ErrorCodeRoomMembersOnly, "This room is entered by invite. Ask somebody in it for one.")
	case room.Entry == wire.EntryAsk:
		return wire.Errorf(wire.ErrorCodeRoomAsk, "Ask to enter: somebody in the room lets you in.")
	case by.Guest():
		return wire.Errorf(wire.ErrorCodeGuestNotAllowed, "Guests have only the rooms they were invited to. Make an account to enter this one.")
	}
	return nil
}

// freely says whether any account may enter by itself.
func (r Room) freely() bool {
	return r.Privacy != wire.PrivacyPrivate && r.Entry == wire.EntryOpen && !r.HasPassword
}

// DoorOf returns a room that one may ask to enter. Any other is not_found, whether there is one or not.
func (s *Service) DoorOf(ctx context.Context, ref string) (Room, error) {
	room, _, err := s.find(ctx, ref, accounts.PersonID{})
	if err == nil && room.Entry != wire.EntryAsk {
		err = errNoRoom()
	}
	if err != nil {
		return Room{}, err
	}
	return room, nil
}

// MayAsk returns a room to somebody who may ask to enter it. A member may too: they are in at once. Errors: those of Get for who is no member.
func (s *Service) MayAsk(ctx context.Context, ref string, by accounts.Person) (Room, error) {
	room, _, err := s.find(ctx, ref, by.ID)
	if err != nil {
		return Room{}, err
	}
	if err := mayEnter(room, by); err != nil && wire.CodeOf(err) != wire.ErrorCodeRoomAsk {
		return Room{}, err
	}
	return room, nil
}

// MayAskAsGuest makes a guest who asks to enter a room, and does then in the same transaction. Errors: not_found (no room that one may ask to
// enter), those of then, and invalid_field (displayName). then may run more than once.
func (s *Service) MayAskAsGuest(ctx context.Context, ref, displayName string, then func(*db.Queries, accounts.Person) error) (room Room, guest accounts.Person, err error) {
	if room, err = s.DoorOf(ctx, ref); err != nil {
		return Room{}, accounts.Person{}, err
	}
	err = db.InTx(ctx, s.pool, func(q *db.Queries) (err error) {
		if guest, err = accounts.InsertGuest(ctx, q, displayName, s.now()); err != nil {
			return err
		}
		return then(q, guest)
	})
	return room, guest, db.Fault("make a guest at the door", err)
}

// LetIn gives somebody who asked to enter a seat: an account becomes a member as by the address, a guest visits for VisitLife. Who is a member
// stays as they are. Errors: not_found (nobody), banned, room_locked, room_members_only, forbidden (needs Moderate), bad_request (one doesn't ask to enter any more).
func (s *Service) LetIn(ctx context.Context, room ID, by, person accounts.PersonID) error {
	now := s.now()
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		if _, err := q.LockPerson(ctx, person.UUID()); errors.Is(err, pgx.ErrNoRows) {
			return wire.Errorf(wire.ErrorCodeNotFound, "They are gone.")
		} else if err != nil {
			return fmt.Errorf("lock the person: %w", err)
		}
		// Who lets in may lose that right at this moment, and the room be closed.
		members, err := q.LockMembers(ctx, db.LockMembersParams{RoomID: room.UUID(), People: []uuid.UUID{by.UUID(), person.UUID()}})
		if err != nil {
			return fmt.Errorf("lock the members: %w", err)
		}
		var role wire.Role
		for _, member := range members {
			if member.PersonID == by.UUID() {
				role = wire.Role(member.Role)
			}
		}
		row, err := q.LockPolicy(ctx, room.UUID())
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoRoom()
		} else if err != nil {
			return fmt.Errorf("lock the room: %w", err)
		}
		if role == "" {
			return errMembersOnly()
		}
		if err := storedPolicy(row).Of(role).Require(Moderate); err != nil {
			return err
		}
		if entryOf(row) != wire.EntryAsk {
			return wire.Errorf(wire.ErrorCodeBadRequest, "One does not ask to enter this room any more.")
		}
		if row.Locked {
			return wire.Errorf(wire.ErrorCodeRoomLocked, "The room is locked. Unlock it to let somebody in.")
		}
		standing, err := standing(ctx, q, now, room, person)
		if err != nil {
			return err
		}
		if standing.Banned {
			return wire.Errorf(wire.ErrorCodeBanned, "They are banned from the room.")
		}
		given, err := q.LetIn(ctx, db.LetInParams{RoomID: room.UUID(), PersonID: person.UUID(), JoinedAt: now, VisitsUntil: now.Add(VisitLife)})
		if err != nil {
			return err
		}
		return audit(ctx, q, now, by, room, "door.let_in", map[string]any{"person": person, "role": given})
	})
	return db.Fault("let somebody in", err)
}

// Stay prolongs the visits of those who sit in a room: a visit ends some time after somebody has left, not under them.
func (s *Service) Stay(ctx context.Context, room ID, people []accounts.PersonID) error {
	until := s.now().Add(VisitLife)
	err := s.q.ProlongVisits(ctx, db.ProlongVisitsParams{VisitsUntil: &until, RoomID: room.UUID(), People: uuids(people), Stale: until.Add(-time.Hour)})
	return db.Fault("note the visits", err)
}
