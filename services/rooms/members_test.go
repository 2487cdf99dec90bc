package rooms

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

// seated is a room with somebody of each role in it.
func (h *house) seated(t *testing.T) (Room, map[wire.Role]accounts.Person) {
	t.Helper()
	people := map[wire.Role]accounts.Person{wire.RoleOwner: h.account(t), wire.RoleModerator: h.account(t), wire.RoleMember: h.account(t), wire.RoleGuest: h.guest(t)}
	r := h.room(t, people[wire.RoleOwner], wire.PrivacyPrivate)
	for role, p := range people {
		if role != wire.RoleOwner {
			h.seat(t, r, p, role)
		}
	}
	return r, people
}

func TestARoomSaysWhatMembersAndGuestsMayDo(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	owner := people[wire.RoleOwner]
	require.Equal(t, UsualPolicy, r.Policy)
	few := wire.RolePermissions{Member: []wire.Permission{wire.PermissionControl, wire.PermissionChat}, Guest: []wire.Permission{wire.PermissionChat}}
	changed, err := h.Update(ctx, r.Slug, owner, Change{Policy: &few})
	require.NoError(t, err)
	require.Equal(t, few, changed.Wire().RolePermissions)
	for role, may := range map[wire.Role]Permissions{
		wire.RoleOwner: ofOwner, wire.RoleModerator: ofModerator, wire.RoleMember: Control | Chat, wire.RoleGuest: Chat,
	} {
		for i, name := range names {
			bit := Permissions(1 << i)
			_, err := h.Authorize(ctx, r.Slug, people[role], bit)
			if may.Has(bit) {
				require.NoError(t, err, "%s %s", role, name)
			} else {
				requireCode(t, wire.ErrorCodeForbidden, err)
			}
		}
	}
	title := "Another"
	changed, err = h.Update(ctx, r.Slug, owner, Change{Title: &title})
	require.NoError(t, err)
	require.Equal(t, few, changed.Wire().RolePermissions, "what is not named stays")

	for _, wrong := range []wire.RolePermissions{
		{Member: []wire.Permission{wire.PermissionManage}},
		{Member: []wire.Permission{wire.PermissionModerate}, Guest: []wire.Permission{wire.PermissionModerate}},
		{Guest: []wire.Permission{wire.PermissionChat}},
	} {
		_, err := h.Update(ctx, r.Slug, owner, Change{Policy: &wrong})
		requireCode(t, wire.ErrorCodeInvalidField, err)
	}
	for _, role := range []wire.Role{wire.RoleModerator, wire.RoleMember, wire.RoleGuest} {
		_, err := h.Update(ctx, r.Slug, people[role], Change{Policy: &few})
		requireCode(t, wire.ErrorCodeForbidden, err)
	}

	usual := UsualPolicy.Wire()
	changed, err = h.Update(ctx, r.Slug, owner, Change{Policy: &usual})
	require.NoError(t, err)
	require.Equal(t, UsualPolicy, changed.Policy)
	row, err := h.q.LockRoom(ctx, r.ID.UUID())
	require.NoError(t, err)
	require.Nil(t, row.MemberPermissions, "a room that has the usual follows what becomes usual")
}

func TestWhoMayRemoveWhom(t *testing.T) {
	all := []wire.Role{wire.RoleOwner, wire.RoleModerator, wire.RoleMember, wire.RoleGuest}
	may := map[wire.Role][]wire.Role{wire.RoleOwner: all[1:], wire.RoleModerator: all[2:]}
	h := newHouse(t)
	for _, by := range all {
		for _, target := range all {
			r, people := h.seated(t)
			victim := people[target]
			if by == target { // another of the same role
				if by == wire.RoleOwner {
					continue
				}
				victim = h.account(t)
				h.seat(t, r, victim, target)
			}
			_, err := h.Remove(ctx, r.Slug, people[by], victim.ID)
			role, readErr := h.Membership(ctx, r.ID, victim.ID)
			require.NoError(t, readErr)
			if slices.Contains(may[by], target) {
				require.NoError(t, err, "%s removes %s", by, target)
				require.Empty(t, role)
			} else {
				requireCode(t, wire.ErrorCodeForbidden, err)
				require.Equal(t, target, role)
			}
		}
	}
}

