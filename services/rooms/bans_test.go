package rooms

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

const home, cafe = "203.0.113.7", "198.51.100.20"

// changeTo makes what is muted just that.
func changeTo(m Muted) MuteChange { return MuteChange{Chat: &m.Chat, Call: &m.Call} }

// comesBy accepts an invite as a new guest.
func (h *house) comesBy(code, from string) (guest accounts.Person, err error) {
	_, err = h.AcceptInviteAsGuest(ctx, code, "Grace", from, func(_ *db.Queries, p accounts.Person) error {
		guest = p
		return nil
	})
	return guest, err
}

func TestWhoMayBanAndMuteWhom(t *testing.T) {
	all := []wire.Role{wire.RoleOwner, wire.RoleModerator, wire.RoleMember, wire.RoleGuest}
	may := map[wire.Role][]wire.Role{wire.RoleOwner: all[1:], wire.RoleModerator: all[2:]}
	h := newHouse(t)
	for _, by := range all {
		for _, target := range all {
			r, people := h.seated(t)
			victim := people[target]
			if by == target && by != wire.RoleOwner { // another of the same role
				victim = h.account(t)
				h.seat(t, r, victim, target)
			}
			_, m, muteErr := h.Mute(ctx, r.Slug, people[by], victim.ID, changeTo(Muted{Chat: true}))
			_, b, banErr := h.Ban(ctx, r.Slug, people[by], victim.ID, "flood", false)
			now, err := h.Standing(ctx, r.ID, victim.ID)
			require.NoError(t, err)
			if slices.Contains(may[by], target) {
				require.NoError(t, muteErr, "%s mutes %s", by, target)
				require.NoError(t, banErr, "%s bans %s", by, target)
				require.Equal(t, Muted{Chat: true}, m.Muted)
				require.Equal(t, victim.ID.UUID(), b.Person.Id)
				require.Equal(t, people[by].ID.UUID(), b.By.Id)
				require.Equal(t, "flood", b.Reason)
				require.Equal(t, Standing{Banned: true, Muted: Muted{Chat: true}}, now)
			} else {
				requireCode(t, wire.ErrorCodeForbidden, muteErr)
				requireCode(t, wire.ErrorCodeForbidden, banErr)
				require.Equal(t, Standing{Role: target}, now)
			}
		}
	}
}

func TestNothingLetsABannedPersonIn(t *testing.T) {
	h := newHouse(t)
	owner, friend := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	link := h.invite(t, r, owner, NewInvite{Role: wire.RoleModerator})
	_, _, err := h.AcceptInvite(ctx, link.Code, friend, home)
	require.NoError(t, err)
	own := h.invite(t, r, friend, NewInvite{})
	_, first, err := h.Ban(ctx, r.Slug, owner, friend.ID, " rude\n again ", false)
	require.NoError(t, err)
	require.Equal(t, "rude again", first.Reason)
	_, again, err := h.Ban(ctx, r.Slug, owner, friend.ID, "another reason", false)
	require.NoError(t, err)
	require.Equal(t, first, again)

	h.clock.pass(time.Minute)
	later := h.invite(t, r, owner, NewInvite{Role: wire.RoleMember})
	for name, try := range map[string]func() error{
		"the address":       func() error { _, err := h.Join(ctx, r.Slug, friend, nil); return err },
		"looking":           func() error { _, err := h.Get(ctx, r.Slug, friend); return err },
		"an invite":         func() error { _, _, err := h.AcceptInvite(ctx, link.Code, friend, cafe); return err },
		"one from later":    func() error { _, _, err := h.AcceptInvite(ctx, later.Code, friend, ""); return err },
		"what members have": func() error { _, err := h.Authorize(ctx, r.Slug, friend, Chat); return err },
	} {
		require.Equal(t, wire.ErrorCodeBanned, wire.CodeOf(try()), name)
	}
	_, err = h.comesBy(own.Code, cafe)
	requireCode(t, wire.ErrorCodeInviteRevoked, err)

	list, more, err := h.Bans(ctx, r.Slug, owner, "", 10)
	require.NoError(t, err)
	require.False(t, more)
	require.Equal(t, []Ban{first}, list)

	require.NoError(t, h.LiftBan(ctx, r.Slug, owner, first.ID))
	requireCode(t, wire.ErrorCodeNotFound, h.LiftBan(ctx, r.Slug, owner, first.ID))
	_, _, err = h.AcceptInvite(ctx, link.Code, friend, home)
	requireCode(t, wire.ErrorCodeInviteRevoked, err)
	seat, _, err := h.AcceptInvite(ctx, later.Code, friend, home)
	require.NoError(t, err)
	require.Equal(t, wire.RoleMember, seat.Role)
}

