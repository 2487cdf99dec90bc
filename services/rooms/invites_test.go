package rooms

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

func (h *house) invite(t *testing.T, r Room, by accounts.Person, n NewInvite) Invitation {
	t.Helper()
	i, err := h.CreateInvite(ctx, r.Slug, by, n)
	require.NoError(t, err)
	return i
}

func (h *house) acceptAsGuest(code, name string) (seat Room, guest accounts.Person, err error) {
	seat, err = h.AcceptInviteAsGuest(ctx, code, name, "", func(_ *db.Queries, p accounts.Person) error {
		guest = p
		return nil
	})
	return seat, guest, err
}

func TestAGuestWhoCantBeSignedInUsesNoInviteAndIsNobody(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	i := h.invite(t, r, owner, NewInvite{MaxUses: 1})
	before := h.everybody(t)
	fault := errors.New("no session")
	_, err := h.AcceptInviteAsGuest(ctx, i.Code, "Grace", "", func(*db.Queries, accounts.Person) error { return fault })
	require.ErrorIs(t, err, fault)
	require.Equal(t, before, h.everybody(t))
	_, _, err = h.acceptAsGuest(i.Code, "Grace")
	require.NoError(t, err)
}

func TestAnInviteLeadsAGuestIntoAPrivateRoom(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	i := h.invite(t, r, owner, NewInvite{})
	require.Equal(t, wire.RoleGuest, i.Role)
	require.GreaterOrEqual(t, len(i.Code), 22, "128 bits")
	preview, err := h.PreviewInvite(ctx, i.Code)
	require.NoError(t, err)
	require.Equal(t, r.Title, preview.Title)
	require.Equal(t, owner.Public(), preview.CreatedBy)

	seat, guest, err := h.acceptAsGuest(i.Code, "Grace")
	require.NoError(t, err)
	require.True(t, guest.Guest())
	require.Equal(t, wire.RoleGuest, seat.Role)
	_, err = h.Join(ctx, r.Slug, guest, nil)
	require.NoError(t, err)
	_, err = h.PreviewInvite(ctx, "no-such-code")
	requireCode(t, wire.ErrorCodeNotFound, err)
}

func TestAnInviteThatDoesNotWorkSaysWhyAndMakesNobody(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	expired := h.invite(t, r, owner, NewInvite{ExpiresIn: time.Minute})
	revoked := h.invite(t, r, owner, NewInvite{})
	usedUp := h.invite(t, r, owner, NewInvite{MaxUses: 1})
	require.NoError(t, h.RevokeInvite(ctx, r.Slug, owner, revoked.ID))
	requireCode(t, wire.ErrorCodeNotFound, h.RevokeInvite(ctx, r.Slug, owner, revoked.ID))
	_, first, err := h.acceptAsGuest(usedUp.Code, "First")
	require.NoError(t, err)
	h.clock.pass(time.Minute)

	late := h.account(t)
	before := h.everybody(t)
	for code, want := range map[string]wire.ErrorCode{
		expired.Code: wire.ErrorCodeInviteExpired, revoked.Code: wire.ErrorCodeInviteRevoked, usedUp.Code: wire.ErrorCodeInviteUsedUp,
		"no-such-code": wire.ErrorCodeNotFound,
	} {
		_, err := h.PreviewInvite(ctx, code)
		requireCode(t, want, err)
		_, _, err = h.AcceptInvite(ctx, code, late, "")
		requireCode(t, want, err)
		_, _, err = h.acceptAsGuest(code, "Late")
		requireCode(t, want, err)
	}
	require.Equal(t, before, h.everybody(t))
	role, err := h.Membership(ctx, r.ID, late.ID)
	require.NoError(t, err)
	require.Empty(t, role)
	_, _, err = h.AcceptInvite(ctx, usedUp.Code, first, "")
	require.NoError(t, err, "who came by it stays")
}

// everybody counts everybody.
func (h *house) everybody(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, h.pool.QueryRow(ctx, "SELECT count(*) FROM people").Scan(&n))
	return n
}