func TestLeavingARoomForGood(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	for _, role := range []wire.Role{wire.RoleModerator, wire.RoleMember, wire.RoleGuest} {
		_, err := h.Remove(ctx, r.Slug, people[role], people[role].ID)
		require.NoError(t, err)
		_, err = h.Get(ctx, r.Slug, people[role])
		requireCode(t, wire.ErrorCodeNotFound, err)
	}
	_, err := h.Remove(ctx, r.Slug, people[wire.RoleOwner], people[wire.RoleOwner].ID)
	requireCode(t, wire.ErrorCodeForbidden, err)
	_, err = h.Remove(ctx, r.Slug, people[wire.RoleOwner], people[wire.RoleGuest].ID)
	requireCode(t, wire.ErrorCodeNotFound, err)
	_, err = h.Remove(ctx, r.Slug, people[wire.RoleGuest], people[wire.RoleOwner].ID)
	requireCode(t, wire.ErrorCodeNotFound, err)
}

func TestTheOwnerMakesModeratorsAndUnmakesThem(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	owner, member := people[wire.RoleOwner], people[wire.RoleMember]
	for _, role := range []wire.Role{wire.RoleModerator, wire.RoleGuest, wire.RoleMember} {
		_, m, err := h.SetRole(ctx, r.Slug, owner, member.ID, role)
		require.NoError(t, err)
		require.Equal(t, role, m.Role)
		require.Equal(t, member.Public(), m.Person)
		got, err := h.Membership(ctx, r.ID, member.ID)
		require.NoError(t, err)
		require.Equal(t, role, got)
	}
	for _, role := range []wire.Role{wire.RoleModerator, wire.RoleMember, wire.RoleGuest} {
		_, _, err := h.SetRole(ctx, r.Slug, people[role], member.ID, wire.RoleModerator)
		requireCode(t, wire.ErrorCodeForbidden, err)
	}
	_, _, err := h.SetRole(ctx, r.Slug, owner, owner.ID, wire.RoleMember)
	requireCode(t, wire.ErrorCodeForbidden, err)
	_, _, err = h.SetRole(ctx, r.Slug, owner, member.ID, wire.RoleOwner)
	requireCode(t, wire.ErrorCodeInvalidField, err)
	_, _, err = h.SetRole(ctx, r.Slug, owner, h.account(t).ID, wire.RoleMember)
	requireCode(t, wire.ErrorCodeNotFound, err)
	require.Contains(t, h.audited(t, r), "member.role")
}

func TestNobodyComesBackToWhatWasTakenByALinkOfTheirOwn(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	owner, moderator := people[wire.RoleOwner], people[wire.RoleModerator]
	up, in := h.invite(t, r, moderator, NewInvite{Role: wire.RoleModerator}), h.invite(t, r, moderator, NewInvite{Role: wire.RoleMember})
	others := h.invite(t, r, owner, NewInvite{Role: wire.RoleModerator})
	_, _, err := h.SetRole(ctx, r.Slug, owner, moderator.ID, wire.RoleMember)
	require.NoError(t, err)
	_, err = h.PreviewInvite(ctx, up.Code)
	requireCode(t, wire.ErrorCodeInviteRevoked, err)
	_, err = h.PreviewInvite(ctx, in.Code)
	require.NoError(t, err, "what they may still give goes on")
	_, raised, err := h.AcceptInvite(ctx, in.Code, moderator, "")
	require.NoError(t, err)
	require.False(t, raised)

	_, err = h.Remove(ctx, r.Slug, owner, moderator.ID)
	require.NoError(t, err)
	_, _, err = h.AcceptInvite(ctx, in.Code, moderator, "")
	requireCode(t, wire.ErrorCodeInviteRevoked, err)
	_, err = h.PreviewInvite(ctx, others.Code)
	require.NoError(t, err)

	t.Run("who leaves by themself may come back by it", func(t *testing.T) {
		member := people[wire.RoleMember]
		link := h.invite(t, r, member, NewInvite{})
		_, err := h.Remove(ctx, r.Slug, member, member.ID)
		require.NoError(t, err)
		_, _, err = h.AcceptInvite(ctx, link.Code, member, "")
		require.NoError(t, err)
	})
}

