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

// Member is somebody who belongs to a room, in it or not.
type Member struct {
	Person   wire.PublicPerson
	Role     wire.Role
	JoinedAt time.Time
	Muted    Muted
}

// Wire is the member as the contract has it.
func (m Member) Wire() wire.Member {
	return wire.Member{Person: m.Person, Role: m.Role, JoinedAt: m.JoinedAt.UTC(), Muted: m.Muted.Wire()}
}

func memberOf(row db.GetMemberRow) Member {
	return Member{
		Person: accounts.FromRow(row.Person).Public(), Role: wire.Role(row.Role), JoinedAt: row.JoinedAt,
		Muted: Muted{Chat: row.ChatMuted, Call: row.CallMuted},
	}
}

// Members lists at most limit members whose name has search in it, owner and moderators first, then the newest, and says whether there are
// more. Errors: not_found, room_members_only, forbidden (needs Moderate).
func (s *Service) Members(ctx context.Context, ref string, by accounts.Person, search string, limit int) (list []Member, more bool, err error) {
	room, err := s.Authorize(ctx, ref, by, Moderate)
	if err != nil {
		return nil, false, err
	}
	rows, err := s.q.ListMembers(ctx, db.ListMembersParams{RoomID: room.ID.UUID(), Now: s.now(), Search: accounts.CleanLine(search), PageSize: int32(limit + 1)})
	if err != nil {
		return nil, false, db.Fault("list members", err)
	}
	if more = len(rows) > limit; more {
		rows = rows[:limit]
	}
	for _, row := range rows {
		list = append(list, memberOf(db.GetMemberRow(row)))
	}
	return list, more, nil
}

// acting are the two of a decision about a member, locked until the transaction ends: what they are can't change while it is made.
type acting struct{ by, target wire.Role }

// lockActing reads both roles; by's is empty for who is no member, or whose visit is over. Error: not_found (the target is no member).
func (s *Service) lockActing(ctx context.Context, q *db.Queries, room ID, by, target accounts.PersonID) (acting, error) {
	members, err := s.lockMembers(ctx, q, room, []accounts.PersonID{by, target})
	if err != nil {
		return acting{}, err
	}
	a := acting{by: members[by.UUID()], target: members[target.UUID()]}
	switch {
	case a.by == "":
		return a, errMembersOnly()
	case a.target == "":
		return a, errNoMember()
	}
	return a, nil
}

// lockMembers are those of people who are members, and their roles, until the transaction ends: who is removed at this moment is none of them, or is
// removed after.
func (s *Service) lockMembers(ctx context.Context, q *db.Queries, room ID, people []accounts.PersonID) (map[uuid.UUID]wire.Role, error) {
	rows, err := q.LockMembers(ctx, db.LockMembersParams{RoomID: room.UUID(), People: uuids(people)})
	if err != nil {
		return nil, fmt.Errorf("lock the members: %w", err)
	}
	now, roles := s.now(), make(map[uuid.UUID]wire.Role, len(rows))
	for _, row := range rows {
		if row.VisitsUntil == nil || row.VisitsUntil.After(now) {
			roles[row.PersonID] = wire.Role(row.Role)
		}
	}
	return roles, nil
}

func uuids(people []accounts.PersonID) []uuid.UUID {
	ids := make([]uuid.UUID, len(people))
	for i, id := range people {
		ids[i] = id.UUID()
	}
	return ids
}

