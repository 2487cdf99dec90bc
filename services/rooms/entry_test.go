package rooms

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/wire"
)

func (h *house) enteredBy(t *testing.T, owner accounts.Person, entry wire.Entry) Room {
	t.Helper()
	r, err := h.Create(ctx, owner, NewRoom{Title: "Film night", Entry: entry})
	require.NoError(t, err)
	require.Equal(t, entry, r.Entry)
	return r
}

func TestTheEntryDecidesWhoComesInAndWhatAStrangerLearns(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		entry          wire.Entry
		account, guest wire.ErrorCode // by the address
		byInvite       wire.ErrorCode
		door           bool
	}{
		{wire.EntryOpen, "", wire.ErrorCodeGuestNotAllowed, "", false},
		{wire.EntryInvite, wire.ErrorCodeRoomMembersOnly, wire.ErrorCodeRoomMembersOnly, "", false},
		{wire.EntryAsk, wire.ErrorCodeRoomAsk, wire.ErrorCodeRoomAsk, "", true},
		{wire.EntryClosed, wire.ErrorCodeRoomClosed, wire.ErrorCodeRoomClosed, wire.ErrorCodeRoomClosed, false},
	} {
		t.Run(string(c.entry), func(t *testing.T) {
			owner := h.account(t)
			r := h.enteredBy(t, owner, c.entry)
			member := h.account(t)
			h.seat(t, r, member, wire.RoleMember)
			_, err := h.Join(ctx, r.Slug, member, nil)
			require.NoError(t, err, "who is a member comes in whatever the entry")

			for _, who := range []struct {
				person accounts.Person
				want   wire.ErrorCode
			}{{h.account(t), c.account}, {h.guest(t), c.guest}} {
				seen, err := h.Get(ctx, r.Slug, who.person)
				_, joinErr := h.Join(ctx, r.Slug, who.person, nil)
				if who.want == "" {
					require.NoError(t, err)
					require.NoError(t, joinErr)
					continue
				}
				requireCode(t, who.want, err)
				requireCode(t, who.want, joinErr)
				require.Equal(t, Room{}, seen, "they learn nothing else")
			}
			door, err := h.DoorOf(ctx, r.Slug)
			if c.door {
				require.NoError(t, err)
				require.Equal(t, r.Title, door.Title)
			} else {
				requireCode(t, wire.ErrorCodeNotFound, err)
			}

			invite := h.invite(t, r, owner, NewInvite{})
			for _, p := range []accounts.Person{h.account(t), h.guest(t)} {
				_, _, err = h.AcceptInvite(ctx, invite.Code, p, "")
				if c.byInvite != "" {
					requireCode(t, c.byInvite, err)
					continue
				}
				require.NoError(t, err)
			}
			_, _, err = h.AcceptInvite(ctx, invite.Code, member, "")
			require.NoError(t, err, "a member's own link")
		})
	}
}

func TestAPrivateRoomIsAsIfThereWereNone(t *testing.T) {
	h := newHouse(t)
	owner, stranger := h.account(t), h.account(t)
	r := h.room(t, owner, wire.PrivacyPrivate)
	require.Equal(t, wire.EntryInvite, r.Entry)
	_, err := h.Get(ctx, r.Slug, stranger)
	_, none := h.Get(ctx, "no-such-room", stranger)
	require.Equal(t, none, err, "not told from a room that isn't")
	_, err = h.Authorize(ctx, r.Slug, stranger, 0)
	require.Equal(t, none, err)
	_, err = h.DoorOf(ctx, r.Slug)
	require.Equal(t, none, err)
	_, err = h.MayAsk(ctx, r.Slug, stranger)
	require.Equal(t, none, err)
	_, err = h.Create(ctx, owner, NewRoom{Title: "x", Privacy: wire.PrivacyPrivate, Entry: wire.EntryAsk})
	requireCode(t, wire.ErrorCodeInvalidField, err)
	_, err = h.Update(ctx, r.Slug, owner, Change{Entry: new(wire.EntryOpen)})
	requireCode(t, wire.ErrorCodeInvalidField, err)
	closed, err := h.Update(ctx, r.Slug, owner, Change{Entry: new(wire.EntryClosed)})
	require.NoError(t, err)
	require.Equal(t, wire.EntryClosed, closed.Entry)
}

func TestEntryAndSizeAreChangedByTheOwner(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.room(t, owner, wire.PrivacyUnlisted)
	require.Equal(t, wire.EntryOpen, r.Entry)
	require.Zero(t, r.Size)
	r, err := h.Update(ctx, r.Slug, owner, Change{Entry: new(wire.EntryAsk), Size: new(7)})
	require.NoError(t, err)
	require.Equal(t, wire.EntryAsk, r.Entry)
	require.Equal(t, 7, r.Size)
	same, err := h.Update(ctx, r.Slug, owner, Change{})
	require.NoError(t, err)
	require.Equal(t, r, same, "what is not given stays")
	r, err = h.Update(ctx, r.Slug, owner, Change{Privacy: new(wire.PrivacyPrivate), Size: new(0)})
	require.NoError(t, err)
	require.Equal(t, wire.EntryInvite, r.Entry, "nobody asks at the door of a private room")
	require.Zero(t, r.Size)
	for _, size := range []int{-1, 1001} {
		_, err = h.Update(ctx, r.Slug, owner, Change{Size: &size})
		requireCode(t, wire.ErrorCodeInvalidField, err)
	}
}

