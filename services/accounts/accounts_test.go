package accounts

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/postgres/db"
	"turtus/services/postgres/pgtest"
	"turtus/services/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }

var ctx = context.Background()

// cheap is the least that argon2 allows.
var cheap = HashCost{MemoryKiB: 8, Iterations: 1, Parallelism: 1}

const password = "correct horse battery"

// clock is set by the test.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Now().Truncate(time.Microsecond)} }
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}
func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

type house struct {
	*Service
	clock *clock
	ended []SessionID
}

func newHouse(t *testing.T, change ...func(*Options)) *house {
	t.Helper()
	h := &house{clock: newClock()}
	keys, err := OpenKeys(t.TempDir(), h.clock.now)
	require.NoError(t, err)
	o := Options{Pool: pgtest.New(t), Keys: keys, Hasher: NewHasher(cheap, 4), Now: h.clock.now}
	for _, f := range change {
		f(&o)
	}
	h.Service = New(o)
	h.OnSessionEnded(func(id SessionID) { h.ended = append(h.ended, id) })
	return h
}

func (h *house) signUp(t *testing.T, name string) SignedIn {
	t.Helper()
	in, err := h.SignUp(ctx, SignUp{Username: name, Password: password})
	require.NoError(t, err)
	return in
}

func (h *house) guest(t *testing.T, name string) Person {
	t.Helper()
	var guest Person
	require.NoError(t, db.InTx(ctx, h.pool, func(q *db.Queries) (err error) {
		guest, err = InsertGuest(ctx, q, name, h.now())
		return err
	}))
	return guest
}

func (h *house) caller(t *testing.T, in SignedIn) Caller {
	t.Helper()
	caller, err := h.Authenticate(ctx, in.AccessToken)
	require.NoError(t, err)
	return caller
}

func requireCode(t *testing.T, code wire.ErrorCode, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, wire.CodeOf(err), err.Error())
}

func requireField(t *testing.T, field string, err error) {
	t.Helper()
	requireCode(t, wire.ErrorCodeInvalidField, err)
	require.Equal(t, field, err.(*wire.Error).Fields[0].Field)
}

func TestSigningUpSignsInUnderTheNameThatWasChosen(t *testing.T) {
	h := newHouse(t)
	in, err := h.SignUp(ctx, SignUp{Username: "Ada", DisplayName: "  Ada\u202e  Lovelace ", Password: password, UserAgent: strings.Repeat("ü", 400)})
	require.NoError(t, err)
	require.Equal(t, "Ada Lovelace", in.Person.DisplayName)
	require.True(t, in.Person.AvatarColor.Valid())
	require.Equal(t, in.Person.ID, h.caller(t, in).Person.ID)
	require.Equal(t, in.Session, h.caller(t, in).Session)

	again, err := h.SignIn(ctx, "aDA", password, "test")
	require.NoError(t, err, "case does not matter")
	require.Equal(t, in.Person.ID, again.Person.ID)
	require.NotEqual(t, in.Session, again.Session)
	require.NotEqual(t, in.RefreshToken, again.RefreshToken)
}

func TestATakenNameIsRefusedWhateverItsCase(t *testing.T) {
	h := newHouse(t)
	h.signUp(t, "ada")
	_, err := h.SignUp(ctx, SignUp{Username: "ADA", Password: password})
	requireCode(t, wire.ErrorCodeUsernameTaken, err)
}

func TestOfManyWhoTakeOneNameAtOnceExactlyOneGetsIt(t *testing.T) {
	h := newHouse(t)
	results := atOnce(8, func(int) error {
		_, err := h.SignUp(ctx, SignUp{Username: "ada", Password: password})
		return err
	})
	require.Equal(t, 1, count(results, ""))
	require.Equal(t, 7, count(results, wire.ErrorCodeUsernameTaken))
}

