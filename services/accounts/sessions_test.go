package accounts

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestARefreshTokenIsRotatedOnUse(t *testing.T) {
	h := newHouse(t)
	first := h.signUp(t, "ada")
	h.clock.pass(15 * time.Minute)
	_, err := h.Authenticate(ctx, first.AccessToken)
	requireCode(t, wire.ErrorCodeTokenExpired, err)

	second, err := h.Refresh(ctx, first.RefreshToken, "")
	require.NoError(t, err)
	require.Equal(t, first.Session, second.Session)
	require.NotEqual(t, first.RefreshToken, second.RefreshToken)
	h.caller(t, second)
	h.clock.pass(time.Hour)
	_, err = h.Refresh(ctx, second.RefreshToken, "")
	require.NoError(t, err)
}

func TestAUsedRefreshTokenEndsItsSessionAndNoOther(t *testing.T) {
	h := newHouse(t)
	first := h.signUp(t, "ada")
	other, err := h.SignIn(ctx, "ada", password, "")
	require.NoError(t, err)
	second, err := h.Refresh(ctx, first.RefreshToken, "")
	require.NoError(t, err)
	h.clock.pass(RefreshGrace + time.Second)

	_, err = h.Refresh(ctx, first.RefreshToken, "")
	requireCode(t, wire.ErrorCodeSessionExpired, err)
	require.Equal(t, []SessionID{first.Session}, h.ended)
	_, err = h.Refresh(ctx, second.RefreshToken, "")
	requireCode(t, wire.ErrorCodeSessionExpired, err)
	_, err = h.Authenticate(ctx, second.AccessToken)
	requireCode(t, wire.ErrorCodeUnauthenticated, err)
	h.caller(t, other)
}

func TestTwoTabsThatRefreshAtOnceGetTheSameNextToken(t *testing.T) {
	h := newHouse(t)
	first := h.signUp(t, "ada")
	var mu sync.Mutex
	next := map[string]bool{}
	results := atOnce(8, func(int) error {
		in, err := h.Refresh(ctx, first.RefreshToken, "")
		mu.Lock()
		defer mu.Unlock()
		next[in.RefreshToken] = true
		return err
	})
	require.Equal(t, 8, count(results, ""))
	require.Len(t, next, 1)
	require.Empty(t, h.ended)
}

func TestAThiefWithinTheGraceGetsNoTokenBesideTheOwners(t *testing.T) {
	h := newHouse(t)
	first := h.signUp(t, "ada")
	owner, err := h.Refresh(ctx, first.RefreshToken, "")
	require.NoError(t, err)
	thief, err := h.Refresh(ctx, first.RefreshToken, "")
	require.NoError(t, err)
	require.Equal(t, owner.RefreshToken, thief.RefreshToken)
	h.clock.pass(15 * time.Minute)
	_, err = h.Refresh(ctx, owner.RefreshToken, "")
	require.NoError(t, err)
	h.clock.pass(time.Minute)
	_, err = h.Refresh(ctx, thief.RefreshToken, "")
	requireCode(t, wire.ErrorCodeSessionExpired, err)
	require.Equal(t, []SessionID{first.Session}, h.ended)
}

func TestAnUnusedSessionEndsAfterItsLife(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.SessionLife = time.Hour })
	in := h.signUp(t, "ada")
	h.clock.pass(time.Hour)
	_, err := h.Refresh(ctx, in.RefreshToken, "")
	requireCode(t, wire.ErrorCodeSessionExpired, err)
	h.clock.pass(time.Second)
	require.NoError(t, DeleteExpired(ctx, h.pool, h.now()))
	var left int
	require.NoError(t, h.pool.QueryRow(ctx, "SELECT count(*) FROM refresh_tokens").Scan(&left))
	require.Zero(t, left)
}

func TestWhatIsNoRefreshTokenIsASessionThatExpired(t *testing.T) {
	h := newHouse(t)
	in := h.signUp(t, "ada")
	for _, token := range []string{"", "garbage", in.AccessToken, in.RefreshToken + "A", newRefreshToken().String()} {
		_, err := h.Refresh(ctx, token, "")
		requireCode(t, wire.ErrorCodeSessionExpired, err)
		require.NoError(t, h.SignOut(ctx, token))
	}
	require.Empty(t, h.ended)
}

func TestTheDatabaseHoldsNoTokenThatCouldBeUsed(t *testing.T) {
	h := newHouse(t)
	first := h.signUp(t, "ada")
	second, err := h.Refresh(ctx, first.RefreshToken, "")
	require.NoError(t, err)
	rows, err := h.pool.Query(ctx, "SELECT token_hash, coalesce(successor, '') FROM refresh_tokens")
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var hash, successor []byte
		require.NoError(t, rows.Scan(&hash, &successor))
		for _, known := range []string{first.RefreshToken, second.RefreshToken} {
			token, _ := parseRefreshToken(known)
			require.NotEqual(t, token[:], hash)
			require.NotEqual(t, token[:], successor)
		}
	}
	require.NoError(t, rows.Err())
}

