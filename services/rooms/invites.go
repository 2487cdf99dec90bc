package rooms

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// Limits of invites.
const (
	maxLiveInvites  = 200 // a room
	maxInviteUses   = 10000
	maxInviteLife   = 365 * 24 * time.Hour
	inviteCodeBytes = 16 // 128 bits
)

// Invitation is an invite as it stands now.
type Invitation struct {
	ID        uuid.UUID
	Room      ID
	Code      string // what makes the link; a secret
	Role      wire.Role
	CreatedBy wire.PublicPerson
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	MaxUses   int       // 0: any number
	Uses      int
	revoked   bool
}

// Works returns nil for an invite that can be used now. Errors: invite_revoked, invite_expired, invite_used_up.
func (i Invitation) works(now time.Time) error {
	switch {
	case i.revoked:
		return wire.Errorf(wire.ErrorCodeInviteRevoked, "This invite was withdrawn. Ask for a new one.")
	case !i.ExpiresAt.IsZero() && !i.ExpiresAt.After(now):
		return wire.Errorf(wire.ErrorCodeInviteExpired, "This invite has expired. Ask for a new one.")
	case i.MaxUses > 0 && i.Uses >= i.MaxUses:
		return wire.Errorf(wire.ErrorCodeInviteUsedUp, "This invite was used as often as it may be. Ask for a new one.")
	}
	return nil
}

func invitation(row db.Invite, by db.Person) Invitation {
	i := Invitation{
		ID: row.ID, Room: ID(row.RoomID), Code: row.Code, Role: wire.Role(row.Role), CreatedBy: accounts.FromRow(by).Public(),
		CreatedAt: row.CreatedAt, Uses: int(row.Uses), revoked: row.RevokedAt != nil,
	}
	if row.ExpiresAt != nil {
		i.ExpiresAt = *row.ExpiresAt
	}
	if row.MaxUses != nil {
		i.MaxUses = int(*row.MaxUses)
	}
	return i
}

// NewInvite is what makes an invite. An empty Role is guest, an ExpiresIn of 0 never ends, MaxUses 0 is any number.
type NewInvite struct {
	Role      wire.Role
	ExpiresIn time.Duration
	MaxUses   int
}

// CreateInvite makes an invite. Errors: not_found, room_members_only, forbidden (needs Invite, and a role that is not above one's own), invalid_field.
func (s *Service) CreateInvite(ctx context.Context, ref string, by accounts.Person, n NewInvite) (Invitation, error) {
	room, err := s.Authorize(ctx, ref, by, Invite)
	if err != nil {
		return Invitation{}, err
	}
	if n.Role == "" {
		n.Role = wire.RoleGuest
	}
	switch {
	case rank(n.Role) == 0 || n.Role == wire.RoleOwner:
		return Invitation{}, errField("role", "is moderator, member or guest")
	case n.ExpiresIn < 0 || n.ExpiresIn > maxInviteLife:
		return Invitation{}, errField("expiresIn", "is a year at most")
	case n.MaxUses < 0 || n.MaxUses > maxInviteUses:
		return Invitation{}, errField("maxUses", "is 10000 at most")
	case rank(n.Role) > rank(room.Role):
		return Invitation{}, errAboveOwn(room.Role)
	}
	now := s.now()
	code := make([]byte, inviteCodeBytes)
	rand.Read(code) // never fails
	params := db.InsertInviteParams{
		ID: uuid.Must(uuid.NewV7()), RoomID: room.ID.UUID(), Code: base64.RawURLEncoding.EncodeToString(code), Role: string(n.Role),
		CreatedBy: by.ID.UUID(), CreatedAt: now,
	}
	if n.ExpiresIn > 0 {
		params.ExpiresAt = new(now.Add(n.ExpiresIn))
	}
	if n.MaxUses > 0 {
		params.MaxUses = new(int32(n.MaxUses))
	}
	var row db.Invite
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		// Their role may be taken at this moment, and their invites with it: this one must not come after.
		a, err := s.lockActing(ctx, q, room.ID, by.ID, by.ID)
		if err != nil {
			return err
		}
		if rank(n.Role) > rank(a.by) {
			return errAboveOwn(a.by)
		}
		policy, err := lockPolicy(ctx, q, room.ID)
		if err != nil {
			return err
		}
		if err := policy.Of(a.by).Require(Invite); err != nil {
			return err
		}
		live, err := q.CountLiveInvites(ctx, db.CountLiveInvitesParams{RoomID: room.ID.UUID(), Now: now})
		if err != nil {
			return fmt.Errorf("count invites: %w", err)
		}
		if live >= maxLiveInvites {
			return wire.Errorf(wire.ErrorCodeBadRequest, "The room has %d invites that work. Revoke some first.", live)
		}
		if row, err = q.InsertInvite(ctx, params); err != nil {
			return err
		}
		return audit(ctx, q, now, by.ID, room.ID, "invite.created", map[string]any{"invite": row.ID, "role": row.Role})
	})
	if err != nil {
		return Invitation{}, db.Fault("store the invite", err)
	}
	i := invitation(row, db.Person{})
	i.CreatedBy = by.Public()
	return i, nil
}