func TestWhoIsLetInIsAMemberWithAnAccountAndVisitsWithout(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	r := h.enteredBy(t, owner, wire.EntryAsk)
	account, guest, member := h.account(t), h.guest(t), h.account(t)
	h.seat(t, r, member, wire.RoleMember)
	requireCode(t, wire.ErrorCodeForbidden, h.LetIn(ctx, r.ID, member.ID, account.ID))
	requireCode(t, wire.ErrorCodeRoomMembersOnly, h.LetIn(ctx, r.ID, account.ID, account.ID))
	for _, p := range []accounts.Person{account, guest, member, owner} {
		require.NoError(t, h.LetIn(ctx, r.ID, owner.ID, p.ID))
	}
	for _, c := range []struct {
		person accounts.Person
		want   wire.Role
	}{{account, wire.RoleMember}, {guest, wire.RoleGuest}, {member, wire.RoleMember}, {owner, wire.RoleOwner}} {
		joined, err := h.Join(ctx, r.Slug, c.person, nil)
		require.NoError(t, err)
		require.Equal(t, c.want, joined.Role)
	}

	h.clock.pass(VisitLife - time.Hour)
	joined, err := h.Join(ctx, r.Slug, guest, nil)
	require.NoError(t, err, "who came back is still there")
	require.Equal(t, wire.RoleGuest, joined.Role)
	h.clock.pass(VisitLife - time.Hour)
	_, err = h.Join(ctx, r.Slug, guest, nil)
	require.NoError(t, err, "a visit is counted from the last time")
	h.clock.pass(VisitLife + time.Hour)
	role, err := h.Membership(ctx, r.ID, guest.ID)
	require.NoError(t, err)
	require.Empty(t, role, "a visit ends")
	_, err = h.Join(ctx, r.Slug, guest, nil)
	requireCode(t, wire.ErrorCodeRoomAsk, err)
	page, err := h.List(ctx, guest, Mine, "", "", 10)
	require.NoError(t, err)
	require.Empty(t, page.Rooms)
	_, err = h.Join(ctx, r.Slug, account, nil)
	require.NoError(t, err, "a member stays")

	_, raised, err := h.AcceptInvite(ctx, h.invite(t, r, owner, NewInvite{}).Code, guest, "")
	require.NoError(t, err)
	require.True(t, raised)
	h.clock.pass(2 * VisitLife)
	_, err = h.Join(ctx, r.Slug, guest, nil)
	require.NoError(t, err, "by an invite they are there for good")
	require.NoError(t, h.LetIn(ctx, r.ID, owner.ID, guest.ID))
	h.clock.pass(2 * VisitLife)
	_, err = h.Join(ctx, r.Slug, guest, nil)
	require.NoError(t, err, "and being let in takes nothing from them")
}

func TestNobodyIsLetInWhereNobodyAsks(t *testing.T) {
	h := newHouse(t)
	owner, stranger := h.account(t), h.account(t)
	r := h.enteredBy(t, owner, wire.EntryClosed)
	requireCode(t, wire.ErrorCodeBadRequest, h.LetIn(ctx, r.ID, owner.ID, stranger.ID))
	requireCode(t, wire.ErrorCodeNotFound, h.LetIn(ctx, r.ID, owner.ID, accounts.PersonID(NewID())))
	requireCode(t, wire.ErrorCodeNotFound, h.LetIn(ctx, NewID(), owner.ID, stranger.ID))
}

func TestAGuestAtTheDoorIsMadeOnlyWhereThereIsOne(t *testing.T) {
	h := newHouse(t)
	owner := h.account(t)
	then := func(*db.Queries, accounts.Person) error { return nil }
	for _, ref := range []string{"no-such-room", h.enteredBy(t, owner, wire.EntryInvite).Slug} {
		_, _, err := h.MayAskAsGuest(ctx, ref, "Grace", then)
		requireCode(t, wire.ErrorCodeNotFound, err)
	}
	r := h.enteredBy(t, owner, wire.EntryAsk)
	_, _, err := h.MayAskAsGuest(ctx, r.Slug, "\u200b", then)
	requireCode(t, wire.ErrorCodeInvalidField, err)
	at, guest, err := h.MayAskAsGuest(ctx, r.Slug, "Grace", then)
	require.NoError(t, err)
	require.Equal(t, r.ID, at.ID)
	_, err = h.Join(ctx, r.Slug, guest, nil)
	requireCode(t, wire.ErrorCodeRoomAsk, err)
}

