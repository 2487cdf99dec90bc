package browsers

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// Managed is a browser as an administrator sees it.
type Managed struct {
	ID        uuid.UUID
	Room      rooms.ID // zero for one that waits for a room
	State     wire.BrowserState
	StartedBy *wire.PublicPerson
	StartedAt time.Time
	// Memory is in bytes, CPU the processors kept busy since the last look; Measured and Rated say that they are known.
	Memory          int64
	CPU             float64
	Measured, Rated bool
}

// usageLook is how old what the launcher measured may be: two administrators who look at once cost no more than one.
const usageLook = time.Second

// usage is what was measured last, and how busy each was between that and the look before. It is under the service's lock.
type usage struct {
	at    time.Time
	seen  map[uuid.UUID]Usage
	rates map[uuid.UUID]float64
	err   error
	// looking is closed when a look under way has ended; nil without one.
	looking chan struct{}
}

// All has the browsers that run or wait for a room, the oldest first, with what each takes; err is why that is not known.
func (s *Service) All(ctx context.Context) (all []Managed, err error) {
	s.measure(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.byID {
		m := Managed{ID: r.id, Room: r.room, State: r.browser.State, StartedBy: r.browser.StartedBy, StartedAt: *r.browser.StartedAt}
		all = append(all, s.usage.add(m))
	}
	for id, w := range s.warm {
		m := Managed{ID: id, State: wire.BrowserStateStarting, StartedAt: w.startedAt}
		switch {
		case w.ending:
			m.State = wire.BrowserStateStopping
		case w.ready:
			m.State = wire.BrowserStateReady
		}
		all = append(all, s.usage.add(m))
	}
	slices.SortFunc(all, func(a, b Managed) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), slices.Compare(a.ID[:], b.ID[:]))
	})
	return all, s.usage.err
}

func (u *usage) add(m Managed) Managed {
	seen, known := u.seen[m.ID]
	m.Memory, m.Measured = seen.Memory, known
	m.CPU, m.Rated = u.rates[m.ID], false
	_, m.Rated = u.rates[m.ID]
	return m
}

// measure asks the launcher, unless it was asked just now; who comes while it is asked waits for that.
func (s *Service) measure(ctx context.Context) {
	meter, ok := s.o.Launcher.(Meter)
	if !ok {
		return
	}
	s.mu.Lock()
	if looking := s.usage.looking; looking != nil {
		s.mu.Unlock()
		select {
		case <-looking:
		case <-ctx.Done():
		}
		return
	}
	if s.o.Now().Sub(s.usage.at) < usageLook {
		s.mu.Unlock()
		return
	}
	looking := make(chan struct{})
	s.usage.looking = looking
	s.mu.Unlock()

	// Others wait for it: it does not end with who asked first.
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.LaunchTimeout)
	defer cancel()
	seen, err := meter.Usage(call)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(looking)
	s.usage.take(seen, err, s.o.Now())
}

// take makes rates of what is measured now and what was before.
func (u *usage) take(seen map[uuid.UUID]Usage, err error, now time.Time) {
	before := u.seen
	u.seen, u.rates, u.err, u.at, u.looking = seen, make(map[uuid.UUID]float64, len(seen)), err, now, nil
	for id, is := range seen {
		if was, known := before[id]; known && is.At.After(was.At) {
			// Processes that ended between the two may take their time along.
			u.rates[id] = max(0, (is.CPU-was.CPU).Seconds()/is.At.Sub(was.At).Seconds())
		}
	}
}

// Kill ends a browser, whichever room it is of, or none. The room is told why. Error: browser_not_running.
func (s *Service) Kill(run uuid.UUID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.warm[run]; w != nil {
		s.endWarm(w)
		return nil
	}
	r := s.byID[run]
	if r == nil {
		return errNotRunning()
	}
	s.stop(r, wire.EndReasonKilled, "")
	return nil
}

// Limit sets how many browsers may run from now on; those that run beyond it go on.
func (s *Service) Limit(running, perOwner int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.MaxRunning, s.o.MaxPerOwner = running, perOwner
	wake(s.wakeWarm)
}

// Running counts the browsers that rooms have.
func (s *Service) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byID)
}