// Invites lists the room's invites that work: one's own, and with Manage everybody's. Errors: not_found, room_members_only, forbidden (needs Invite).
func (s *Service) Invites(ctx context.Context, ref string, by accounts.Person) ([]Invitation, error) {
	room, err := s.Authorize(ctx, ref, by, Invite)
	if err != nil {
		return nil, err
	}
	rows, err := s.q.ListLiveInvites(ctx, db.ListLiveInvitesParams{
		RoomID: room.ID.UUID(), Now: s.now(), Everybodys: room.Permissions().Has(Manage), CreatedBy: by.ID.UUID(),
	})
	if err != nil {
		return nil, db.Fault("list invites", err)
	}
	list := make([]Invitation, 0, len(rows))
	for _, row := range rows {
		list = append(list, invitation(row.Invite, row.Person))
	}
	return list, nil
}

// RevokeInvite ends an invite; who came by it stays. Errors: not_found (also for somebody else's without Manage), room_members_only, forbidden.
func (s *Service) RevokeInvite(ctx context.Context, ref string, by accounts.Person, id uuid.UUID) error {
	room, err := s.Authorize(ctx, ref, by, Invite)
	if err != nil {
		return err
	}
	now := s.now()
	err = db.InTx(ctx, s.pool, func(q *db.Queries) error {
		revoked, err := q.RevokeInvite(ctx, db.RevokeInviteParams{
			ID: id, RoomID: room.ID.UUID(), Now: now, Everybodys: room.Permissions().Has(Manage), CreatedBy: by.ID.UUID(),
		})
		if err != nil {
			return err
		}
		if revoked == 0 {
			return errNoInvite()
		}
		return audit(ctx, q, now, by.ID, room.ID, "invite.revoked", map[string]any{"invite": id})
	})
	return db.Fault("revoke the invite", err)
}

// Preview is what an invite leads to.
type Preview struct {
	Invitation
	Slug, Title string
}

// PreviewInvite says what an invite that works leads to. Errors: not_found, invite_revoked, invite_expired, invite_used_up.
func (s *Service) PreviewInvite(ctx context.Context, code string) (Preview, error) {
	preview, err := previewInvite(ctx, s.q, code)
	if err != nil {
		return Preview{}, db.Fault("look for the invite", err)
	}
	return preview, preview.works(s.now())
}

func previewInvite(ctx context.Context, q *db.Queries, code string) (Preview, error) {
	row, err := q.GetInvite(ctx, code)
	if errors.Is(err, pgx.ErrNoRows) {
		return Preview{}, errNoInvite()
	} else if err != nil {
		return Preview{}, err
	}
	return Preview{invitation(row.Invite, row.Person), row.Slug, row.Title}, nil
}

// AcceptInvite makes a person a member with the invite's role, and says whether they had a lower one or none before. By an invite for
// guests an account becomes a member where any account may enter. Who is a member with such a role already stays as they are and uses
// nothing up, whatever has become of the invite. from is the address that they come from, as httpapi knows it.
// Errors: not_found, banned, room_locked, room_closed, invite_revoked, invite_expired, invite_used_up.
func (s *Service) AcceptInvite(ctx context.Context, code string, by accounts.Person, from string) (seat Room, raised bool, err error) {
	err = db.InTx(ctx, s.pool, func(q *db.Queries) (err error) {
		seat, raised, err = s.accept(ctx, q, code, by.ID, from)
		return err
	})
	if err != nil {
		return Room{}, false, db.Fault("accept the invite", err)
	}
	return seat, raised, nil
}

// AcceptInviteAsGuest makes a guest who is a member by the invite, and does then in the same transaction; when the invite does not work,
// or then fails, there is nobody and the invite is as it was. then may run more than once. Errors: as AcceptInvite, those of then, and
// invalid_field (displayName).
func (s *Service) AcceptInviteAsGuest(ctx context.Context, code, displayName, from string, then func(*db.Queries, accounts.Person) error) (Room, error) {
	var seat Room
	err := db.InTx(ctx, s.pool, func(q *db.Queries) error {
		guest, err := accounts.InsertGuest(ctx, q, displayName, s.now())
		if err != nil {
			return err
		}
		if seat, _, err = s.accept(ctx, q, code, guest.ID, from); err != nil {
			return err
		}
		return then(q, guest)
	})
	if err != nil {
		return Room{}, db.Fault("accept the invite", err)
	}
	return seat, nil
}