// SetRole makes a member a moderator, member or guest. The room comes back with by's role.
// Errors: not_found, room_members_only, forbidden (needs Manage; the owner stays the owner), invalid_field.
func (s *Service) SetRole(ctx context.Context, ref string, by accounts.Person, target accounts.PersonID, role wire.Role) (room Room, m Member, err error) {
	if room, err = s.Authorize(ctx, ref, by, Manage); err != nil {
		return Room{}, Member{}, err
	}
	if rank(role) == 0 || role == wire.RoleOwner {
		return Room{}, Member{}, errField("role", "is moderator, member or guest")
	}
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		a, err := s.lockActing(ctx, q, room.ID, by.ID, target)
		if err != nil {
			return err
		}
		if err := room.Policy.Of(a.by).Require(Manage); err != nil {
			return err
		}
		if a.target == wire.RoleOwner {
			return wire.Errorf(wire.ErrorCodeForbidden, "The owner stays the owner until the room is handed over.")
		}
		if err := q.SetRole(ctx, db.SetRoleParams{RoomID: room.ID.UUID(), PersonID: target.UUID(), Role: string(role)}); err != nil {
			return err
		}
		if role != a.target {
			joins := wire.RoleMember
			if role == wire.RoleGuest {
				joins = role
			}
			decided := db.DecideRoleParams{RoomID: room.ID.UUID(), PersonID: target.UUID(), Invited: string(role), Joins: string(joins), At: s.now()}
			if err := q.DecideRole(ctx, decided); err != nil {
				return err
			}
		}
		policy, err := lockPolicy(ctx, q, room.ID)
		if err != nil {
			return err
		}
		kept := role
		if !policy.Of(role).Has(Invite) {
			kept = ""
		}
		revoked, err := s.revokeAbove(ctx, q, room.ID, target, kept)
		if err != nil {
			return err
		}
		if m, err = member(ctx, q, room.ID, target); err != nil {
			return err
		}
		return audit(ctx, q, s.now(), by.ID, room.ID, "member.role", map[string]any{"member": target, "from": a.target, "to": role, "invitesRevoked": revoked})
	})
	return room, m, db.Fault("set the role", err)
}

func member(ctx context.Context, q *db.Queries, room ID, person accounts.PersonID) (Member, error) {
	row, err := q.GetMember(ctx, db.GetMemberParams{RoomID: room.UUID(), PersonID: person.UUID()})
	if errors.Is(err, pgx.ErrNoRows) {
		return Member{}, errNoMember()
	} else if err != nil {
		return Member{}, fmt.Errorf("look for the member: %w", err)
	}
	return memberOf(row), nil
}

// Remove takes a member out of the room, or lets them leave it for good. The room comes back with by's role before.
// Errors: not_found, room_members_only, forbidden (needs Moderate and a higher role; the owner can't leave).
func (s *Service) Remove(ctx context.Context, ref string, by accounts.Person, target accounts.PersonID) (room Room, err error) {
	if room, err = s.Authorize(ctx, ref, by, 0); err != nil {
		return Room{}, err
	}
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		var revoked int64
		a, err := s.lockActing(ctx, q, room.ID, by.ID, target)
		switch {
		case err != nil:
			return err
		case a.target == wire.RoleOwner && by.ID == target:
			return wire.Errorf(wire.ErrorCodeForbidden, "The owner can't leave the room. Hand it over first, or delete it.")
		case by.ID != target:
			if err := mayActOn(a.by, a.target); err != nil {
				return err
			}
			if revoked, err = s.revokeAbove(ctx, q, room.ID, target, ""); err != nil {
				return err
			}
			if err := q.DecideRemoval(ctx, db.DecideRemovalParams{RoomID: room.ID.UUID(), PersonID: target.UUID(), At: s.now()}); err != nil {
				return err
			}
			if err := q.LetStayNoMore(ctx, db.LetStayNoMoreParams{RoomID: room.ID.UUID(), PersonID: target.UUID()}); err != nil {
				return err
			}
		}
		if err := q.DeleteMember(ctx, db.DeleteMemberParams{RoomID: room.ID.UUID(), PersonID: target.UUID()}); err != nil {
			return err
		}
		return audit(ctx, q, s.now(), by.ID, room.ID, "member.removed", map[string]any{"member": target, "role": a.target, "invitesRevoked": revoked})
	})
	return room, db.Fault("remove the member", err)
}

