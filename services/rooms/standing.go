package rooms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Standing is what somebody is in a room at this moment.
type Standing struct {
	Role   wire.Role // empty for who is no member
	Banned bool      // they may not become one
	// LockedOut says that the room is locked, and they were not in it then. Who sits in it all the same stays.
	LockedOut bool
	Muted     Muted
}

// Permissions under the room's policy.
func (s Standing) Permissions(p Policy) Permissions { return p.Of(s.Role) &^ s.Muted.takes() }

// MayActOn says whether who is this in a room may remove or restrain who is that. Error: forbidden.
func (s Standing) MayActOn(target Standing) error { return mayActOn(s.Role, target.Role) }

// Muted is what somebody may not do whatever their role gives them.
type Muted struct{ Chat, Call bool }

// takes are the permissions that go by it.
func (m Muted) takes() (p Permissions) {
	if m.Chat {
		p |= Chat | React
	}
	if m.Call {
		p |= Voice | Video | Screen
	}
	return p
}

// Wire is nil where nothing is muted.
func (m Muted) Wire() *wire.Muted {
	if m == (Muted{}) {
		return nil
	}
	return &wire.Muted{Chat: m.Chat, Call: m.Call}
}

// Standing reads what a person is in a room at this moment.
func (s *Service) Standing(ctx context.Context, room ID, person accounts.PersonID) (Standing, error) {
	now, err := standing(ctx, s.q, s.now(), room, person)
	return now, db.Fault("look what they are in the room", err)
}

func standing(ctx context.Context, q *db.Queries, now time.Time, room ID, person accounts.PersonID) (Standing, error) {
	row, err := q.GetStanding(ctx, db.GetStandingParams{RoomID: room.UUID(), PersonID: person.UUID(), Now: now})
	if err != nil {
		return Standing{}, err
	}
	return Standing{Role: wire.Role(row.Role), Banned: row.Banned, LockedOut: row.LockedOut, Muted: Muted{Chat: row.ChatMuted, Call: row.CallMuted}}, nil
}

// MuteChange takes something from a member, or gives it back; what is nil stays as it is.
type MuteChange struct{ Chat, Call *bool }

// of is what it makes of what is muted.
func (c MuteChange) of(m Muted) Muted {
	if c.Chat != nil {
		m.Chat = *c.Chat
	}
	if c.Call != nil {
		m.Call = *c.Call
	}
	return m
}

// Mute changes what a member may not do from now on. The room comes back with by's role.
// Errors: not_found, room_members_only, forbidden (needs Moderate and a higher role; what the owner decided only the owner changes).
func (s *Service) Mute(ctx context.Context, ref string, by accounts.Person, target accounts.PersonID, c MuteChange) (room Room, m Member, err error) {
	if room, err = s.Authorize(ctx, ref, by, Moderate); err != nil {
		return Room{}, Member{}, err
	}
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		a, err := s.lockActing(ctx, q, room.ID, by.ID, target)
		if err != nil {
			return err
		}
		if err := mayActOn(a.by, a.target); err != nil {
			return err
		}
		before, owners, err := muteOf(ctx, q, room.ID, target)
		if err != nil {
			return err
		}
		// Of two who mute at once the second changes what the first left.
		if to := c.of(before); before != to {
			if owners && a.by != wire.RoleOwner {
				return errOwnersDecision()
			}
			if err := s.setMute(ctx, q, room.ID, by.ID, target, to); err != nil {
				return err
			}
		}
		m, err = member(ctx, q, room.ID, target)
		return err
	})
	return room, m, db.Fault("mute the member", err)
}

// muteOf reads what is muted of a member who is locked, and whether the owner decided it.
func muteOf(ctx context.Context, q *db.Queries, room ID, person accounts.PersonID) (m Muted, owners bool, err error) {
	row, err := q.GetMute(ctx, db.GetMuteParams{RoomID: room.UUID(), PersonID: person.UUID()})
	if errors.Is(err, pgx.ErrNoRows) {
		return Muted{}, false, nil
	} else if err != nil {
		return Muted{}, false, fmt.Errorf("look what is muted: %w", err)
	}
	return Muted{Chat: row.Chat, Call: row.Call}, row.Owners, nil
}

func (s *Service) setMute(ctx context.Context, q *db.Queries, room ID, by, target accounts.PersonID, to Muted) error {
	var err error
	if to == (Muted{}) {
		err = q.DeleteMute(ctx, db.DeleteMuteParams{RoomID: room.UUID(), PersonID: target.UUID()})
	} else {
		err = q.SetMute(ctx, db.SetMuteParams{RoomID: room.UUID(), PersonID: target.UUID(), Chat: to.Chat, Call: to.Call, ByID: new(by.UUID()), At: s.now()})
	}
	if err != nil {
		return fmt.Errorf("store what is muted: %w", err)
	}
	marks := db.DropMuteMarksParams{RoomID: room.UUID(), PersonID: new(target.UUID()), Shared: to == (Muted{})}
	if err := errors.Join(q.DropMuteMarks(ctx, marks), q.MarkMute(ctx, db.MarkMuteParams{RoomID: room.UUID(), PersonID: target.UUID()})); err != nil {
		return fmt.Errorf("store by what the muted is known: %w", err)
	}
	return audit(ctx, q, s.now(), by, room, "member.muted", map[string]any{"member": target, "chat": to.Chat, "call": to.Call})
}

// inheritMute keeps somebody muted who comes by the invite and from the address of somebody who is: another name costs nothing.
func (s *Service) inheritMute(ctx context.Context, q *db.Queries, invite Invitation, person accounts.Person, from string) error {
	muted, err := q.InheritMute(ctx, db.InheritMuteParams{
		RoomID: invite.Room.UUID(), PersonID: person.ID.UUID(), InviteID: invite.ID, Address: s.mark(invite.Room, from), Guest: person.Guest(), MadeAt: person.CreatedAt,
	})
	if err == nil && muted > 0 {
		err = q.MarkMute(ctx, db.MarkMuteParams{RoomID: invite.Room.UUID(), PersonID: person.ID.UUID()})
	}
	if err != nil {
		return fmt.Errorf("look for mutes: %w", err)
	}
	return nil
}
