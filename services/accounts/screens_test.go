package accounts

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/postgres/db"
	"turtus/services/wire"
)

// room makes one that a session may be bound to.
func (h *house) room(t *testing.T, owner PersonID) uuid.UUID {
	t.Helper()
	id := uuid.New()
	_, err := h.pool.Exec(ctx, "INSERT INTO rooms (id, slug, title, privacy, owner_id) VALUES ($1, $2, 'Friday movies', 'private', $3)", id, "room-"+id.String(), owner.UUID())
	require.NoError(t, err)
	return id
}

func callerOf(in SignedIn) Caller { return Caller{Person: in.Person, Session: in.Session} }

func TestACodeBringsTheSamePersonToAnotherScreenOnce(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp(t, "ann")
	require.True(t, ann.Person.Administrator)
	room := h.room(t, ann.Person.ID)
	code, err := h.MakeLinkCode(ctx, callerOf(ann), room)
	require.NoError(t, err)
	require.Regexp(t, "^["+linkAlphabet+"]{4}-["+linkAlphabet+"]{4}$", code.Code)
	require.Equal(t, h.now().Add(LinkLife), code.ExpiresAt)

	looked, err := h.LookAtLinkCode(ctx, " "+strings.ToLower(code.Code))
	require.NoError(t, err)
	require.Equal(t, Linking{ann.Person, room}, looked)
	none, err := h.Screens(ctx, ann.Person.ID)
	require.NoError(t, err)
	require.Empty(t, none)

	in, where, err := h.UseLinkCode(ctx, strings.ReplaceAll(code.Code, "-", ""), wire.ScreenKindTv, "a television")
	require.NoError(t, err)
	require.Equal(t, room, where)
	require.Equal(t, code.Session, in.Session)
	require.Equal(t, ann.Person.ID, in.Person.ID)
	require.False(t, in.Person.Administrator, "it administrates nothing")
	require.Equal(t, h.now().Add(screenLife), in.RefreshExpiresAt)
	for name, try := range map[string]func() error{
		"look": func() error { _, err := h.LookAtLinkCode(ctx, code.Code); return err },
		"use":  func() error { _, _, err := h.UseLinkCode(ctx, code.Code, wire.ScreenKindTv, ""); return err },
	} {
		require.Equal(t, wire.ErrorCodeLinkCodeWrong, wire.CodeOf(try()), name)
	}

	for range 2 { // also after a refresh
		caller, err := h.Authenticate(ctx, in.AccessToken)
		require.NoError(t, err)
		require.Equal(t, room, caller.Room)
		require.False(t, caller.Person.Administrator)
		_, err = h.MakeLinkCode(ctx, caller, room)
		requireCode(t, wire.ErrorCodeForbidden, err)
		in, err = h.Refresh(ctx, in.RefreshToken, "")
		require.NoError(t, err)
		require.False(t, in.Person.Administrator)
		require.Equal(t, h.now().Add(screenLife), in.RefreshExpiresAt)
	}
	screens, err := h.Screens(ctx, ann.Person.ID)
	require.NoError(t, err)
	require.Len(t, screens, 1)
	require.Equal(t, Screen{Session: code.Session, Device: wire.ScreenKindTv, Room: room, Slug: "room-" + room.String(), Title: "Friday movies", LinkedAt: screens[0].LinkedAt}, screens[0])

	stranger := h.signUp(t, "ben")
	requireCode(t, wire.ErrorCodeNotFound, h.EndScreen(ctx, stranger.Person.ID, code.Session))
	requireCode(t, wire.ErrorCodeNotFound, h.EndScreen(ctx, ann.Person.ID, ann.Session)) // no second screen
	require.NoError(t, h.EndScreen(ctx, ann.Person.ID, code.Session))
	require.Equal(t, []SessionID{code.Session}, h.ended)
	_, err = h.Authenticate(ctx, in.AccessToken)
	requireCode(t, wire.ErrorCodeUnauthenticated, err)
}