func TestAGuestWhoReturnsUnderAnotherNameIsKnown(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	link, other := h.invite(t, r, owner, NewInvite{}), h.invite(t, r, owner, NewInvite{})
	flatmate := h.account(t)
	troll, err := h.comesBy(link.Code, home)
	require.NoError(t, err)
	require.NoError(t, h.Arrived(ctx, r.ID, troll.ID, cafe)) // and once from elsewhere
	sibling, err := h.comesBy(link.Code, home)
	require.NoError(t, err)
	h.clock.pass(time.Minute)
	_, ban, err := h.Ban(ctx, r.Slug, owner, troll.ID, "", false)
	require.NoError(t, err)
	require.True(t, ban.Marked)
	h.clock.pass(time.Minute)

	for _, from := range []string{home, cafe} {
		_, err = h.comesBy(link.Code, from)
		require.Equal(t, wire.ErrorCodeBanned, wire.CodeOf(err), from)
	}
	young := h.account(t)
	_, _, err = h.AcceptInvite(ctx, link.Code, young, home)
	require.Equal(t, wire.ErrorCodeBanned, wire.CodeOf(err), "an account costs no more than another name")

	for name, comes := range map[string]func() error{
		"from elsewhere":                func() error { _, err := h.comesBy(link.Code, "192.0.2.1"); return err },
		"by another invite":             func() error { _, err := h.comesBy(other.Code, home); return err },
		"from nowhere known":            func() error { _, err := h.comesBy(link.Code, ""); return err },
		"with an account from before":   func() error { _, _, err := h.AcceptInvite(ctx, link.Code, flatmate, home); return err },
		"who is there, by it again":     func() error { _, _, err := h.AcceptInvite(ctx, link.Code, sibling, home); return err },
		"who is there, by the address":  func() error { _, err := h.Join(ctx, r.Slug, sibling, nil); return err },
		"by the same invite and a flat": func() error { _, err := h.comesBy(link.Code, "203.0.113.8"); return err },
	} {
		require.NoError(t, comes(), name)
	}

	t.Run("also when the guest is gone", func(t *testing.T) {
		_, err := h.people.Delete(ctx, accounts.Caller{Person: troll}, "")
		require.NoError(t, err)
		_, err = h.comesBy(link.Code, home)
		requireCode(t, wire.ErrorCodeBanned, err)
		list, _, err := h.Bans(ctx, r.Slug, owner, "gra", 10)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Nil(t, list[0].Person)
		require.Equal(t, "Grace", list[0].Name)
	})
	t.Run("until it is lifted", func(t *testing.T) {
		require.NoError(t, h.LiftBan(ctx, r.Slug, owner, ban.ID))
		_, err := h.comesBy(link.Code, home)
		require.NoError(t, err)
	})
}

func TestABanHoldsWhateverTheClockSays(t *testing.T) {
	h := newHouse(t)
	owner, friend := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	link := h.invite(t, r, owner, NewInvite{})
	_, _, err := h.AcceptInvite(ctx, link.Code, friend, cafe)
	require.NoError(t, err)
	troll, err := h.comesBy(link.Code, home)
	require.NoError(t, err)
	for _, p := range []accounts.Person{friend, troll} {
		_, _, err = h.Ban(ctx, r.Slug, owner, p.ID, "", false)
		require.NoError(t, err)
	}
	for _, jump := range []time.Duration{-48 * time.Hour, 10 * 365 * 24 * time.Hour} {
		h.clock.pass(jump)
		for name, comes := range map[string]func() error{
			"the address": func() error { _, err := h.Join(ctx, r.Slug, friend, nil); return err },
			"the invite":  func() error { _, _, err := h.AcceptInvite(ctx, link.Code, friend, ""); return err },
			"a new name":  func() error { _, err := h.comesBy(link.Code, home); return err },
		} {
			require.Equal(t, wire.ErrorCodeBanned, wire.CodeOf(comes()), "%s after %s", name, jump)
		}
	}
}