func TestARoomIsHandedOver(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	owner, heir := people[wire.RoleOwner], people[wire.RoleMember]
	for _, role := range []wire.Role{wire.RoleModerator, wire.RoleMember, wire.RoleGuest} {
		_, err := h.HandOver(ctx, r.Slug, people[role], people[role].ID)
		requireCode(t, wire.ErrorCodeForbidden, err)
	}
	_, err := h.HandOver(ctx, r.Slug, owner, people[wire.RoleGuest].ID)
	requireCode(t, wire.ErrorCodeGuestNotAllowed, err)
	_, err = h.HandOver(ctx, r.Slug, owner, h.account(t).ID)
	requireCode(t, wire.ErrorCodeNotFound, err)

	seen, err := h.HandOver(ctx, r.Slug, owner, heir.ID)
	require.NoError(t, err)
	require.Equal(t, heir.ID, seen.OwnerID)
	require.Equal(t, wire.RoleModerator, seen.Role)
	now, err := h.Get(ctx, r.Slug, heir)
	require.NoError(t, err)
	require.Equal(t, wire.RoleOwner, now.Role)
	_, err = h.Update(ctx, r.Slug, owner, Change{Title: new("Mine")})
	requireCode(t, wire.ErrorCodeForbidden, err)
	require.Contains(t, h.audited(t, r), "room.owner")

	t.Run("not beyond what the heir may own", func(t *testing.T) {
		for range 2 {
			h.room(t, heir, wire.PrivacyPrivate)
		}
		other := h.room(t, owner, wire.PrivacyPrivate)
		h.seat(t, other, heir, wire.RoleMember)
		_, err := h.HandOver(ctx, other.Slug, owner, heir.ID)
		requireCode(t, wire.ErrorCodeTooManyRooms, err)
	})
}

// What is asked waits for a decision that is made at that moment, and is refused by it.
func TestWhoIsUnmadeAtThatMomentRemovesNobodyAndInvitesNobody(t *testing.T) {
	const unmade = "UPDATE members SET role = 'member' WHERE room_id = $1 AND role = $2"
	for name, test := range map[string]struct {
		by     wire.Role
		decide string
		act    func(*house, Room, accounts.Person, accounts.Person) error
	}{
		"removes": {wire.RoleModerator, unmade, func(h *house, r Room, by, target accounts.Person) error {
			_, err := h.Remove(ctx, r.Slug, by, target.ID)
			return err
		}},
		"invites": {wire.RoleModerator, unmade, func(h *house, r Room, by, _ accounts.Person) error {
			_, err := h.CreateInvite(ctx, r.Slug, by, NewInvite{Role: wire.RoleModerator})
			return err
		}},
		"changes the room": {wire.RoleOwner, unmade, func(h *house, r Room, by, _ accounts.Person) error {
			_, err := h.Update(ctx, r.Slug, by, Change{Title: new("Mine")})
			return err
		}},
		"invites where members may no more": {
			wire.RoleMember, "UPDATE rooms SET member_permissions = 0, guest_permissions = 0 WHERE id = $1 AND $2 = 'member'",
			func(h *house, r Room, by, _ accounts.Person) error {
				_, err := h.CreateInvite(ctx, r.Slug, by, NewInvite{})
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			r, people := h.seated(t)
			target := people[wire.RoleGuest]
			tx, err := h.pool.Begin(ctx)
			require.NoError(t, err)
			defer func() { _ = tx.Rollback(ctx) }()
			_, err = tx.Exec(ctx, test.decide, r.ID.UUID(), test.by)
			require.NoError(t, err)
			acted := make(chan error, 1)
			go func() { acted <- test.act(h, r, people[test.by], target) }()
			h.awaitLock(t)
			require.NoError(t, tx.Commit(ctx))
			requireCode(t, wire.ErrorCodeForbidden, <-acted)
			role, err := h.Membership(ctx, r.ID, target.ID)
			require.NoError(t, err)
			require.Equal(t, wire.RoleGuest, role)
		})
	}
}