func TestOfManyFirstPeopleAtOnceExactlyOneBecomesAdministrator(t *testing.T) {
	h := newHouse(t)
	var mu sync.Mutex
	administrators := 0
	results := atOnce(8, func(i int) error {
		in, err := h.SignUp(ctx, SignUp{Username: fmt.Sprintf("person%d", i), Password: password})
		mu.Lock()
		defer mu.Unlock()
		if in.Person.Administrator {
			administrators++
		}
		return err
	})
	require.Equal(t, 8, count(results, ""))
	require.Equal(t, 1, administrators)
}

func TestWithSignUpsClosedOnlyTheFirstPersonGetsIn(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.SignUps = func() wire.SignUps { return wire.SignUpsClosed } })
	open, firstRun, err := h.SignUps(ctx)
	require.NoError(t, err)
	require.Equal(t, wire.SignUpsOpen, open)
	require.True(t, firstRun)
	results := atOnce(4, func(i int) error {
		_, err := h.SignUp(ctx, SignUp{Username: fmt.Sprintf("person%d", i), Password: password})
		return err
	})
	require.Equal(t, 1, count(results, ""))
	require.Equal(t, 3, count(results, wire.ErrorCodeSignUpsClosed))
	open, firstRun, err = h.SignUps(ctx)
	require.NoError(t, err)
	require.Equal(t, wire.SignUpsClosed, open)
	require.False(t, firstRun)
	_, err = h.AdminCreate(ctx, SignUp{Username: "invited", Password: password}, false)
	require.NoError(t, err, "the administrator still can")
}

func TestOverlongAndMalformedFieldsAreNamed(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		field string
		n     SignUp
	}{
		{"username", SignUp{Username: strings.Repeat("a", 33), Password: password}},
		{"username", SignUp{Username: "a", Password: password}},
		{"username", SignUp{Username: "a b", Password: password}},
		{"username", SignUp{Username: "ad\x00a", Password: password}},
		{"password", SignUp{Username: "ada", Password: "short"}},
		{"password", SignUp{Username: "ada", Password: strings.Repeat("p", 201)}},
		{"displayName", SignUp{Username: "ada", Password: password, DisplayName: strings.Repeat("d", 41)}},
		{"displayName", SignUp{Username: "ada", Password: password, DisplayName: "\u200d \u202e\x07"}},
	} {
		_, err := h.SignUp(ctx, c.n)
		requireField(t, c.field, err)
	}
}

func TestAnUnknownNameAndAWrongPasswordGetTheSameAnswerAfterTheSameWork(t *testing.T) {
	h := newHouse(t)
	h.signUp(t, "ada")
	work := func(name string) (uint64, error) {
		before := h.hasher.Hashings()
		_, err := h.SignIn(ctx, name, "wrong password", "")
		return h.hasher.Hashings() - before, err
	}
	forWrong, wrong := work("ada")
	forUnknown, unknown := work("nobody")
	requireCode(t, wire.ErrorCodeWrongCredentials, wrong)
	require.Equal(t, wrong, unknown)
	require.Equal(t, forWrong, forUnknown)
	require.EqualValues(t, 1, forUnknown)
	_, err := h.SignIn(ctx, "a\x00da", password, "")
	require.NoError(t, err, "a NUL, which PostgreSQL does not know, is nothing")
}

func TestSigningInRenewsAHashOfAnotherCost(t *testing.T) {
	h := newHouse(t)
	h.signUp(t, "ada")
	dearer := HashCost{MemoryKiB: 16, Iterations: 1, Parallelism: 1}
	h.hasher = NewHasher(dearer, 1)
	_, err := h.SignIn(ctx, "ada", password, "")
	require.NoError(t, err)
	row, err := h.q.GetPersonByUsername(ctx, "ada")
	require.NoError(t, err)
	require.Contains(t, *row.PasswordHash, "m=16,")
	_, err = h.SignIn(ctx, "ada", password, "")
	require.NoError(t, err)
}