func TestAnInviteIsNeverUsedMoreOftenThanItSays(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	i := h.invite(t, r, owner, NewInvite{MaxUses: 5})
	results := atOnce(20, func(int) error {
		_, _, err := h.acceptAsGuest(i.Code, "Guest")
		return err
	})
	require.Equal(t, 5, count(results, ""))
	require.Equal(t, 15, count(results, wire.ErrorCodeInviteUsedUp))
	var members int
	require.NoError(t, h.pool.QueryRow(ctx, "SELECT count(*) FROM members WHERE room_id = $1", r.ID.UUID()).Scan(&members))
	require.Equal(t, 1+5, members)
}

func TestOnePersonUsesAnInviteOnceHoweverOftenTheyClick(t *testing.T) {
	h := newHouse(t)
	owner, friend := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	i := h.invite(t, r, owner, NewInvite{MaxUses: 2, Role: wire.RoleMember})
	results := atOnce(8, func(int) error {
		_, _, err := h.AcceptInvite(ctx, i.Code, friend, "")
		return err
	})
	require.Equal(t, 8, count(results, ""))
	list, err := h.Invites(ctx, r.Slug, owner)
	require.NoError(t, err)
	require.Equal(t, 1, list[0].Uses)
}

func TestAnInviteRaisesARoleAndNeverLowersOne(t *testing.T) {
	h := newHouse(t)
	owner, friend := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	asGuest := h.invite(t, r, owner, NewInvite{})
	asModerator := h.invite(t, r, owner, NewInvite{Role: wire.RoleModerator})
	for _, c := range []struct {
		who    accounts.Person
		code   string
		role   wire.Role
		raised bool
	}{
		{friend, asGuest.Code, wire.RoleGuest, true}, {friend, asModerator.Code, wire.RoleModerator, true},
		{friend, asGuest.Code, wire.RoleModerator, false}, {owner, asModerator.Code, wire.RoleOwner, false},
	} {
		seat, raised, err := h.AcceptInvite(ctx, c.code, c.who, "")
		require.NoError(t, err)
		require.Equal(t, c.role, seat.Role)
		require.Equal(t, c.raised, raised)
	}
}

// everyKind are rooms that any account may enter by itself, and others; host moderates them all.
func (h *house) everyKind(t *testing.T, host accounts.Person) (open, shut []Room) {
	t.Helper()
	for _, privacy := range []wire.Privacy{wire.PrivacyPublic, wire.PrivacyUnlisted, wire.PrivacyPrivate} {
		owner := h.account(t)
		plain := h.room(t, owner, privacy)
		locked, err := h.Create(ctx, owner, NewRoom{Title: "Film night", Privacy: privacy, Password: "sesame"})
		require.NoError(t, err)
		h.seat(t, plain, host, wire.RoleModerator)
		h.seat(t, locked, host, wire.RoleModerator)
		shut = append(shut, locked)
		if privacy == wire.PrivacyPrivate {
			shut = append(shut, plain)
		} else {
			open = append(open, plain)
		}
	}
	return open, shut
}

func TestAnAccountByAnInviteForGuestsIsAMemberOnlyWhereAnyAccountMayEnter(t *testing.T) {
	h := newHouse(t)
	owner, friend := h.account(t), h.account(t)
	open, shut := h.everyKind(t, owner)
	for _, r := range open {
		seat, _, err := h.AcceptInvite(ctx, h.invite(t, r, owner, NewInvite{}).Code, friend, "")
		require.NoError(t, err)
		require.Equal(t, wire.RoleMember, seat.Role)
	}
	for _, r := range shut {
		seat, _, err := h.AcceptInvite(ctx, h.invite(t, r, owner, NewInvite{}).Code, friend, "")
		require.NoError(t, err)
		require.Equal(t, wire.RoleGuest, seat.Role)
		_, err = h.CreateInvite(ctx, r.Slug, friend, NewInvite{Role: wire.RoleMember})
		requireCode(t, wire.ErrorCodeForbidden, err)
	}
}

