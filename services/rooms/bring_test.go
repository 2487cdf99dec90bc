package rooms

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

func TestAnAccountGetsTheSeatsOfTheGuestWhoSignsInToIt(t *testing.T) {
	h := newHouse(t)
	owner, ann := h.account(t), h.account(t)
	guest := h.guest(t)
	private, open := h.room(t, owner, wire.PrivacyPrivate), h.room(t, owner, wire.PrivacyUnlisted)
	asked := h.enteredBy(t, owner, wire.EntryAsk)
	for _, r := range []Room{private, open} {
		link := h.invite(t, r, owner, NewInvite{})
		_, _, err := h.AcceptInvite(ctx, link.Code, guest, home)
		require.NoError(t, err)
	}
	require.NoError(t, h.LetIn(ctx, asked.ID, owner.ID, guest.ID))
	_, _, err := h.Mute(ctx, private.Slug, owner, guest.ID, MuteChange{Chat: new(true)})
	require.NoError(t, err)
	_, err = h.SetLocks(ctx, private.Slug, owner, LockChange{Room: new(true)}, []accounts.PersonID{guest.ID})
	require.NoError(t, err)

	changed, err := h.BringSeats(ctx, guest.ID, ann.ID)
	require.NoError(t, err)
	require.ElementsMatch(t, []ID{private.ID, open.ID, asked.ID}, changed)
	for _, want := range []struct {
		room Room
		now  Standing
	}{
		{private, Standing{Role: wire.RoleGuest, Muted: Muted{Chat: true}}}, {open, Standing{Role: wire.RoleMember}}, {asked, Standing{Role: wire.RoleGuest}},
	} {
		now, err := h.Standing(ctx, want.room.ID, ann.ID)
		require.NoError(t, err)
		require.Equal(t, want.now, now)
		now, err = h.Standing(ctx, want.room.ID, guest.ID)
		require.NoError(t, err)
		require.Empty(t, now.Role, "nobody sits there twice")
	}
	again, err := h.BringSeats(ctx, guest.ID, ann.ID)
	require.NoError(t, err)
	require.Empty(t, again)
	h.clock.pass(VisitLife + time.Minute)
	now, err := h.Standing(ctx, asked.ID, ann.ID)
	require.NoError(t, err)
	require.Empty(t, now.Role, "a visit stays one")
}

func TestASeatIsNotBroughtPastWhatWasDecidedAboutTheAccount(t *testing.T) {
	h := newHouse(t)
	owner, banned, removed, moderator := h.account(t), h.account(t), h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	for _, p := range []accounts.Person{banned, removed} {
		h.seat(t, r, p, wire.RoleMember)
	}
	h.seat(t, r, moderator, wire.RoleModerator)
	_, _, err := h.Ban(ctx, r.Slug, owner, banned.ID, "", false)
	require.NoError(t, err)
	_, err = h.Remove(ctx, r.Slug, owner, removed.ID)
	require.NoError(t, err)
	for account, want := range map[accounts.PersonID]Standing{banned.ID: {Banned: true}, removed.ID: {}, moderator.ID: {Role: wire.RoleModerator}} {
		guest := h.guest(t)
		h.seat(t, r, guest, wire.RoleGuest)
		changed, err := h.BringSeats(ctx, guest.ID, account)
		require.NoError(t, err)
		if account == moderator.ID { // the guest sits there no more
			require.Equal(t, []ID{r.ID}, changed)
		} else {
			require.Empty(t, changed)
		}
		now, err := h.Standing(ctx, r.ID, account)
		require.NoError(t, err)
		require.Equal(t, want, now)
	}
}

func TestWhatIsDecidedAboutAGuestWhileTheySignInHoldsForTheAccount(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	for decision, d := range map[string]struct {
		stored string
		want   Standing
	}{
		"muted":   {"INSERT INTO mutes (room_id, person_id, chat, call, by_id, at) VALUES ($1, $2, true, false, $3, now())", Standing{Role: wire.RoleGuest, Muted: Muted{Chat: true}}},
		"removed": {"DELETE FROM members WHERE room_id = $1 AND person_id = $2 AND $3::uuid IS NOT NULL", Standing{}},
	} {
		t.Run(decision, func(t *testing.T) {
			r, guest, ann := h.room(t, owner, wire.PrivacyPrivate), h.guest(t), h.account(t)
			h.seat(t, r, guest, wire.RoleGuest)
			tx, err := h.pool.Begin(ctx)
			require.NoError(t, err)
			defer func() { _ = tx.Rollback(ctx) }()
			_, err = db.New(tx).LockMembers(ctx, db.LockMembersParams{RoomID: r.ID.UUID(), People: uuids([]accounts.PersonID{owner.ID, guest.ID})})
			require.NoError(t, err)
			_, err = tx.Exec(ctx, d.stored, r.ID.UUID(), guest.ID.UUID(), owner.ID.UUID())
			require.NoError(t, err)
			brought := make(chan error, 1)
			go func() {
				_, err := h.BringSeats(ctx, guest.ID, ann.ID)
				brought <- err
			}()
			h.awaitLock(t)
			require.NoError(t, tx.Commit(ctx))
			require.NoError(t, <-brought)
			now, err := h.Standing(ctx, r.ID, ann.ID)
			require.NoError(t, err)
			require.Equal(t, d.want, now)
		})
	}
}

func TestAMuteThatIsBroughtToWhoSitsThereAlreadyIsAChangeOfTheRoom(t *testing.T) {
	h := newHouse(t)
	owner, moderator, ann, guest := h.account(t), h.account(t), h.account(t), h.guest(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	for p, role := range map[*accounts.Person]wire.Role{&moderator: wire.RoleModerator, &ann: wire.RoleMember, &guest: wire.RoleGuest} {
		h.seat(t, r, *p, role)
	}
	_, _, err := h.Mute(ctx, r.Slug, moderator, ann.ID, MuteChange{Chat: new(true)})
	require.NoError(t, err)
	_, _, err = h.Mute(ctx, r.Slug, owner, guest.ID, MuteChange{Call: new(true)})
	require.NoError(t, err)
	changed, err := h.BringSeats(ctx, guest.ID, ann.ID)
	require.NoError(t, err)
	require.Equal(t, []ID{r.ID}, changed)
	now, err := h.Standing(ctx, r.ID, ann.ID)
	require.NoError(t, err)
	require.Equal(t, Standing{Role: wire.RoleMember, Muted: Muted{Chat: true, Call: true}}, now)
	_, _, err = h.Mute(ctx, r.Slug, moderator, ann.ID, MuteChange{Call: new(false)})
	requireCode(t, wire.ErrorCodeForbidden, err) // what the owner decided stays the owner's
}

func TestWhoIsMadeAMemberByTheirAccountIsOneForGood(t *testing.T) {
	h := newHouse(t)
	owner, ann, guest := h.account(t), h.account(t), h.guest(t)
	r := h.enteredBy(t, owner, wire.EntryAsk)
	require.NoError(t, h.LetIn(ctx, r.ID, owner.ID, guest.ID))
	_, err := h.Update(ctx, r.Slug, owner, Change{Entry: new(wire.EntryOpen)})
	require.NoError(t, err)
	_, err = h.BringSeats(ctx, guest.ID, ann.ID)
	require.NoError(t, err)
	h.clock.pass(VisitLife + time.Minute)
	now, err := h.Standing(ctx, r.ID, ann.ID)
	require.NoError(t, err)
	require.Equal(t, Standing{Role: wire.RoleMember}, now)
}