func TestAGuestBecomesAnAccountAndKeepsTheId(t *testing.T) {
	h := newHouse(t)
	h.signUp(t, "ada")
	guest := h.guest(t, "Grace")
	in, err := h.SignInGuest(ctx, h.q, guest, "")
	require.NoError(t, err)
	require.True(t, in.Person.Guest())
	requireCode(t, wire.ErrorCodeGuestNotAllowed, h.ChangePassword(ctx, h.caller(t, in), "", password))

	_, err = h.Claim(ctx, h.caller(t, in), "ADA", password, "")
	requireCode(t, wire.ErrorCodeUsernameTaken, err)
	claimed, err := h.Claim(ctx, h.caller(t, in), "grace", password, "")
	require.NoError(t, err)
	require.Equal(t, guest.ID, claimed.Person.ID)
	require.False(t, claimed.Person.Administrator)
	require.Equal(t, "Grace", claimed.Person.DisplayName)
	require.Empty(t, claimed.Rooms)
	_, err = h.Claim(ctx, h.caller(t, in), "again", password, "")
	requireCode(t, wire.ErrorCodeAlreadyAccount, err)
	again, err := h.SignIn(ctx, "grace", password, "")
	require.NoError(t, err)
	require.Equal(t, guest.ID, again.Person.ID)
}

func TestADeletedAccountIsGoneWithItsSessions(t *testing.T) {
	h := newHouse(t)
	in := h.signUp(t, "ada")
	_, err := h.Delete(ctx, h.caller(t, in), "wrong password")
	requireCode(t, wire.ErrorCodeWrongPassword, err)
	_, err = h.Delete(ctx, h.caller(t, in), password)
	require.NoError(t, err)
	require.Equal(t, []SessionID{in.Session}, h.ended)
	_, err = h.Authenticate(ctx, in.AccessToken)
	requireCode(t, wire.ErrorCodeUnauthenticated, err)
	_, err = h.Refresh(ctx, in.RefreshToken, "")
	requireCode(t, wire.ErrorCodeSessionExpired, err)
	_, err = h.SignIn(ctx, "ada", password, "")
	requireCode(t, wire.ErrorCodeWrongCredentials, err)
	_, err = h.Person(ctx, in.Person.ID)
	requireCode(t, wire.ErrorCodeNotFound, err)
}

func TestAProfileChangesOnlyWhatIsGiven(t *testing.T) {
	h := newHouse(t)
	in := h.signUp(t, "ada")
	color := wire.AvatarColorLime
	p, err := h.UpdateProfile(ctx, in.Person.ID, nil, &color)
	require.NoError(t, err)
	require.Equal(t, "ada", p.DisplayName)
	require.Equal(t, color, p.AvatarColor)
	name := "  "
	_, err = h.UpdateProfile(ctx, in.Person.ID, &name, nil)
	requireField(t, "displayName", err)
}

func TestTheAdministratorCanResetAPassword(t *testing.T) {
	h := newHouse(t)
	in := h.signUp(t, "ada")
	_, err := h.AdminReset(ctx, "Ada", "another password")
	require.NoError(t, err)
	require.Equal(t, []SessionID{in.Session}, h.ended)
	_, err = h.SignIn(ctx, "ada", password, "")
	requireCode(t, wire.ErrorCodeWrongCredentials, err)
	_, err = h.SignIn(ctx, "ada", "another password", "")
	require.NoError(t, err)
	_, err = h.AdminReset(ctx, "nobody", "another password")
	requireCode(t, wire.ErrorCodeNotFound, err)
}

func TestWithoutADatabaseTheErrorSaysUnavailable(t *testing.T) {
	h := newHouse(t)
	h.pool.Close()
	_, err := h.SignIn(ctx, "ada", password, "")
	requireCode(t, wire.ErrorCodeUnavailable, err)
}

// atOnce runs f n times at once and returns the codes of its errors, empty for none.
func atOnce(n int, f func(i int) error) []wire.ErrorCode {
	codes := make([]wire.ErrorCode, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if err := f(i); err != nil {
				codes[i] = wire.CodeOf(err)
			}
		})
	}
	group.Wait()
	return codes
}

func count(codes []wire.ErrorCode, code wire.ErrorCode) (n int) {
	for _, c := range codes {
		if c == code {
			n++
		}
	}
	return n
}