func TestATokenForAskingIsNoSeat(t *testing.T) {
	h := newHouse(t)
	keys, err := accounts.OpenKeys(t.TempDir(), nil)
	require.NoError(t, err)
	tokens := Tokens{Keys: keys}
	owner := h.account(t)
	r := h.enteredBy(t, owner, wire.EntryAsk)
	token, _, err := tokens.Asking(r, owner.ID, accounts.SessionID(owner.ID))
	require.NoError(t, err)
	claims, err := tokens.Verify(token, wire.PeerKindViewer)
	require.NoError(t, err)
	require.Equal(t, Claims{Kind: wire.PeerKindViewer, Room: r.ID, Person: owner.ID, Session: accounts.SessionID(owner.ID), Asks: true}, claims)
	_, err = tokens.Verify(token, wire.PeerKindVb)
	requireCode(t, wire.ErrorCodeUnauthenticated, err)
}

func TestWhoIsBannedIsNotLetIn(t *testing.T) {
	h := newHouse(t)
	owner, banned := h.account(t), h.account(t)
	r := h.enteredBy(t, owner, wire.EntryAsk)
	require.NoError(t, h.LetIn(ctx, r.ID, owner.ID, banned.ID))
	_, _, err := h.Ban(ctx, r.Slug, owner, banned.ID, "", false)
	require.NoError(t, err)
	_, err = h.MayAsk(ctx, r.Slug, banned)
	requireCode(t, wire.ErrorCodeBanned, err)
	requireCode(t, wire.ErrorCodeBanned, h.LetIn(ctx, r.ID, owner.ID, banned.ID))
}

func TestTheListTellsNoStartPageOfARoomThatIsNotEnteredFreely(t *testing.T) {
	h := newHouse(t)
	owner, stranger := h.account(t), h.account(t)
	for _, entry := range []wire.Entry{wire.EntryAsk, wire.EntryInvite, wire.EntryClosed} {
		_, err := h.Create(ctx, owner, NewRoom{Title: string(entry), Privacy: wire.PrivacyPublic, Entry: entry, StartURL: "https://films.example/?key=secret"})
		require.NoError(t, err)
	}
	page, err := h.List(ctx, stranger, Public, "", "", 10)
	require.NoError(t, err)
	require.Len(t, page.Rooms, 3)
	for _, r := range page.Rooms {
		require.Empty(t, r.StartURL, r.Title)
	}
	own, err := h.List(ctx, owner, Public, "", "", 10)
	require.NoError(t, err)
	require.NotEmpty(t, own.Rooms[0].StartURL)
}

func TestNothingIsSaidToWhoseVisitIsOver(t *testing.T) {
	h := newHouse(t)
	owner, guest := h.account(t), h.guest(t)
	r := h.enteredBy(t, owner, wire.EntryAsk)
	require.NoError(t, h.LetIn(ctx, r.ID, owner.ID, guest.ID))
	text := "@" + guest.DisplayName + " look"
	m, _, err := h.Append(ctx, r.ID, owner.ID, NewMessage{Key: "a", Text: text})
	require.NoError(t, err)
	require.NotNil(t, m.Wire().Mentions)
	h.clock.pass(VisitLife + time.Minute)
	_, _, err = h.Append(ctx, r.ID, owner.ID, NewMessage{Key: "w", Text: "to you", To: guest.ID})
	requireCode(t, wire.ErrorCodeNotFound, err)
	m, _, err = h.Append(ctx, r.ID, owner.ID, NewMessage{Key: "b", Text: text})
	require.NoError(t, err)
	require.Nil(t, m.Wire().Mentions)
}

func TestAVisitEndsAfterSomebodyLeftAndIsNoMembershipThen(t *testing.T) {
	h := newHouse(t)
	owner, stays, leaves := h.account(t), h.guest(t), h.guest(t)
	r := h.enteredBy(t, owner, wire.EntryAsk)
	for _, guest := range []accounts.Person{stays, leaves} {
		require.NoError(t, h.LetIn(ctx, r.ID, owner.ID, guest.ID))
	}
	h.clock.pass(VisitLife - time.Minute)
	require.NoError(t, h.Stay(ctx, r.ID, []accounts.PersonID{stays.ID}))
	h.clock.pass(2 * time.Minute)
	for guest, want := range map[accounts.PersonID]wire.Role{stays.ID: wire.RoleGuest, leaves.ID: ""} {
		now, err := h.Standing(ctx, r.ID, guest)
		require.NoError(t, err)
		require.Equal(t, Standing{Role: want}, now)
	}
	members, _, err := h.Members(ctx, r.Slug, owner, "", 10)
	require.NoError(t, err)
	require.Len(t, members, 2)
	_, _, err = h.SetRole(ctx, r.Slug, owner, leaves.ID, wire.RoleMember)
	requireCode(t, wire.ErrorCodeNotFound, err)
	_, _, err = h.SetRole(ctx, r.Slug, owner, stays.ID, wire.RoleMember)
	require.NoError(t, err)
	_, _, err = h.Ban(ctx, r.Slug, owner, leaves.ID, "", false)
	require.NoError(t, err, "who was there can be banned")
}
