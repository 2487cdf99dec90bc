package accounts

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func invited(o *Options) { o.SignUps = func() wire.SignUps { return wire.SignUpsInvite } }

func TestByInviteACodeMakesAsManyAccountsAsItSays(t *testing.T) {
	h := newHouse(t, invited)
	ada := h.signUp(t, "ada") // the first needs none
	_, err := h.SignUp(ctx, SignUp{Username: "bob", Password: password})
	requireCode(t, wire.ErrorCodeSignUpCodeNeeded, err)
	_, err = h.SignUp(ctx, SignUp{Username: "bob", Password: password, Code: "nonsense"})
	requireCode(t, wire.ErrorCodeSignUpCodeWrong, err)

	code, err := h.CreateSignUpCode(ctx, ada.Person, " for  friends ", 3, time.Hour)
	require.NoError(t, err)
	require.Equal(t, "for friends", code.Note)
	results := atOnce(8, func(i int) error {
		_, err := h.SignUp(ctx, SignUp{Username: fmt.Sprintf("friend%d", i), Password: password, Code: code.Code})
		return err
	})
	require.Equal(t, 3, count(results, ""))
	require.Equal(t, 5, count(results, wire.ErrorCodeSignUpCodeWrong))
	codes, _, err := h.SignUpCodes(ctx, "", "", 10)
	require.NoError(t, err)
	require.Empty(t, codes, "it is used up")
}

func TestACodeIsNotUsedByASignUpThatFails(t *testing.T) {
	h := newHouse(t, invited)
	ada := h.signUp(t, "ada")
	code, err := h.CreateSignUpCode(ctx, ada.Person, "", 1, 0)
	require.NoError(t, err)
	_, err = h.SignUp(ctx, SignUp{Username: "ADA", Password: password, Code: code.Code})
	requireCode(t, wire.ErrorCodeUsernameTaken, err)
	_, err = h.SignUp(ctx, SignUp{Username: "bob", Password: password, Code: code.Code})
	require.NoError(t, err)
}

func TestWhoMayNotSignUpLearnsNoNames(t *testing.T) {
	for policy, refused := range map[wire.SignUps]wire.ErrorCode{wire.SignUpsClosed: wire.ErrorCodeSignUpsClosed, wire.SignUpsInvite: wire.ErrorCodeSignUpCodeWrong} {
		h := newHouse(t, func(o *Options) { o.SignUps = func() wire.SignUps { return policy } })
		h.signUp(t, "ada")
		before := h.hasher.Hashings()
		for _, name := range []string{"ada", "nobody"} {
			_, err := h.SignUp(ctx, SignUp{Username: name, Password: password, Code: "nonsense"})
			requireCode(t, refused, err)
		}
		require.Equal(t, before, h.hasher.Hashings(), "nor do they cost a hashing")
	}
}

func TestACodeEndsWithItsTimeOrWhenItIsTakenBack(t *testing.T) {
	h := newHouse(t, invited)
	ada := h.signUp(t, "ada")
	late, err := h.CreateSignUpCode(ctx, ada.Person, "", 0, time.Hour)
	require.NoError(t, err)
	revoked, err := h.CreateSignUpCode(ctx, ada.Person, "", 0, 0)
	require.NoError(t, err)
	require.NoError(t, h.RevokeSignUpCode(ctx, ada.Person, revoked.ID))
	requireCode(t, wire.ErrorCodeNotFound, h.RevokeSignUpCode(ctx, ada.Person, revoked.ID))
	h.clock.pass(time.Hour + time.Second)
	guest := h.guest(t, "Guest")
	for _, code := range []string{late.Code, revoked.Code} {
		_, err := h.SignUp(ctx, SignUp{Username: "bob", Password: password, Code: code})
		requireCode(t, wire.ErrorCodeSignUpCodeWrong, err)
		_, err = h.Claim(ctx, Caller{Person: guest}, "bob", password, code)
		requireCode(t, wire.ErrorCodeSignUpCodeWrong, err)
	}
	good, err := h.CreateSignUpCode(ctx, ada.Person, "", 1, 0)
	require.NoError(t, err)
	_, err = h.Claim(ctx, Caller{Person: guest}, "bob", password, good.Code)
	require.NoError(t, err)
}