func TestNoAddressIsKeptAndOnlyTheLastFew(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r, elsewhere := h.room(t, owner, wire.PrivacyPublic), h.room(t, owner, wire.PrivacyPublic)
	guest, err := h.comesBy(h.invite(t, r, owner, NewInvite{}).Code, home)
	require.NoError(t, err)
	for i := range knownAddresses {
		h.clock.pass(time.Minute)
		for range 2 {
			require.NoError(t, h.Arrived(ctx, r.ID, guest.ID, "192.0.2."+string(rune('0'+i))))
		}
	}
	require.NoError(t, h.Arrived(ctx, r.ID, owner.ID, home), "who came by no invite is not noted")
	rows, err := h.pool.Query(ctx, "SELECT address FROM arrivals")
	require.NoError(t, err)
	defer rows.Close()
	kept := 0
	for ; rows.Next(); kept++ {
		var address []byte
		require.NoError(t, rows.Scan(&address))
		require.Len(t, address, 16)
		require.NotEqual(t, h.mark(r.ID, home), address, "the first is forgotten")
	}
	require.NoError(t, rows.Err())
	require.Equal(t, knownAddresses, kept)
	require.NotEqual(t, h.mark(r.ID, home), h.mark(elsewhere.ID, home), "two rooms can't compare")
	require.NotEqual(t, h.mark(r.ID, home), New(Options{Pool: h.pool}).mark(r.ID, home), "nor can who has not the secret")
}

func TestOnlyThoseWhoWereThereAreBanned(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	moderator := people[wire.RoleModerator]
	for _, stranger := range []accounts.PersonID{h.account(t).ID, accounts.NewPersonID()} {
		_, _, err := h.Ban(ctx, r.Slug, moderator, stranger, "", false)
		requireCode(t, wire.ErrorCodeNotFound, err)
	}
	for _, role := range []wire.Role{wire.RoleMember, wire.RoleGuest} { // removed by another, and left after writing
		by := people[role]
		if role == wire.RoleMember {
			by = moderator
		} else {
			h.say(t, r, by, "bye")
		}
		_, err := h.Remove(ctx, r.Slug, by, people[role].ID)
		require.NoError(t, err)
		_, _, err = h.Ban(ctx, r.Slug, moderator, people[role].ID, "", false)
		require.NoError(t, err, role)
	}
}

func TestWhatTheOwnerDecidedOnlyTheOwnerChanges(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	owner, moderator, member, guest := people[wire.RoleOwner], people[wire.RoleModerator], people[wire.RoleMember], people[wire.RoleGuest]
	_, _, err := h.Mute(ctx, r.Slug, owner, member.ID, changeTo(Muted{Call: true}))
	require.NoError(t, err)
	_, ban, err := h.Ban(ctx, r.Slug, owner, guest.ID, "", false)
	require.NoError(t, err)
	_, _, err = h.Mute(ctx, r.Slug, moderator, member.ID, changeTo(Muted{}))
	requireCode(t, wire.ErrorCodeForbidden, err)
	requireCode(t, wire.ErrorCodeForbidden, h.LiftBan(ctx, r.Slug, moderator, ban.ID))
	requireCode(t, wire.ErrorCodeForbidden, h.LiftBan(ctx, r.Slug, member, ban.ID))
	_, _, err = h.Bans(ctx, r.Slug, member, "", 10)
	requireCode(t, wire.ErrorCodeForbidden, err)

	_, err = h.HandOver(ctx, r.Slug, owner, member.ID)
	require.NoError(t, err)
	now, err := h.Standing(ctx, r.ID, member.ID)
	require.NoError(t, err)
	require.Equal(t, Standing{Role: wire.RoleOwner}, now, "nobody could lift it")
	require.NoError(t, h.LiftBan(ctx, r.Slug, moderator, ban.ID), "who decided it is the owner no more")
}

