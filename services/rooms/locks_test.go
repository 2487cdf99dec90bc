package rooms

import (
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

func TestALockedRoomIsEnteredByWhoWasInItAndByModerators(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	open := h.room(t, people[wire.RoleOwner], wire.PrivacyPublic)
	late := h.account(t)
	link := h.invite(t, r, people[wire.RoleOwner], NewInvite{Role: wire.RoleModerator})
	present := []accounts.PersonID{people[wire.RoleMember].ID, people[wire.RoleMember].ID, accounts.NewPersonID()}
	locked, err := h.SetLocks(ctx, r.Slug, people[wire.RoleModerator], LockChange{Room: new(true)}, present)
	require.NoError(t, err)
	require.True(t, locked.Wire().Locked)
	_, err = h.SetLocks(ctx, open.Slug, people[wire.RoleOwner], LockChange{Room: new(true)}, nil)
	require.NoError(t, err)

	out := func(want map[wire.Role]bool) {
		t.Helper()
		for role, p := range people {
			now, err := h.Standing(ctx, r.ID, p.ID)
			require.NoError(t, err)
			require.Equal(t, Standing{Role: role, LockedOut: want[role]}, now)
		}
	}
	out(map[wire.Role]bool{wire.RoleGuest: true})
	_, err = h.Join(ctx, open.Slug, late, nil)
	requireCode(t, wire.ErrorCodeRoomLocked, err)
	for _, p := range []accounts.Person{late, people[wire.RoleGuest]} {
		_, _, err = h.AcceptInvite(ctx, link.Code, p, "")
		requireCode(t, wire.ErrorCodeRoomLocked, err)
	}
	_, err = h.comesBy(link.Code, home)
	requireCode(t, wire.ErrorCodeRoomLocked, err)

	require.NoError(t, h.LetStay(ctx, r.ID, []accounts.PersonID{people[wire.RoleGuest].ID}))
	out(nil)
	_, err = h.Remove(ctx, r.Slug, people[wire.RoleModerator], people[wire.RoleGuest].ID)
	require.NoError(t, err)
	now, err := h.Standing(ctx, r.ID, people[wire.RoleGuest].ID)
	require.NoError(t, err)
	require.True(t, now.LockedOut, "who is removed may return no more")
	delete(people, wire.RoleGuest)

	_, err = h.SetLocks(ctx, r.Slug, people[wire.RoleModerator], LockChange{Room: new(false)}, present)
	require.NoError(t, err)
	_, _, err = h.AcceptInvite(ctx, link.Code, late, "")
	require.NoError(t, err)
	require.NoError(t, h.LetStay(ctx, r.ID, present), "of a room that was opened meanwhile nothing is kept")
	_, err = h.SetLocks(ctx, r.Slug, people[wire.RoleModerator], LockChange{Room: new(true)}, nil)
	require.NoError(t, err)
	out(map[wire.Role]bool{wire.RoleMember: true})
}

func TestALockedControlIsForModeratorsAlone(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	chosen := r.Policy.Wire()
	for _, role := range []wire.Role{wire.RoleMember, wire.RoleGuest} {
		_, err := h.SetLocks(ctx, r.Slug, people[role], LockChange{Control: new(true)}, nil)
		requireCode(t, wire.ErrorCodeForbidden, err)
	}
	for _, locked := range []bool{true, false} {
		now, err := h.SetLocks(ctx, r.Slug, people[wire.RoleModerator], LockChange{Control: &locked}, nil)
		require.NoError(t, err)
		require.Equal(t, locked, now.Wire().ControlLocked)
		require.False(t, now.Locked)
		require.Equal(t, chosen, now.Wire().RolePermissions, "what was chosen stays")
		for role, p := range people {
			_, err := h.Authorize(ctx, r.Slug, p, Control)
			if locked && rank(role) < rank(wire.RoleModerator) {
				requireCode(t, wire.ErrorCodeForbidden, err)
			} else {
				require.NoError(t, err)
			}
		}
	}
	row, err := h.q.LockRoom(ctx, r.ID.UUID())
	require.NoError(t, err)
	require.Nil(t, row.MemberPermissions, "nor does it become a choice")
}

func TestWhoIsRemovedAtTheMomentOfLockingDoesNotReturn(t *testing.T) {
	h := newHouse(t)
	owner, gone := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyUnlisted)
	h.seat(t, r, gone, wire.RoleMember)
	present := []accounts.PersonID{owner.ID, gone.ID} // as the hub said a moment ago
	_, err := h.Remove(ctx, r.Slug, owner, gone.ID)
	require.NoError(t, err)
	_, err = h.SetLocks(ctx, r.Slug, owner, LockChange{Room: new(true)}, present)
	require.NoError(t, err)
	require.NoError(t, h.LetStay(ctx, r.ID, present))
	_, err = h.Join(ctx, r.Slug, gone, nil)
	requireCode(t, wire.ErrorCodeRoomLocked, err)
}