func TestSigningOutEndsTheAccessTokenToo(t *testing.T) {
	h := newHouse(t)
	in := h.signUp(t, "ada")
	require.NoError(t, h.SignOut(ctx, in.RefreshToken))
	require.Equal(t, []SessionID{in.Session}, h.ended)
	_, err := h.Authenticate(ctx, in.AccessToken)
	requireCode(t, wire.ErrorCodeUnauthenticated, err)
	require.NoError(t, h.SignOut(ctx, in.RefreshToken), "twice is no error")
	require.Len(t, h.ended, 1)
}

func TestNoRefreshSlipsThroughASignOutAtTheSameMoment(t *testing.T) {
	h := newHouse(t)
	for range 10 {
		in := h.signUp(t, "p"+newRefreshToken().String()[:8])
		var next SignedIn
		atOnce(2, func(i int) (err error) {
			if i == 0 {
				return h.SignOut(ctx, in.RefreshToken)
			}
			next, err = h.Refresh(ctx, in.RefreshToken, "")
			return err
		})
		_, err := h.Refresh(ctx, next.RefreshToken, "")
		requireCode(t, wire.ErrorCodeSessionExpired, err)
	}
}

func TestAChangedPasswordEndsEveryOtherSession(t *testing.T) {
	h := newHouse(t)
	here := h.signUp(t, "ada")
	there, err := h.SignIn(ctx, "ada", password, "")
	require.NoError(t, err)
	requireCode(t, wire.ErrorCodeWrongPassword, h.ChangePassword(ctx, h.caller(t, here), "wrong password", "another password"))
	requireField(t, "newPassword", h.ChangePassword(ctx, h.caller(t, here), password, "short"))
	require.Empty(t, h.ended)

	require.NoError(t, h.ChangePassword(ctx, h.caller(t, here), password, "another password"))
	require.Equal(t, []SessionID{there.Session}, h.ended)
	h.caller(t, here)
	_, err = h.Authenticate(ctx, there.AccessToken)
	requireCode(t, wire.ErrorCodeUnauthenticated, err)
	_, err = h.SignIn(ctx, "ada", password, "")
	requireCode(t, wire.ErrorCodeWrongCredentials, err)
	_, err = h.SignIn(ctx, "ada", "another password", "")
	require.NoError(t, err)
}

func TestOnlyGuestsWhoAreGoneAndSaidNothingAreRemoved(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.SessionLife = 60 * 24 * time.Hour })
	account := h.signUp(t, "ada").Person
	silent, spoke, signedIn := h.guest(t, "Silent"), h.guest(t, "Spoke"), h.guest(t, "Signed in")
	_, err := h.SignInGuest(ctx, h.q, signedIn, "")
	require.NoError(t, err)
	room := uuid.New()
	_, err = h.pool.Exec(ctx, "INSERT INTO rooms (id, slug, title, privacy, owner_id) VALUES ($1, 'films', 'Films', 'private', $2)", room, account.ID.UUID())
	require.NoError(t, err)
	_, err = h.pool.Exec(ctx, "INSERT INTO messages (id, room_id, seq, author_id, author_name, key, text) VALUES ($1, $1, 1, $2, 'Spoke', 'k', 'Hello')", room, spoke.ID.UUID())
	require.NoError(t, err)
	for _, guest := range []Person{silent, spoke, signedIn} {
		_, err = h.pool.Exec(ctx, "INSERT INTO members (room_id, person_id, role) VALUES ($1, $2, 'guest')", room, guest.ID.UUID())
		require.NoError(t, err)
	}

	h.clock.pass(guestsKept)
	require.NoError(t, DeleteExpired(ctx, h.pool, h.now()))
	_, err = h.Person(ctx, silent.ID)
	require.NoError(t, err)
	h.clock.pass(time.Second)
	fresh := h.guest(t, "Fresh")
	require.NoError(t, DeleteExpired(ctx, h.pool, h.now()))
	_, err = h.Person(ctx, silent.ID)
	requireCode(t, wire.ErrorCodeNotFound, err)
	for _, kept := range []Person{account, spoke, signedIn, fresh} {
		_, err = h.Person(ctx, kept.ID)
		require.NoError(t, err, kept.DisplayName)
	}
}

func TestTheAuditForgetsWhatIsOld(t *testing.T) {
	h := newHouse(t)
	h.signUp(t, "ada")
	h.clock.pass(auditKept + time.Second)
	h.signUp(t, "grace")
	lines := func() (n int) {
		require.NoError(t, h.pool.QueryRow(ctx, "SELECT count(*) FROM audit").Scan(&n))
		return n
	}
	before := lines()
	require.NoError(t, DeleteExpired(ctx, h.pool, h.now()))
	require.Equal(t, before/2, lines())
}
