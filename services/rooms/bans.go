package rooms

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

const (
	maxReason = 200
	// knownAddresses is how many addresses of one person a room remembers.
	knownAddresses = 8
)

// Ban keeps somebody out of a room.
type Ban struct {
	ID     uuid.UUID
	Person *wire.PublicPerson // nil where they are gone
	Name   string
	By     *wire.PublicPerson // nil where who decided it is gone
	Reason string
	At     time.Time
	Marked bool // who comes without an account by their invite and from their address is refused too
}

// Wire is the ban as the contract has it.
func (b Ban) Wire() wire.Ban {
	return wire.Ban{Id: b.ID, Person: b.Person, Name: b.Name, By: b.By, Reason: b.Reason, At: b.At.UTC(), Marked: b.Marked}
}

// Ban keeps a person out of the room for good, who is a member or was there, or asks at its door now: they are none any more, their invites end, and nothing that they
// were given before lets them in. Who is banned already stays so, as it was decided. The room comes back with by's role.
// Errors: not_found, room_members_only, forbidden (needs Moderate and a higher role), invalid_field.
func (s *Service) Ban(ctx context.Context, ref string, by accounts.Person, target accounts.PersonID, reason string, asks bool) (room Room, b Ban, err error) {
	if room, err = s.Authorize(ctx, ref, by, Moderate); err != nil {
		return Room{}, Ban{}, err
	}
	if reason = accounts.CleanLine(reason); utf8.RuneCountInString(reason) > maxReason {
		return Room{}, Ban{}, errField("reason", "has 200 characters at most")
	}
	if target == by.ID {
		return Room{}, Ban{}, wire.Errorf(wire.ErrorCodeForbidden, "Nobody can ban themself.")
	}
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		// First the person, as whoever becomes a member is: nobody comes in while it is decided.
		person, err := q.LockPerson(ctx, target.UUID())
		if errors.Is(err, pgx.ErrNoRows) {
			return errNeverHere()
		} else if err != nil {
			return fmt.Errorf("lock the person: %w", err)
		}
		a, err := s.lockActing(ctx, q, room.ID, by.ID, target)
		if err != nil && (a.by == "" || a.target != "") {
			return err
		}
		if err := mayActOn(a.by, a.target); err != nil {
			return err
		}
		if err := s.ban(ctx, q, room.ID, by.ID, accounts.FromRow(person), a.target, reason, asks); err != nil {
			return err
		}
		list, err := bans(ctx, q, db.ListBansParams{RoomID: room.ID.UUID(), PersonID: new(target.UUID()), PageSize: 1})
		if err == nil {
			b = list[0]
		}
		return err
	})
	return room, b, db.Fault("ban the person", err)
}

// ban stores it of a person who is locked; role is what they were.
func (s *Service) ban(ctx context.Context, q *db.Queries, room ID, by accounts.PersonID, target accounts.Person, role wire.Role, reason string, asks bool) error {
	id, now := target.ID.UUID(), s.now()
	here, err := q.WasHere(ctx, db.WasHereParams{RoomID: room.UUID(), PersonID: id})
	if err != nil {
		return fmt.Errorf("look whether they were there: %w", err)
	}
	if !here && !asks {
		return errNeverHere()
	}
	params := db.InsertBanParams{ID: uuid.Must(uuid.NewV7()), RoomID: room.UUID(), PersonID: &id, ByID: new(by.UUID()), Reason: reason, At: now}
	if target.Guest() {
		params.GuestName = &target.DisplayName
	}
	inserted, err := q.InsertBan(ctx, params)
	if err != nil || inserted == 0 {
		return err
	}
	revoked, err := s.revokeAbove(ctx, q, room, target.ID, "")
	if err != nil {
		return err
	}
	err = errors.Join(
		q.MarkBan(ctx, db.MarkBanParams{BanID: params.ID, RoomID: room.UUID(), PersonID: id}),
		q.DecideRemoval(ctx, db.DecideRemovalParams{RoomID: room.UUID(), PersonID: id, At: now}),
		q.DeleteMember(ctx, db.DeleteMemberParams{RoomID: room.UUID(), PersonID: id}),
		q.LetStayNoMore(ctx, db.LetStayNoMoreParams{RoomID: room.UUID(), PersonID: id}),
	)
	if err != nil {
		return err
	}
	return audit(ctx, q, now, by, room, "member.banned", map[string]any{"ban": params.ID, "member": target.ID, "role": role, "invitesRevoked": revoked})
}

// Bans lists at most limit bans of people whose name has search in it, the newest first, and says whether there are more.
// Errors: not_found, room_members_only, forbidden (needs Moderate).
func (s *Service) Bans(ctx context.Context, ref string, by accounts.Person, search string, limit int) (list []Ban, more bool, err error) {
	room, err := s.Authorize(ctx, ref, by, Moderate)
	if err != nil {
		return nil, false, err
	}
	list, err = bans(ctx, s.q, db.ListBansParams{RoomID: room.ID.UUID(), Search: accounts.CleanLine(search), PageSize: int32(limit + 1)})
	if err != nil {
		return nil, false, db.Fault("list bans", err)
	}
	if more = len(list) > limit; more {
		list = list[:limit]
	}
	return list, more, nil
}

