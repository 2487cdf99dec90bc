package browsers

import (
	"slices"
	"time"
)

// pool decides how many browsers wait for a room and when the next is started. It knows nothing but what it is told, the time too;
// the service does what it says.
type pool struct {
	size int
	// life is how long one may wait, rest how long after the last start of a room the next is started.
	life, rest time.Duration

	// failures are those that ended by themselves since one was of use; notBefore is when the next may be started.
	failures  int
	notBefore time.Time
}

// Pauses after one has ended by itself, doubled with each that follows it.
const (
	firstPause   = 5 * time.Second
	longestPause = 15 * time.Minute
)

// standing is what the pool has to go by.
type standing struct {
	waiting []*warm // those that are not being ended
	// rooms is how many have a browser, starting how many of these are not ready yet, places how many browsers there may be of all.
	rooms, starting, places int
}

// look says what is to be done now: end some, start one. again is when to look at the latest; 0 when nothing is to come.
func (p *pool) look(now time.Time, s standing) (end []*warm, start bool, again time.Duration) {
	soon := func(d time.Duration) {
		if again == 0 || d < again {
			again = d
		}
	}
	slices.SortFunc(s.waiting, func(a, b *warm) int { return a.startedAt.Compare(b.startedAt) })
	wanted := max(0, min(p.size, s.places-s.rooms))
	kept, unready := 0, 0
	for _, w := range s.waiting {
		left := p.life - now.Sub(w.startedAt)
		if kept == wanted || left <= 0 {
			end = append(end, w)
			continue
		}
		kept++
		soon(left)
		if !w.ready {
			unready++
		}
	}
	// One at a time, and none beside the start of a room: it would only slow that.
	if kept >= wanted || unready > 0 || s.starting > 0 {
		return end, false, again
	}
	if left := p.notBefore.Sub(now); left > 0 {
		soon(left)
		return end, false, again
	}
	return end, true, again
}

// roomReady leaves the machine to a room that has just got its browser.
func (p *pool) roomReady(now time.Time) { p.wait(now.Add(p.rest)) }

// failed says that one ended by itself, or that none could be started.
func (p *pool) failed(now time.Time) {
	pause := min(longestPause, firstPause<<min(p.failures, 16))
	p.failures++
	p.wait(now.Add(pause))
}

// served says that one was of use.
func (p *pool) served() { p.failures = 0 }

func (p *pool) wait(until time.Time) {
	if until.After(p.notBefore) {
		p.notBefore = until
	}
}
