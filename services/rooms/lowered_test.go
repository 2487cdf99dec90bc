package rooms

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

func TestAnOldLinkGivesNobodyBackWhatSomebodyTook(t *testing.T) {
	h := newHouse(t)
	owner, friend := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	links := map[wire.Role]Invitation{}
	for _, role := range []wire.Role{wire.RoleGuest, wire.RoleMember, wire.RoleModerator} {
		links[role] = h.invite(t, r, owner, NewInvite{Role: role})
	}
	accept := func(i Invitation, want wire.Role) {
		t.Helper()
		seat, _, err := h.AcceptInvite(ctx, i.Code, friend, "")
		require.NoError(t, err)
		require.Equal(t, want, seat.Role)
	}
	refused := func(i Invitation) {
		t.Helper()
		_, _, err := h.AcceptInvite(ctx, i.Code, friend, "")
		requireCode(t, wire.ErrorCodeInviteRevoked, err)
	}
	accept(links[wire.RoleModerator], wire.RoleModerator)
	h.clock.pass(time.Minute)
	_, _, err := h.SetRole(ctx, r.Slug, owner, friend.ID, wire.RoleMember)
	require.NoError(t, err)
	refused(links[wire.RoleModerator])
	accept(links[wire.RoleMember], wire.RoleMember)
	role, err := h.Membership(ctx, r.ID, friend.ID)
	require.NoError(t, err)
	require.Equal(t, wire.RoleMember, role)
	other := h.account(t)
	_, _, err = h.AcceptInvite(ctx, links[wire.RoleModerator].Code, other, "")
	require.NoError(t, err, "it works for others")

	_, err = h.Remove(ctx, r.Slug, friend, friend.ID)
	require.NoError(t, err)
	refused(links[wire.RoleModerator])
	accept(links[wire.RoleMember], wire.RoleMember)

	_, err = h.Remove(ctx, r.Slug, owner, friend.ID)
	require.NoError(t, err)
	for _, link := range links {
		refused(link)
	}
	h.clock.pass(time.Minute)
	accept(h.invite(t, r, owner, NewInvite{}), wire.RoleGuest)
	refused(links[wire.RoleMember])
	accept(h.invite(t, r, owner, NewInvite{Role: wire.RoleModerator}), wire.RoleModerator)

	t.Run("until it is given back", func(t *testing.T) {
		for _, role := range []wire.Role{wire.RoleGuest, wire.RoleModerator} {
			_, _, err := h.SetRole(ctx, r.Slug, owner, friend.ID, role)
			require.NoError(t, err)
		}
		_, err := h.Remove(ctx, r.Slug, friend, friend.ID)
		require.NoError(t, err)
		accept(links[wire.RoleModerator], wire.RoleModerator)
	})
}

func TestWhoWasMadeAGuestStaysOneWhateverTheyDoThemself(t *testing.T) {
	h := newHouse(t)
	owner, friend := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	join := func(want wire.Role) {
		t.Helper()
		seat, err := h.Join(ctx, r.Slug, friend, nil)
		require.NoError(t, err)
		require.Equal(t, want, seat.Role)
	}
	join(wire.RoleMember)
	_, _, err := h.SetRole(ctx, r.Slug, owner, friend.ID, wire.RoleGuest)
	require.NoError(t, err)
	for _, by := range []accounts.Person{friend, owner} { // who leaves, and who is removed
		_, err := h.Remove(ctx, r.Slug, by, friend.ID)
		require.NoError(t, err)
		join(wire.RoleGuest)
	}
	h.clock.pass(time.Minute)
	_, raised, err := h.AcceptInvite(ctx, h.invite(t, r, owner, NewInvite{}).Code, friend, "")
	require.NoError(t, err)
	require.False(t, raised)
	seat, _, err := h.AcceptInvite(ctx, h.invite(t, r, owner, NewInvite{Role: wire.RoleMember}).Code, friend, "")
	require.NoError(t, err)
	require.Equal(t, wire.RoleMember, seat.Role, "others may make them one")

	t.Run("claiming an account", func(t *testing.T) {
		guest := h.guest(t)
		h.seat(t, r, guest, wire.RoleMember)
		_, _, err := h.SetRole(ctx, r.Slug, owner, guest.ID, wire.RoleGuest)
		require.NoError(t, err)
		claimed, err := h.people.Claim(ctx, accounts.Caller{Person: guest}, "grace", "a long password", "")
		require.NoError(t, err)
		require.Empty(t, claimed.Rooms)
		role, err := h.Membership(ctx, r.ID, guest.ID)
		require.NoError(t, err)
		require.Equal(t, wire.RoleGuest, role)
	})
	t.Run("who was only removed comes back as before", func(t *testing.T) {
		friend = h.account(t)
		join(wire.RoleMember)
		_, err := h.Remove(ctx, r.Slug, owner, friend.ID)
		require.NoError(t, err)
		join(wire.RoleMember)
	})
}

func TestALinkThatIsAcceptedAtThatMomentWaitsForTheDecision(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	member := people[wire.RoleMember]
	link := h.invite(t, r, people[wire.RoleOwner], NewInvite{Role: wire.RoleModerator})
	tx, err := h.pool.Begin(ctx)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = tx.Exec(ctx, "UPDATE members SET role = 'guest' WHERE room_id = $1 AND person_id = $2", r.ID.UUID(), member.ID.UUID())
	require.NoError(t, err)
	_, err = tx.Exec(ctx, "INSERT INTO lowered VALUES ($1, $2, 'guest', 'guest', $3)", r.ID.UUID(), member.ID.UUID(), h.now())
	require.NoError(t, err)
	accepted := make(chan error, 1)
	go func() {
		_, _, err := h.AcceptInvite(ctx, link.Code, member, "")
		accepted <- err
	}()
	h.awaitLock(t)
	require.NoError(t, tx.Commit(ctx))
	requireCode(t, wire.ErrorCodeInviteRevoked, <-accepted)
}

// awaitLock returns when somebody waits for what a transaction holds.
func (h *house) awaitLock(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		waiting := 0
		err := h.pool.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		return err == nil && waiting > 0
	}, 30*time.Second, 5*time.Millisecond, "it waits for the decision")
}