func TestLinksEndWithTheRightToMakeThem(t *testing.T) {
	h := newHouse(t)
	works := func(i Invitation) error {
		_, err := h.PreviewInvite(ctx, i.Code)
		return err
	}
	t.Run("with a role that may not invite", func(t *testing.T) {
		r, people := h.seated(t)
		owner, moderator := people[wire.RoleOwner], people[wire.RoleModerator]
		theirs, others := h.invite(t, r, moderator, NewInvite{}), h.invite(t, r, owner, NewInvite{})
		_, _, err := h.SetRole(ctx, r.Slug, owner, moderator.ID, wire.RoleGuest)
		require.NoError(t, err)
		requireCode(t, wire.ErrorCodeInviteRevoked, works(theirs))
		require.NoError(t, works(others))
		require.Equal(t, 1, h.revoked(t, r, "member.role"))
	})
	t.Run("with a policy that takes it from the role", func(t *testing.T) {
		r, people := h.seated(t)
		owner, member := people[wire.RoleOwner], people[wire.RoleMember]
		theirs := []Invitation{h.invite(t, r, member, NewInvite{}), h.invite(t, r, member, NewInvite{Role: wire.RoleMember})}
		over := h.invite(t, r, member, NewInvite{})
		require.NoError(t, h.RevokeInvite(ctx, r.Slug, member, over.ID))
		others := h.invite(t, r, people[wire.RoleModerator], NewInvite{})
		elsewhere := h.room(t, member, wire.PrivacyPrivate)
		own := h.invite(t, elsewhere, member, NewInvite{})

		keeps := wire.RolePermissions{Member: []wire.Permission{wire.PermissionInvite}, Guest: []wire.Permission{}}
		_, err := h.Update(ctx, r.Slug, owner, Change{Policy: &keeps})
		require.NoError(t, err)
		require.Equal(t, 0, h.revoked(t, r, "room.changed"))
		for _, i := range theirs {
			require.NoError(t, works(i))
		}
		takes := wire.RolePermissions{Member: []wire.Permission{wire.PermissionChat}, Guest: []wire.Permission{}}
		_, err = h.Update(ctx, r.Slug, owner, Change{Policy: &takes})
		require.NoError(t, err)
		require.Equal(t, 2, h.revoked(t, r, "room.changed"), "the one that was over is not counted")
		for _, i := range theirs {
			requireCode(t, wire.ErrorCodeInviteRevoked, works(i))
		}
		require.NoError(t, works(others))
		require.NoError(t, works(own))
	})
}

// revoked is how many links the newest audit row of an action says to be revoked.
func (h *house) revoked(t *testing.T, r Room, action string) (n int) {
	t.Helper()
	row := h.pool.QueryRow(ctx, "SELECT (detail->>'invitesRevoked')::int FROM audit WHERE room_id = $1 AND action = $2 ORDER BY id DESC LIMIT 1", r.ID.UUID(), action)
	require.NoError(t, row.Scan(&n))
	return n
}

func TestMembersAreListedForModerators(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	late := h.account(t)
	h.clock.pass(time.Minute)
	h.seat(t, r, late, wire.RoleMember)
	list, more, err := h.Members(ctx, r.Slug, people[wire.RoleModerator], "", 2)
	require.NoError(t, err)
	require.True(t, more)
	require.ElementsMatch(t, []wire.Role{wire.RoleOwner, wire.RoleModerator}, []wire.Role{list[0].Role, list[1].Role})
	list, more, err = h.Members(ctx, r.Slug, people[wire.RoleModerator], "", 5)
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, list, 5)
	require.Equal(t, late.Public(), list[2].Person, "the newest first")
	list, _, err = h.Members(ctx, r.Slug, people[wire.RoleOwner], late.DisplayName[1:], 5)
	require.NoError(t, err)
	require.Len(t, list, 1)
	_, _, err = h.Members(ctx, r.Slug, people[wire.RoleMember], "", 5)
	requireCode(t, wire.ErrorCodeForbidden, err)
}

// audited are the actions that were written down of a room, the first first.
func (h *house) audited(t *testing.T, r Room) (actions []string) {
	t.Helper()
	rows, err := h.pool.Query(ctx, "SELECT action FROM audit WHERE room_id = $1 ORDER BY id", r.ID.UUID())
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var action string
		require.NoError(t, rows.Scan(&action))
		actions = append(actions, action)
	}
	require.NoError(t, rows.Err())
	return actions
}