func TestAMuteOutlastsTheSeatAndTakesWhatARoleGives(t *testing.T) {
	h := newHouse(t)
	owner, friend := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	_, err := h.Join(ctx, r.Slug, friend, nil)
	require.NoError(t, err)
	_, m, err := h.Mute(ctx, r.Slug, owner, friend.ID, changeTo(Muted{Chat: true, Call: true}))
	require.NoError(t, err)
	require.Equal(t, &wire.Muted{Chat: true, Call: true}, m.Wire().Muted)
	_, err = h.Remove(ctx, r.Slug, friend, friend.ID)
	require.NoError(t, err)
	back, err := h.Join(ctx, r.Slug, friend, nil)
	require.NoError(t, err)
	require.Equal(t, Control|Navigate|Pin|Invite, back.Permissions())
	_, _, err = h.SetRole(ctx, r.Slug, owner, friend.ID, wire.RoleModerator)
	require.NoError(t, err)
	_, err = h.Authorize(ctx, r.Slug, friend, Chat)
	requireCode(t, wire.ErrorCodeForbidden, err)
	_, _, err = h.Mute(ctx, r.Slug, friend, friend.ID, changeTo(Muted{}))
	requireCode(t, wire.ErrorCodeForbidden, err)
	_, m, err = h.Mute(ctx, r.Slug, owner, friend.ID, changeTo(Muted{}))
	require.NoError(t, err)
	require.Nil(t, m.Wire().Muted)
	_, err = h.Authorize(ctx, r.Slug, friend, Chat|Voice)
	require.NoError(t, err)
}

func TestABanAndAJoinAtTheSameMomentEndWithNobodyInside(t *testing.T) {
	h := newHouse(t)
	owner, friend := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	link := h.invite(t, r, owner, NewInvite{})
	h.say(t, r, friend, "hello")
	for name, comes := range map[string]func() error{
		"by the address": func() error { _, err := h.Join(ctx, r.Slug, friend, nil); return err },
		"by an invite":   func() error { _, _, err := h.AcceptInvite(ctx, link.Code, friend, home); return err },
	} {
		t.Run(name, func(t *testing.T) {
			tx, err := h.pool.Begin(ctx)
			require.NoError(t, err)
			defer func() { _ = tx.Rollback(ctx) }()
			_, err = db.New(tx).LockPerson(ctx, friend.ID.UUID())
			require.NoError(t, err)
			result := make(chan error, 1)
			go func() { result <- comes() }()
			h.awaitLock(t)
			require.NoError(t, h.ban(ctx, db.New(tx), r.ID, owner.ID, friend, "", "", false))
			require.NoError(t, tx.Commit(ctx))
			require.Error(t, <-result)
			now, err := h.Standing(ctx, r.ID, friend.ID)
			require.NoError(t, err)
			require.Equal(t, Standing{Banned: true}, now)
			list, _, err := h.Bans(ctx, r.Slug, owner, "", 1)
			require.NoError(t, err)
			require.NoError(t, h.LiftBan(ctx, r.Slug, owner, list[0].ID))
		})
	}
}

func TestAModeratorRemovesNoMessageOfWhoIsNotBelow(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	second := h.account(t)
	h.seat(t, r, second, wire.RoleModerator)
	for role, may := range map[wire.Role]bool{wire.RoleOwner: false, wire.RoleModerator: false, wire.RoleMember: true, wire.RoleGuest: true} {
		m := h.say(t, r, people[role], string(role))
		_, err := h.RemoveMessage(ctx, r.ID, second.ID, true, m.Seq)
		if may {
			require.NoError(t, err)
		} else {
			requireCode(t, wire.ErrorCodeForbidden, err)
			_, err = h.RemoveMessage(ctx, r.ID, people[wire.RoleOwner].ID, true, m.Seq)
			require.NoError(t, err)
		}
	}
	gone := h.say(t, r, h.account(t), "who left long ago")
	_, err := h.RemoveMessage(ctx, r.ID, second.ID, true, gone.Seq)
	require.NoError(t, err)
}

func TestOfTwoWhoMuteAtOnceBothAreHeard(t *testing.T) {
	h := newHouse(t)
	r, people := h.seated(t)
	changes := []MuteChange{{Chat: new(true)}, {Call: new(true)}}
	by := []accounts.Person{people[wire.RoleOwner], people[wire.RoleOwner]}
	codes := atOnce(2, func(i int) error {
		_, _, err := h.Mute(ctx, r.Slug, by[i], people[wire.RoleGuest].ID, changes[i])
		return err
	})
	require.Equal(t, 2, count(codes, ""))
	now, err := h.Standing(ctx, r.ID, people[wire.RoleGuest].ID)
	require.NoError(t, err)
	require.Equal(t, Muted{Chat: true, Call: true}, now.Muted)
	_, m, err := h.Mute(ctx, r.Slug, people[wire.RoleOwner], people[wire.RoleGuest].ID, MuteChange{Chat: new(false)})
	require.NoError(t, err)
	require.Equal(t, Muted{Call: true}, m.Muted)
}