func bans(ctx context.Context, q *db.Queries, params db.ListBansParams) ([]Ban, error) {
	rows, err := q.ListBans(ctx, params)
	if err != nil {
		return nil, err
	}
	list := make([]Ban, 0, len(rows))
	for _, row := range rows {
		b := Ban{
			ID: row.Ban.ID, Reason: row.Ban.Reason, At: row.Ban.At, Marked: row.Marked,
			Person: publicPerson(row.Ban.PersonID, row.Kind, row.DisplayName, row.AvatarColor, row.AvatarAt),
			By:     publicPerson(row.Ban.ByID, row.ByKind, row.ByDisplayName, row.ByAvatarColor, row.ByAvatarAt),
		}
		switch {
		case b.Person != nil:
			b.Name = b.Person.DisplayName
		case row.Ban.GuestName != nil:
			b.Name = *row.Ban.GuestName
		}
		list = append(list, b)
	}
	return list, nil
}

// publicPerson is one of an outer join.
func publicPerson(id *uuid.UUID, kind, name, color *string, avatarAt *time.Time) *wire.PublicPerson {
	if id == nil || kind == nil || name == nil || color == nil {
		return nil
	}
	return new(accounts.FromRow(db.Person{ID: *id, Kind: *kind, DisplayName: *name, AvatarColor: *color, AvatarAt: avatarAt}).Public())
}

// LiftBan lets who was banned come again; by an invite from before only to what anybody gets there. It makes them no member.
// Errors: not_found, room_members_only, forbidden (needs Moderate; what the owner decided only the owner lifts).
func (s *Service) LiftBan(ctx context.Context, ref string, by accounts.Person, id uuid.UUID) error {
	room, err := s.Authorize(ctx, ref, by, Moderate)
	if err != nil {
		return err
	}
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		a, err := s.lockActing(ctx, q, room.ID, by.ID, by.ID) // their role may be taken at this moment
		if err != nil {
			return err
		}
		if err := room.Policy.Of(a.by).Require(Moderate); err != nil {
			return err
		}
		row, err := q.LockBan(ctx, db.LockBanParams{ID: id, RoomID: room.ID.UUID()})
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return wire.Errorf(wire.ErrorCodeNotFound, "There is no such ban any more.")
		case err != nil:
			return err
		case row.Owners && a.by != wire.RoleOwner:
			return errOwnersDecision()
		}
		if err := q.DeleteBan(ctx, id); err != nil {
			return err
		}
		if row.PersonID != nil {
			if err := q.ForgiveRemoval(ctx, db.ForgiveRemovalParams{RoomID: room.ID.UUID(), PersonID: *row.PersonID}); err != nil {
				return err
			}
		}
		return audit(ctx, q, s.now(), by.ID, room.ID, "member.unbanned", map[string]any{"ban": id, "member": row.PersonID})
	})
	return db.Fault("lift the ban", err)
}

// Arrived notes from where a member has come: an address as httpapi knows it, which is kept as a keyed hash. Of who came by no invite it notes nothing.
func (s *Service) Arrived(ctx context.Context, room ID, person accounts.PersonID, from string) error {
	if from == "" {
		return nil
	}
	noted, err := s.q.NoteReturn(ctx, db.NoteReturnParams{RoomID: room.UUID(), PersonID: person.UUID(), Address: s.mark(room, from), At: s.now()})
	if err == nil && noted > 0 {
		err = errors.Join(
			s.q.ForgetArrivals(ctx, db.ForgetArrivalsParams{RoomID: room.UUID(), PersonID: person.UUID(), Kept: knownAddresses}),
			s.q.MarkMute(ctx, db.MarkMuteParams{RoomID: room.UUID(), PersonID: person.UUID()}),
			s.q.ForgetMuteMarks(ctx, db.ForgetMuteMarksParams{RoomID: room.UUID(), PersonID: new(person.UUID())}),
		)
	}
	return db.Fault("note from where they came", err)
}

// mark is what is kept of an address: nothing that tells it without the server's secret, and in each room something else.
func (s *Service) mark(room ID, address string) []byte {
	mac := hmac.New(sha256.New, s.addressKey)
	mac.Write(room[:])
	mac.Write([]byte(address))
	return mac.Sum(nil)[:16]
}

// keptOut refuses whom the room is locked for, and a newcomer who was banned, or who comes by the invite and from the address of somebody who was.
func (s *Service) keptOut(ctx context.Context, q *db.Queries, invite Invitation, person accounts.Person, from string) error {
	standing, err := standing(ctx, q, s.now(), invite.Room, person.ID)
	switch {
	case err != nil:
		return err
	case standing.Banned:
		return errBanned()
	case standing.LockedOut:
		return errRoomLocked()
	case standing.Role != "" || from == "":
		return nil
	}
	marked, err := q.Marked(ctx, db.MarkedParams{InviteID: invite.ID, Address: s.mark(invite.Room, from), Guest: person.Guest(), MadeAt: person.CreatedAt})
	if err != nil {
		return fmt.Errorf("look for bans: %w", err)
	}
	if marked {
		return errBanned()
	}
	return nil
}
