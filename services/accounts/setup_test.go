package accounts

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// guarded is a house whose first person shows a token, and the token.
func guarded(t *testing.T) (*house, *SetupToken, string) {
	t.Helper()
	setup := NewSetupToken(filepath.Join(t.TempDir(), "setup"))
	token, err := setup.Renew()
	require.NoError(t, err)
	return newHouse(t, func(o *Options) { o.Setup = setup }), setup, token
}

func (h *house) setUp(name, token string) (SignedIn, error) {
	return h.SignUp(ctx, SignUp{Username: name, Password: password, SetupToken: token})
}

func TestTheFirstPersonShowsTheTokenOnce(t *testing.T) {
	h, setup, token := guarded(t)
	kept, err := os.ReadFile(setup.path)
	require.NoError(t, err)
	require.NotContains(t, string(kept), token)

	_, err = h.setUp("ann", "")
	require.Equal(t, wire.ErrorCodeSetupTokenRequired, wire.CodeOf(err))
	_, err = h.setUp("ann", token+"A")
	require.Equal(t, wire.ErrorCodeSetupTokenWrong, wire.CodeOf(err))
	_, firstRun, err := h.SignUps(ctx)
	require.NoError(t, err)
	require.True(t, firstRun, "nobody came of it")

	in, err := h.setUp("ann", token)
	require.NoError(t, err)
	require.True(t, in.Person.Administrator)
	require.NoFileExists(t, setup.path)
	in, err = h.setUp("ben", "")
	require.NoError(t, err, "nobody else is asked")
	require.False(t, in.Person.Administrator)
	in, err = h.setUp("cleo", token)
	require.NoError(t, err)
	require.False(t, in.Person.Administrator, "the token is worth nothing more")
}

func TestOfTwoWhoShowTheTokenAtOnceOneBecomesAdministrator(t *testing.T) {
	h, _, token := guarded(t)
	const people = 8
	var wait sync.WaitGroup
	came := make(chan Person, people)
	for i := range people {
		wait.Go(func() {
			if in, err := h.setUp("person"+string(rune('a'+i)), token); err == nil {
				came <- in.Person
			} else {
				assert.Equal(t, wire.ErrorCodeSetupTokenWrong, wire.CodeOf(err))
			}
		})
	}
	wait.Wait()
	close(came)
	administrators := 0
	for p := range came {
		if p.Administrator {
			administrators++
		}
	}
	require.Equal(t, 1, administrators)
}

func TestWhoHasNoTokenNeverGetsAheadOfWhoHasIt(t *testing.T) {
	h, _, token := guarded(t)
	var wait sync.WaitGroup
	for i := range 6 {
		wait.Go(func() {
			if in, err := h.setUp("stranger"+string(rune('a'+i)), ""); err == nil {
				assert.False(t, in.Person.Administrator)
			}
		})
	}
	in, err := h.setUp("ann", token)
	wait.Wait()
	require.NoError(t, err)
	require.True(t, in.Person.Administrator)
}

func TestANewTokenReplacesTheOneBefore(t *testing.T) {
	h, setup, first := guarded(t)
	second, err := setup.Renew()
	require.NoError(t, err)
	_, err = h.setUp("ann", first)
	require.Equal(t, wire.ErrorCodeSetupTokenWrong, wire.CodeOf(err))
	require.NoError(t, setup.Remove())
	require.NoError(t, setup.Remove(), "it may be gone already")
	_, err = h.setUp("ann", second)
	require.Equal(t, wire.ErrorCodeSetupTokenWrong, wire.CodeOf(err))
}

func TestTheServersShellNeedsNoToken(t *testing.T) {
	h, setup, _ := guarded(t)
	p, err := h.AdminCreate(ctx, SignUp{Username: "ann", Password: password}, false)
	require.NoError(t, err)
	require.True(t, p.Administrator)
	require.NoFileExists(t, setup.path)
}