func TestWhoAsksAtTheDoorIsBannedAndNoOtherStranger(t *testing.T) {
	h := newHouse(t)
	owner, stranger := h.account(t), h.account(t)
	r := h.enteredBy(t, owner, wire.EntryAsk)
	_, _, err := h.Ban(ctx, r.Slug, owner, stranger.ID, "", false)
	requireCode(t, wire.ErrorCodeNotFound, err)
	_, _, err = h.Ban(ctx, r.Slug, owner, stranger.ID, "rings without end", true)
	require.NoError(t, err)
	_, err = h.MayAsk(ctx, r.Slug, stranger)
	requireCode(t, wire.ErrorCodeBanned, err)
}

func TestAMutedGuestWhoReturnsUnderAnotherNameIsMutedStill(t *testing.T) {
	h := newHouse(t)
	owner, flatmate := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	link, other := h.invite(t, r, owner, NewInvite{}), h.invite(t, r, owner, NewInvite{})
	loud, err := h.comesBy(link.Code, home)
	require.NoError(t, err)
	muted := func(p accounts.Person) Muted {
		t.Helper()
		now, err := h.Standing(ctx, r.ID, p.ID)
		require.NoError(t, err)
		return now.Muted
	}
	returns := func(code, from string) accounts.Person {
		t.Helper()
		p, err := h.comesBy(code, from)
		require.NoError(t, err)
		return p
	}
	sibling := returns(link.Code, home)
	h.clock.pass(time.Minute)
	_, _, err = h.Mute(ctx, r.Slug, owner, loud.ID, MuteChange{Chat: new(true)})
	require.NoError(t, err)
	require.NoError(t, h.Arrived(ctx, r.ID, loud.ID, cafe)) // and later from elsewhere
	h.clock.pass(time.Minute)
	require.Equal(t, Muted{Chat: true}, muted(returns(link.Code, home)))
	require.Equal(t, Muted{Chat: true}, muted(returns(link.Code, cafe)))
	young := h.account(t)
	_, _, err = h.AcceptInvite(ctx, link.Code, young, home)
	require.NoError(t, err)
	require.Equal(t, Muted{Chat: true}, muted(young), "an account costs no more than another name")
	_, _, err = h.AcceptInvite(ctx, link.Code, flatmate, home)
	require.NoError(t, err)
	for name, p := range map[string]accounts.Person{
		"from elsewhere": returns(link.Code, "192.0.2.1"), "by another invite": returns(other.Code, home), "from nowhere known": returns(link.Code, ""),
		"with an account from before": flatmate, "who was there": sibling,
	} {
		require.Equal(t, Muted{}, muted(p), name)
	}

	_, err = h.people.Delete(ctx, accounts.Caller{Person: loud}, "")
	require.NoError(t, err)
	again := returns(link.Code, home)
	require.Equal(t, Muted{Chat: true}, muted(again), "also when the guest is gone")
	moderator := h.account(t)
	h.seat(t, r, moderator, wire.RoleModerator)
	_, _, err = h.Mute(ctx, r.Slug, moderator, again.ID, MuteChange{Chat: new(false)})
	requireCode(t, wire.ErrorCodeForbidden, err) // what the owner decided stays the owner's
	_, _, err = h.Mute(ctx, r.Slug, owner, again.ID, MuteChange{Chat: new(false)})
	require.NoError(t, err)
	require.Equal(t, Muted{}, muted(returns(link.Code, home)), "who is unmuted stays so by whatever name")
}