func TestWhoClaimsAnAccountIsAMemberOnlyWhereAnyAccountMayEnter(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	open, shut := h.everyKind(t, owner)
	trusted := h.room(t, owner, wire.PrivacyPrivate)
	_, guest, err := h.acceptAsGuest(h.invite(t, trusted, owner, NewInvite{Role: wire.RoleModerator}).Code, "Grace")
	require.NoError(t, err)
	want := map[ID]wire.Role{trusted.ID: wire.RoleModerator}
	var raised []uuid.UUID
	for _, r := range open {
		h.seat(t, r, guest, wire.RoleGuest)
		want[r.ID], raised = wire.RoleMember, append(raised, r.ID.UUID())
	}
	for _, r := range shut {
		h.seat(t, r, guest, wire.RoleGuest)
		want[r.ID] = wire.RoleGuest
	}
	claimed, err := h.people.Claim(ctx, accounts.Caller{Person: guest}, "grace", "a long password", "")
	require.NoError(t, err)
	require.ElementsMatch(t, raised, claimed.Rooms)
	for room, role := range want {
		got, err := h.Membership(ctx, room, guest.ID)
		require.NoError(t, err)
		require.Equal(t, role, got)
	}
	var audited []uuid.UUID
	require.NoError(t, h.pool.QueryRow(ctx, "SELECT array(SELECT jsonb_array_elements_text(detail->'memberOf')::uuid) FROM audit WHERE action = 'account.claimed' AND person_id = $1",
		guest.ID.UUID()).Scan(&audited))
	require.ElementsMatch(t, raised, audited)
}

func TestNobodyInvitesAboveTheirOwnRole(t *testing.T) {
	h := newHouse(t)
	owner, member, guest := h.account(t), h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	h.seat(t, r, member, wire.RoleMember)
	h.seat(t, r, guest, wire.RoleGuest)
	_, err := h.CreateInvite(ctx, r.Slug, member, NewInvite{Role: wire.RoleModerator})
	requireCode(t, wire.ErrorCodeForbidden, err)
	_, err = h.CreateInvite(ctx, r.Slug, guest, NewInvite{})
	requireCode(t, wire.ErrorCodeForbidden, err)
	_, err = h.CreateInvite(ctx, r.Slug, h.account(t), NewInvite{})
	requireCode(t, wire.ErrorCodeNotFound, err)
	_, err = h.CreateInvite(ctx, r.Slug, owner, NewInvite{Role: wire.RoleOwner})
	requireCode(t, wire.ErrorCodeInvalidField, err)
	h.invite(t, r, member, NewInvite{Role: wire.RoleMember})
}

func TestInvitesOfOthersAreTheOwnersToSeeAndRevoke(t *testing.T) {
	h := newHouse(t)
	owner, member, moderator := h.account(t), h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	other := h.room(t, owner, wire.PrivacyPrivate)
	h.seat(t, r, member, wire.RoleMember)
	h.seat(t, r, moderator, wire.RoleModerator)
	owners, members := h.invite(t, r, owner, NewInvite{}), h.invite(t, r, member, NewInvite{})
	seen := func(by accounts.Person) (codes []string) {
		list, err := h.Invites(ctx, r.Slug, by)
		require.NoError(t, err)
		for _, i := range list {
			codes = append(codes, i.Code)
		}
		return codes
	}
	require.ElementsMatch(t, []string{owners.Code, members.Code}, seen(owner))
	require.Equal(t, []string{members.Code}, seen(member))
	require.Empty(t, seen(moderator))
	requireCode(t, wire.ErrorCodeNotFound, h.RevokeInvite(ctx, r.Slug, moderator, members.ID))
	requireCode(t, wire.ErrorCodeNotFound, h.RevokeInvite(ctx, other.Slug, owner, members.ID))
	require.NoError(t, h.RevokeInvite(ctx, r.Slug, owner, members.ID))
	require.Empty(t, seen(member))
}