func TestACodeThatWorksNoMoreIsAnsweredLikeOneThatNeverWas(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp(t, "ann")
	room := h.room(t, ann.Person.ID)
	made := func() LinkCode {
		code, err := h.MakeLinkCode(ctx, callerOf(ann), room)
		require.NoError(t, err)
		return code
	}
	replaced := made()
	revoked := made()
	require.NoError(t, h.EndScreen(ctx, ann.Person.ID, revoked.Session))
	expired := made()
	h.clock.pass(LinkLife)
	_, never := h.LookAtLinkCode(ctx, "AAAA-AAAA")
	requireCode(t, wire.ErrorCodeLinkCodeWrong, never)
	for name, code := range map[string]string{
		"replaced": replaced.Code, "revoked": revoked.Code, "expired": expired.Code, "short": "AAAA", "of other signs": "0000-0000", "empty": "", "long": strings.Repeat("A", 20),
	} {
		_, err := h.LookAtLinkCode(ctx, code)
		require.Equal(t, never, err, name)
		_, _, err = h.UseLinkCode(ctx, code, wire.ScreenKindTv, "")
		require.Equal(t, never, err, name)
	}
	t.Run("as does one whose maker signed out", func(t *testing.T) {
		code := made()
		require.NoError(t, h.SignOut(ctx, ann.RefreshToken))
		_, _, err := h.UseLinkCode(ctx, code.Code, wire.ScreenKindTv, "")
		require.Equal(t, never, err)
	})
	t.Run("and nothing is left of them", func(t *testing.T) {
		h.clock.pass(LinkLife)
		require.NoError(t, DeleteExpired(ctx, h.pool, h.now()))
		var n int
		require.NoError(t, h.pool.QueryRow(ctx, "SELECT count(*) FROM link_codes").Scan(&n))
		require.Zero(t, n)
	})
}

func TestOfManyWhoUseACodeAtOnceOneIsIn(t *testing.T) {
	h := newHouse(t)
	guest := h.guest(t, "Grace")
	var in SignedIn
	require.NoError(t, db.InTx(ctx, h.pool, func(q *db.Queries) (err error) {
		in, err = h.SignInGuest(ctx, q, guest, "")
		return err
	}))
	code, err := h.MakeLinkCode(ctx, callerOf(in), h.room(t, guest.ID))
	require.NoError(t, err)
	codes := atOnce(8, func(int) error {
		screen, _, err := h.UseLinkCode(ctx, code.Code, wire.ScreenKindTablet, "")
		if err == nil && screen.Person.ID != guest.ID {
			t.Error("somebody else is in")
		}
		return err
	})
	require.Equal(t, 1, count(codes, ""))
	require.Equal(t, 7, count(codes, wire.ErrorCodeLinkCodeWrong))
}

func TestTheOldestScreenEndsForOneTooMany(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp(t, "ann")
	room := h.room(t, ann.Person.ID)
	var all []SignedIn
	for range maxScreens + 1 {
		h.clock.pass(time.Second)
		code, err := h.MakeLinkCode(ctx, callerOf(ann), room)
		require.NoError(t, err)
		in, _, err := h.UseLinkCode(ctx, code.Code, wire.ScreenKindTv, "")
		require.NoError(t, err)
		all = append(all, in)
	}
	screens, err := h.Screens(ctx, ann.Person.ID)
	require.NoError(t, err)
	require.Len(t, screens, maxScreens)
	require.Equal(t, []SessionID{all[0].Session}, h.ended)
	_, err = h.Authenticate(ctx, all[0].AccessToken)
	requireCode(t, wire.ErrorCodeUnauthenticated, err)
	for _, lives := range []SignedIn{ann, all[1]} {
		_, err = h.Authenticate(ctx, lives.AccessToken)
		require.NoError(t, err)
	}
}

func TestANewPasswordEndsACodeToo(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp(t, "ann")
	code, err := h.MakeLinkCode(ctx, callerOf(ann), h.room(t, ann.Person.ID))
	require.NoError(t, err)
	require.NoError(t, h.ChangePassword(ctx, callerOf(ann), password, "quite another password"))
	_, err = h.LookAtLinkCode(ctx, code.Code)
	requireCode(t, wire.ErrorCodeLinkCodeWrong, err)
}
