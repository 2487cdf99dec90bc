package accounts

import (
	"sync"
	"testing"
	"time"

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
	require.NoError(t, h.DeleteExpired(ctx))
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
