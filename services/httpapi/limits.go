package httpapi

import (
	"context"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/time/rate"

	"turtus/services/wire"
)

// Limit lets Events through at once and as many again Per time. The zero value takes the default; a negative Events is no limit.
type Limit struct {
	Events int
	Per    time.Duration
}

// Limits of requests, each per key of its own.
type Limits struct {
	// Requests of an address, of every kind; default 6000 a minute.
	Requests Limit
	// SignIn of an address, default 60 a minute; SignInName of a name, wherever from, default 20 a minute.
	SignIn, SignInName Limit
	// SignUp of an address, and guests made by it; default 200 an hour.
	SignUp Limit
	// Setup tokens, sign-up codes and reset links that an address tries; default 10 a minute.
	Setup Limit
	// Links are the codes that bring a seat to another screen, looked at and used by an address; default 20 a minute. WrongLinks are tried in vain by all
	// addresses together; default 300 a minute.
	Links, WrongLinks Limit
	// Refresh of an address; default 300 a minute.
	Refresh Limit
	// Passwords that a signed-in person gives: own ones to change them, and of rooms; default 20 a minute.
	Passwords Limit
	// Invites looked at or accepted by an address; default 120 a minute.
	Invites Limit
	// Knocks are tokens for asking to be let in, and looks at a room's door, of an address; default 60 a minute.
	Knocks Limit
	// Writes of a person: rooms, invites, pictures, profile, starting browsers; default 120 a minute.
	Writes Limit
	// Messages of a person, and what they change and remove; default 20 in ten seconds, no wider than the hub's pace.
	Messages Limit
	// Joins of a person, default 60 a minute: a page takes a new token for each connection. JoinsFrom an address and JoinsOf a room, default 1200 a minute:
	// a crowd that comes back after a restart is let in.
	Joins, JoinsFrom, JoinsOf Limit
	// Misses of rooms by an address, which are not there or not for the person; default 60 a minute. So nobody finds rooms by trying names.
	Misses Limit
	// Removals of messages by a person who moderates; default 100 in ten seconds.
	Removals Limit
}

type limiters struct {
	requests, signIn, signInName, signUp, setup, refresh, passwords, invites, knocks, writes, messages, removals, joins, joinsFrom, joinsOf, misses, links, wrongLinks *limiter
}

func newLimiters(l Limits, now func() time.Time) *limiters {
	of := func(l Limit, events int, per time.Duration) *limiter {
		if l.Events == 0 {
			l = Limit{events, per}
		}
		return &limiter{limit: l, now: now, young: map[string]*rate.Limiter{}}
	}
	return &limiters{
		requests: of(l.Requests, 6000, time.Minute), signIn: of(l.SignIn, 60, time.Minute), signInName: of(l.SignInName, 20, time.Minute),
		signUp: of(l.SignUp, 200, time.Hour), setup: of(l.Setup, 10, time.Minute), refresh: of(l.Refresh, 300, time.Minute), passwords: of(l.Passwords, 20, time.Minute),
		invites: of(l.Invites, 120, time.Minute), knocks: of(l.Knocks, 60, time.Minute), writes: of(l.Writes, 120, time.Minute), messages: of(l.Messages, 20, 10*time.Second),
		removals: of(l.Removals, 100, 10*time.Second), links: of(l.Links, 20, time.Minute), wrongLinks: of(l.WrongLinks, 300, time.Minute),
		joins: of(l.Joins, 60, time.Minute), joinsFrom: of(l.JoinsFrom, 1200, time.Minute), joinsOf: of(l.JoinsOf, 1200, time.Minute), misses: of(l.Misses, 60, time.Minute),
	}
}

// maxKeys bounds a limiter's memory.
const maxKeys = 20000

// limiter is a token bucket for each key. The keys are of two generations: when the young one is full it becomes the old one, and what
// was not used since the turn before is forgotten, however many keys come.
type limiter struct {
	limit Limit
	now   func() time.Time

	mu         sync.Mutex
	young, old map[string]*rate.Limiter
}

// take answers rate_limited, with the seconds to wait, when there have been too many of the key.
func (l *limiter) take(key ...string) error {
	if l.limit.Events < 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	name := strings.ToLower(strings.Join(key, "\x00"))
	bucket := l.bucket(name)
	reservation := bucket.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	reservation.CancelAt(now)
	return tooOften(wait)
}

// tooOften says how long to wait.
func tooOften(wait time.Duration) error {
	seconds := int(math.Ceil(wait.Seconds()))
	err := wire.Errorf(wire.ErrorCodeRateLimited, "That was too often. Try again in %s.", time.Duration(seconds)*time.Second)
	err.RetryAfter = seconds
	return err
}

// spent answers as take would, and takes nothing.
func (l *limiter) spent(key ...string) error {
	if l.limit.Events < 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	reservation := l.bucket(strings.ToLower(strings.Join(key, "\x00"))).ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	reservation.CancelAt(now)
	if wait == 0 {
		return nil
	}
	return tooOften(wait)
}

// lookedFor bounds how many rooms an address may look for in vain, whatever it looks for next: who tries names learns no more from one
// that is there.
func (a *api) lookedFor(ctx context.Context, look func() error) error {
	callOf(ctx).looked = true
	address := callOf(ctx).address
	if err := a.limits.misses.spent(address); err != nil {
		return err
	}
	err := look()
	if inVain(err) {
		_ = a.limits.misses.take(address)
	}
	return err
}

func inVain(err error) bool {
	code := wire.CodeOf(err)
	return err != nil && (code == wire.ErrorCodeNotFound || code == wire.ErrorCodeRoomMembersOnly)
}

// missed counts with those of lookedFor what anything else that names a room came to in vain. A member, who does not, is never kept waiting by it.
func (a *api) missed(w http.ResponseWriter, r *http.Request, err error) {
	if c := callOf(r.Context()); inVain(err) && !c.looked && chi.URLParam(r, "room") != "" {
		if spent := a.limits.misses.take(c.address); spent != nil {
			err = spent
		}
	}
	a.problem(w, r, err)
}

// bucket needs the lock.
func (l *limiter) bucket(key string) *rate.Limiter {
	bucket, ok := l.young[key]
	if ok {
		return bucket
	}
	if bucket, ok = l.old[key]; !ok {
		bucket = rate.NewLimiter(rate.Limit(float64(l.limit.Events)/l.limit.Per.Seconds()), l.limit.Events)
	}
	if len(l.young) >= maxKeys/2 {
		l.young, l.old = make(map[string]*rate.Limiter), l.young
	}
	l.young[key] = bucket
	return bucket
}