// accept returns the room with the person's role in it, and whether that is a new one.
func (s *Service) accept(ctx context.Context, q *db.Queries, code string, person accounts.PersonID, from string) (seat Room, raised bool, err error) {
	invite, err := previewInvite(ctx, q, code)
	if err != nil {
		return Room{}, false, err
	}
	now := s.now()
	// The person is locked: they might claim their account at this moment.
	row, err := q.LockPerson(ctx, person.UUID())
	if err != nil {
		return Room{}, false, fmt.Errorf("lock the person: %w", err)
	}
	decided, known, err := lockDecided(ctx, q, invite.Room, person)
	if err != nil {
		return Room{}, false, err
	}
	if err := s.keptOut(ctx, q, invite.Invitation, accounts.FromRow(row), from); err != nil {
		return Room{}, false, err
	}
	room, _, err := s.findIn(ctx, q, invite.Room.String(), person)
	if err != nil {
		return Room{}, false, err
	}
	if room.Entry == wire.EntryClosed && room.Role == "" {
		return Room{}, false, errClosed()
	}
	role := invite.Role
	if role == wire.RoleGuest && !accounts.FromRow(row).Guest() && !(known && decided.Joins == string(wire.RoleGuest)) {
		// Elsewhere a link for guests would be one for members, who invite others: an account costs nothing.
		if room.freely() {
			role = wire.RoleMember
		}
	}
	// First the member: the same person at once elsewhere waits here, and then finds the seat taken by themself.
	_, err = q.RaiseMember(ctx, db.RaiseMemberParams{
		RoomID: invite.Room.UUID(), PersonID: person.UUID(), Role: string(role), JoinedAt: now,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		seat, _, err = s.findIn(ctx, q, invite.Room.String(), person)
		return seat, false, err
	} else if err != nil {
		return Room{}, false, fmt.Errorf("store the member: %w", err)
	}
	if known && !invite.CreatedAt.After(decided.At) && rank(role) > rank(wire.Role(decided.Invited)) {
		return Room{}, false, wire.Errorf(wire.ErrorCodeInviteRevoked, "This invite is from before it was decided what you are in the room. Ask for a new one.")
	}
	used, err := q.UseInvite(ctx, db.UseInviteParams{ID: invite.ID, Now: now})
	if err != nil {
		return Room{}, false, fmt.Errorf("count the use: %w", err)
	}
	if used == 0 { // rolled back with the member
		if invite, err = previewInvite(ctx, q, code); err != nil {
			return Room{}, false, err
		}
		if err := invite.works(now); err != nil {
			return Room{}, false, err
		}
		return Room{}, false, errors.New("an invite that works can't be used")
	}
	if from != "" {
		arrival := db.NoteArrivalParams{RoomID: invite.Room.UUID(), PersonID: person.UUID(), InviteID: invite.ID, Address: s.mark(invite.Room, from), At: now}
		if err := q.NoteArrival(ctx, arrival); err != nil {
			return Room{}, false, fmt.Errorf("note from where they came: %w", err)
		}
		if room.Role == "" {
			if err := s.inheritMute(ctx, q, invite.Invitation, accounts.FromRow(row), from); err != nil {
				return Room{}, false, err
			}
		}
	}
	if err := audit(ctx, q, now, person, invite.Room, "invite.accepted", map[string]any{"invite": invite.ID, "role": role}); err != nil {
		return Room{}, false, err
	}
	seat, _, err = s.findIn(ctx, q, invite.Room.String(), person)
	return seat, true, err
}

// lockDecided reads what somebody else decided last about a person in a room, if anything. Who decides at this moment is waited for.
func lockDecided(ctx context.Context, q *db.Queries, room ID, person accounts.PersonID) (decided db.Lowered, known bool, err error) {
	if _, err := q.LockMembers(ctx, db.LockMembersParams{RoomID: room.UUID(), People: []uuid.UUID{person.UUID()}}); err != nil {
		return db.Lowered{}, false, fmt.Errorf("lock the member: %w", err)
	}
	decided, err = q.GetLowered(ctx, db.GetLoweredParams{RoomID: room.UUID(), PersonID: person.UUID()})
	if errors.Is(err, pgx.ErrNoRows) {
		return db.Lowered{}, false, nil
	} else if err != nil {
		return db.Lowered{}, false, fmt.Errorf("look for what was decided: %w", err)
	}
	return decided, true, nil
}
