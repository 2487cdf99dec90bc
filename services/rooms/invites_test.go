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
	seat, err = h.AcceptInviteAsGuest(ctx, code, name, func(_ *db.Queries, p accounts.Person) error {
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
	_, err := h.AcceptInviteAsGuest(ctx, i.Code, "Grace", func(*db.Queries, accounts.Person) error { return fault })
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
		_, err = h.AcceptInvite(ctx, code, late)
		requireCode(t, want, err)
		_, _, err = h.acceptAsGuest(code, "Late")
		requireCode(t, want, err)
	}
	require.Equal(t, before, h.everybody(t))
	role, err := h.Membership(ctx, r.ID, late.ID)
	require.NoError(t, err)
	require.Empty(t, role)
	_, err = h.AcceptInvite(ctx, usedUp.Code, first)
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
		_, err := h.AcceptInvite(ctx, i.Code, friend)
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
		who  accounts.Person
		code string
		role wire.Role
	}{
		{friend, asGuest.Code, wire.RoleMember}, {friend, asModerator.Code, wire.RoleModerator}, {friend, asGuest.Code, wire.RoleModerator},
		{owner, asModerator.Code, wire.RoleOwner},
	} {
		seat, err := h.AcceptInvite(ctx, c.code, c.who)
		require.NoError(t, err)
		require.Equal(t, c.role, seat.Role)
	}
}

func TestAGuestIsWhoHasNoAccount(t *testing.T) {
	h := newHouse(t)
	owner, friend := h.account(t), h.account(t)
	r, other, third := h.room(t, owner, wire.PrivacyPrivate), h.room(t, owner, wire.PrivacyPrivate), h.room(t, owner, wire.PrivacyPrivate)
	i := h.invite(t, r, owner, NewInvite{})
	seat, err := h.AcceptInvite(ctx, i.Code, friend)
	require.NoError(t, err)
	require.Equal(t, wire.RoleMember, seat.Role, "an account is a member at least")

	seat, guest, err := h.acceptAsGuest(i.Code, "Grace")
	require.NoError(t, err)
	require.Equal(t, wire.RoleGuest, seat.Role)
	h.seat(t, other, guest, wire.RoleGuest)
	h.seat(t, third, guest, wire.RoleModerator)
	claimed, err := h.people.Claim(ctx, accounts.Caller{Person: guest}, "grace", "a long password")
	require.NoError(t, err)
	require.ElementsMatch(t, []uuid.UUID{r.ID.UUID(), other.ID.UUID()}, claimed.Rooms)
	for room, want := range map[ID]wire.Role{r.ID: wire.RoleMember, other.ID: wire.RoleMember, third.ID: wire.RoleModerator} {
		role, err := h.Membership(ctx, room, guest.ID)
		require.NoError(t, err)
		require.Equal(t, want, role)
	}
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
	requireCode(t, wire.ErrorCodeRoomMembersOnly, err)
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