func TestClaimingAnAccountShedsNoBanAndNoMute(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	link := h.invite(t, r, owner, NewInvite{})
	banned, err := h.comesBy(link.Code, home)
	require.NoError(t, err)
	muted, err := h.comesBy(link.Code, cafe)
	require.NoError(t, err)
	_, _, err = h.Ban(ctx, r.Slug, owner, banned.ID, "", false)
	require.NoError(t, err)
	_, _, err = h.Mute(ctx, r.Slug, owner, muted.ID, MuteChange{Call: new(true)})
	require.NoError(t, err)
	for i, p := range []*accounts.Person{&banned, &muted} {
		claimed, err := h.people.Claim(ctx, accounts.Caller{Person: *p}, []string{"clara", "maria"}[i], "a long password", "")
		require.NoError(t, err)
		require.Equal(t, p.ID, claimed.Person.ID)
		*p = claimed.Person
	}
	_, err = h.Join(ctx, r.Slug, banned, nil)
	requireCode(t, wire.ErrorCodeBanned, err)
	_, _, err = h.AcceptInvite(ctx, link.Code, banned, cafe)
	requireCode(t, wire.ErrorCodeBanned, err)
	now, err := h.Standing(ctx, r.ID, muted.ID)
	require.NoError(t, err)
	require.Equal(t, Standing{Role: wire.RoleMember, Muted: Muted{Call: true}}, now)
}

func TestAsManyMarksAreKeptOfAMuteAsAddressesOfAPerson(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	link := h.invite(t, r, owner, NewInvite{})
	loud, err := h.comesBy(link.Code, home)
	require.NoError(t, err)
	_, _, err = h.Mute(ctx, r.Slug, owner, loud.ID, MuteChange{Chat: new(true)})
	require.NoError(t, err)
	marks := func() (n int) {
		t.Helper()
		require.NoError(t, h.pool.QueryRow(ctx, "SELECT count(*) FROM mute_marks").Scan(&n))
		return n
	}
	for i := range knownAddresses + 5 {
		h.clock.pass(time.Minute)
		require.NoError(t, h.Arrived(ctx, r.ID, loud.ID, fmt.Sprintf("192.0.2.%d", i)))
	}
	require.Equal(t, knownAddresses, marks())
	for range 5 {
		again, err := h.comesBy(link.Code, fmt.Sprintf("192.0.2.%d", knownAddresses+4))
		require.NoError(t, err)
		now, err := h.Standing(ctx, r.ID, again.ID)
		require.NoError(t, err)
		require.Equal(t, Muted{Chat: true}, now.Muted)
	}
	require.Equal(t, knownAddresses, marks(), "what is known already is not noted again")
}

func TestByANewOwnerNobodyIsKnownAsMuted(t *testing.T) {
	h := newHouse(t)
	owner, heir := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	link := h.invite(t, r, owner, NewInvite{})
	_, _, err := h.AcceptInvite(ctx, link.Code, heir, home)
	require.NoError(t, err)
	_, _, err = h.Mute(ctx, r.Slug, owner, heir.ID, MuteChange{Call: new(true)})
	require.NoError(t, err)
	_, err = h.HandOver(ctx, r.Slug, owner, heir.ID)
	require.NoError(t, err)
	friend, err := h.comesBy(link.Code, home)
	require.NoError(t, err)
	now, err := h.Standing(ctx, r.ID, friend.ID)
	require.NoError(t, err)
	require.Equal(t, Muted{}, now.Muted)
}

func TestAMuteThatIsLiftedAtThatMomentLeavesNoMark(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyPublic)
	loud, err := h.comesBy(h.invite(t, r, owner, NewInvite{}).Code, home)
	require.NoError(t, err)
	_, _, err = h.Mute(ctx, r.Slug, owner, loud.ID, MuteChange{Chat: new(true)})
	require.NoError(t, err)
	tx, err := h.pool.Begin(ctx)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	q := db.New(tx)
	require.NoError(t, q.DeleteMute(ctx, db.DeleteMuteParams{RoomID: r.ID.UUID(), PersonID: loud.ID.UUID()}))
	require.NoError(t, q.DropMuteMarks(ctx, db.DropMuteMarksParams{RoomID: r.ID.UUID(), PersonID: new(loud.ID.UUID()), Shared: true}))
	arrived := make(chan error, 1)
	go func() { arrived <- h.Arrived(ctx, r.ID, loud.ID, cafe) }()
	h.awaitLock(t)
	require.NoError(t, tx.Commit(ctx))
	require.NoError(t, <-arrived)
	var marks int
	require.NoError(t, h.pool.QueryRow(ctx, "SELECT count(*) FROM mute_marks").Scan(&marks))
	require.Zero(t, marks)
}