// revokeAbove ends the invites of somebody that give more than the role they keep, and counts them; of who keeps none, or one that may not
// invite, all: nobody comes back to what was taken from them by a link of their own, and nobody invites who may not.
func (s *Service) revokeAbove(ctx context.Context, q *db.Queries, room ID, person accounts.PersonID, kept wire.Role) (int64, error) {
	revoked, err := q.RevokeInvitesAbove(ctx, db.RevokeInvitesAboveParams{Now: s.now(), RoomID: room.UUID(), CreatedBy: person.UUID(), Kept: string(kept)})
	if err != nil {
		return 0, fmt.Errorf("revoke the member's invites: %w", err)
	}
	return revoked, nil
}

// lockPolicy reads what the room's roles may do, which can't change until the transaction ends. After lockActing, as who changes it does.
func lockPolicy(ctx context.Context, q *db.Queries, room ID) (Policy, error) {
	row, err := q.LockPolicy(ctx, room.UUID())
	if errors.Is(err, pgx.ErrNoRows) {
		return Policy{}, errNoRoom()
	} else if err != nil {
		return Policy{}, fmt.Errorf("lock the room: %w", err)
	}
	return storedPolicy(row), nil
}

// HandOver makes a member with an account the owner, and the owner a moderator.
// Errors: not_found, room_members_only, forbidden (needs Manage), guest_not_allowed, too_many_rooms (the new owner has).
func (s *Service) HandOver(ctx context.Context, ref string, by accounts.Person, to accounts.PersonID) (Room, error) {
	room, err := s.Authorize(ctx, ref, by, Manage)
	if err != nil {
		return Room{}, err
	}
	if to == by.ID {
		return room, nil
	}
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		// First the person, as when a room is made: two rooms at once are counted one after the other.
		row, err := q.LockPerson(ctx, to.UUID())
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoMember()
		} else if err != nil {
			return fmt.Errorf("lock the new owner: %w", err)
		}
		a, err := s.lockActing(ctx, q, room.ID, by.ID, to)
		if err != nil {
			return err
		}
		if err := room.Policy.Of(a.by).Require(Manage); err != nil {
			return err
		}
		if accounts.FromRow(row).Guest() {
			return wire.Errorf(wire.ErrorCodeGuestNotAllowed, "A guest can't own a room. They can make an account first, and keep their seat.")
		}
		owned, err := q.CountRoomsOwned(ctx, to.UUID())
		if err != nil {
			return fmt.Errorf("count rooms: %w", err)
		}
		if owned >= s.maxRooms.Load() {
			return wire.Errorf(wire.ErrorCodeTooManyRooms, "They have as many rooms as one person may.")
		}
		if err := q.SetOwner(ctx, db.SetOwnerParams{ID: room.ID.UUID(), OwnerID: to.UUID()}); err != nil {
			return err
		}
		for person, role := range map[accounts.PersonID]wire.Role{by.ID: wire.RoleModerator, to: wire.RoleOwner} {
			if err := q.SetRole(ctx, db.SetRoleParams{RoomID: room.ID.UUID(), PersonID: person.UUID(), Role: string(role)}); err != nil {
				return err
			}
		}
		// Nobody is above the owner to lift what was muted.
		if err := q.DeleteMute(ctx, db.DeleteMuteParams{RoomID: room.ID.UUID(), PersonID: to.UUID()}); err != nil {
			return err
		}
		if err := q.DropMuteMarks(ctx, db.DropMuteMarksParams{RoomID: room.ID.UUID(), PersonID: new(to.UUID()), Shared: true}); err != nil {
			return err
		}
		return audit(ctx, q, s.now(), by.ID, room.ID, "room.owner", map[string]any{"owner": to})
	})
	if err != nil {
		return Room{}, db.Fault("hand the room over", err)
	}
	return s.Get(ctx, room.ID.String(), by)
}
