// Package browsers keeps the life of the rooms' virtual browsers: who may start one, what state it is in, and why it ended.
//
// The HTTP API calls Start, Stop, KeepAlive, State and Available; the hub tells what it hears from the agents; a Launcher, such
// as package process, does the starting and ending. The state in memory is the truth while a run lives; the database follows it, so a
// database that is away for a while stops no browser.
//
// What always holds: a room has one run at most that is not ended; no more runs than the quotas allow, however many ask at once; each
// run ends with a reason; what people hear of a room's browser comes in the order in which it happened.
package browsers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// Options of a Service. The interfaces are needed; the zero of every time is good for a server.
type Options struct {
	DB       db.DBTX
	Launcher Launcher
	Rooms    Rooms
	People   People
	Tokens   Tokens

	// Outlive has Shutdown leave the browsers to the next server. Those that none takes back end by themselves after SignalTimeout.
	Outlive bool
	// MaxRunning bounds the runs of this server, MaxPerOwner those of one person's rooms; 0 allows none.
	MaxRunning, MaxPerOwner int
	// SessionLength is how long a run goes on at most, for ever when 0; SessionExtensions how often people may put its end off.
	SessionLength     time.Duration
	SessionExtensions int
	// Spec is what all browsers have in common: ICE servers, time-outs, the start page of rooms that name none. The screen is the room's.
	Spec Spec

	// Network says under which addresses viewers reach this machine, and which name servers it asks; asked at each start. Nil knows none.
	Network func(ctx context.Context) (addresses, resolvers []netip.Addr)
	// Own are all public addresses that the machine has itself; asked at each start. Nil knows none.
	Own func() []netip.Addr

	// Warm is how many browsers are kept ready for rooms to come, no more than there is place for. None is started while FreeMemory knows
	// of less than WarmMemory bytes, 1.5 GiB when 0; FreeMemory is the machine's own when nil.
	Warm       int
	WarmMemory uint64
	FreeMemory func() (free uint64, known bool)
	// WarmLife is how long one waits until another takes its place, 6 h when 0; WarmRest how long a room that has just got its browser
	// has the machine to itself, 10 s when 0.
	WarmLife, WarmRest time.Duration
	// JoinTimeout is how long a warm browser may take to come to the room that took it, before another is started; 10 s when 0.
	JoinTimeout time.Duration

	StartTimeout  time.Duration // until ready; 90 s when 0
	LaunchTimeout time.Duration // of Launcher.Start; 30 s when 0
	// StopGrace is how long an agent that was told to end may take before its Launcher ends it, and KillGrace how long after that
	// before force; 5 s and 3 s when 0.
	StopGrace, KillGrace time.Duration
	ReapInterval         time.Duration // 15 s when 0
	// Margin is how much longer than SignalTimeout and ViewerTimeout the service waits for what the agent does by itself; 15 s when 0.
	Margin time.Duration

	Now func() time.Time
	Log *slog.Logger
}

// Service is safe for concurrent use. Make it by New; Open before anything else, Shutdown in the end.
type Service struct {
	o       Options
	queries *db.Queries
	hub     Hub
	// ctx ends with the service.
	ctx     context.Context
	cancel  context.CancelFunc
	working sync.WaitGroup

	mu      sync.Mutex
	closing bool
	// byRoom has the last run of each room, ended or not; byID those not ended.
	byRoom map[rooms.ID]*run
	byID   map[uuid.UUID]*run
	// unsure has the starts of each room whose row the database may have stored without saying so.
	unsure map[rooms.ID][]*run
	// warm has the browsers that wait for a room, pool how many there are to be.
	warm         map[uuid.UUID]*warm
	pool         pool
	enoughMemory bool
	usage        usage
	// outbox is what the hub has not been told yet, dirty what the database has not.
	outbox  []news
	dirty   map[uuid.UUID]*run
	wakeHub chan struct{}
	wakeDB  chan struct{}
	// wakeWarm has the pool looked at.
	wakeWarm chan struct{}
}

// New makes a service. It starts nothing.
func New(o Options) *Service {
	o.StartTimeout = cmp.Or(o.StartTimeout, 90*time.Second)
	o.LaunchTimeout = cmp.Or(o.LaunchTimeout, 30*time.Second)
	o.StopGrace = cmp.Or(o.StopGrace, 5*time.Second)
	o.KillGrace = cmp.Or(o.KillGrace, 3*time.Second)
	o.ReapInterval = cmp.Or(o.ReapInterval, 15*time.Second)
	o.Margin = cmp.Or(o.Margin, 15*time.Second)
	o.WarmMemory = cmp.Or(o.WarmMemory, 1536<<20)
	o.WarmLife = cmp.Or(o.WarmLife, 6*time.Hour)
	o.WarmRest = cmp.Or(o.WarmRest, 10*time.Second)
	o.JoinTimeout = cmp.Or(o.JoinTimeout, 10*time.Second)
	if o.FreeMemory == nil {
		o.FreeMemory = FreeMemory
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		o: o, queries: db.New(o.DB), byRoom: make(map[rooms.ID]*run), byID: make(map[uuid.UUID]*run), dirty: make(map[uuid.UUID]*run),
		unsure: make(map[rooms.ID][]*run), wakeHub: make(chan struct{}, 1), wakeDB: make(chan struct{}, 1),
		warm: make(map[uuid.UUID]*warm), pool: pool{size: o.Warm, life: o.WarmLife, rest: o.WarmRest}, enoughMemory: true, wakeWarm: make(chan struct{}, 1),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// lastEndsKept is how long after its end a restarted server still shows why a browser ended.
const lastEndsKept = 24 * time.Hour

// Open takes back the browsers that live, marks as failed what died while no server ran, ends what nobody knows, and starts the
// service's work. hub is told from then on.
func (s *Service) Open(ctx context.Context, hub Hub) error {
	s.hub = hub
	running, unknown := s.o.Launcher.List(ctx)
	if ctx.Err() != nil {
		return fmt.Errorf("list the browsers that run: %w", context.Cause(ctx))
	}
	if unknown != nil { // what starts them is away; agents that live come by themselves
		s.o.Log.Warn("which browsers run is not known yet", "error", unknown)
	}
	since := s.o.Now().Add(-lastEndsKept)
	ended, err := s.queries.ListLatestBrowsers(ctx, &since)
	if err != nil {
		return fmt.Errorf("read how browsers ended: %w", err)
	}
	open, err := s.queries.ListOpenBrowsers(ctx)
	if err != nil {
		return fmt.Errorf("read which browsers run: %w", err)
	}
	alive := make(map[uuid.UUID]Running, len(running))
	for _, r := range running {
		alive[r.Run] = r
	}
	for _, row := range ended {
		s.restore(ctx, row)
	}
	for _, row := range open {
		r := s.restore(ctx, row)
		if found, ok := alive[row.ID]; ok {
			s.adopt(r, found)
			continue
		}
		if unknown != nil && row.Launcher == s.o.Launcher.Name() {
			s.adopt(r, Running{Handle: r.handle})
			continue
		}
		s.mu.Lock()
		s.end(r, wire.BrowserStateFailed, wire.EndReasonSignalLost, "The server was restarted, and the browser had ended by then. Start it again.")
		s.mu.Unlock()
	}
	s.work(s.watch)
	s.work(s.notify)
	s.work(s.persist)
	s.work(func() {
		s.reapOnce() // what the server before this one kept warm ends before another is started
		s.work(s.keepWarm)
		s.reap()
	})
	return nil
}

// work runs f until the service ends.
func (s *Service) work(f func()) {
	s.working.Add(1)
	go func() {
		defer s.working.Done()
		f()
	}()
}

// Available says whether browsers can be started, and if not, why and the mend.
func (s *Service) Available() (ok bool, why string) { return s.o.Launcher.Available() }

// State is what the room's people see of its browser. It never blocks.
func (s *Service) State(room rooms.ID) wire.Browser {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.byRoom[room]; r != nil {
		return r.browser
	}
	return wire.Browser{State: wire.BrowserStateStopped}
}

// Stop ends the room's browser. Error: browser_not_running.
func (s *Service) Stop(_ context.Context, room rooms.ID) (wire.Browser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byRoom[room]
	if r == nil || r.ended {
		return wire.Browser{}, errNotRunning()
	}
	s.stop(r, wire.EndReasonRequested, "")
	return r.browser, nil
}

// KeepAlive has an unwatched browser begin its countdown anew. Error: browser_not_running.
func (s *Service) KeepAlive(_ context.Context, room rooms.ID) (wire.Browser, error) {
	s.mu.Lock()
	r := s.byRoom[room]
	if r == nil || r.ended || r.stopping {
		s.mu.Unlock()
		return wire.Browser{}, errNotRunning()
	}
	r.unwatched = time.Time{}
	b := r.browser
	s.mu.Unlock()
	s.hub.KeepAliveBrowser(room) // one that is not connected counts down nothing
	return b, nil
}

// Shutdown ends all browsers with the reason server_stopped, where they are not to outlive it, and returns when they are gone and it is written down, or, KillGrace
// after ctx's end, when even force did not help.
func (s *Service) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	var waiting []chan struct{}
	for _, r := range s.byID {
		if s.o.Outlive && !r.stopping && (r.taken == nil || r.joined) {
			if r.handle != "" {
				continue
			}
			if r.connected { // its launcher was just not heard of yet
				waiting = append(waiting, r.launched)
				continue
			}
		}
		s.stop(r, wire.EndReasonServerStopped, "")
		waiting = append(waiting, r.done)
	}
	for _, w := range s.warm {
		s.endWarm(w)
		waiting = append(waiting, w.done)
	}
	s.mu.Unlock()
	var err error
	for _, settled := range waiting {
		select {
		case <-settled:
		case <-ctx.Done():
			err = fmt.Errorf("end the browsers: %w", context.Cause(ctx))
		}
	}
	s.cancel()
	err = errors.Join(err, s.waitForWork(ctx))
	s.deliver()
	if left := s.writeAll(ctx); left > 0 {
		err = errors.Join(err, fmt.Errorf("%d ends of browsers could not be written down", left))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.byID {
		r.stopTimers()
	}
	return err
}

// waitForWork waits for what s.cancel has ended. What has to be done by force begins only then, so it has KillGrace beyond ctx.
func (s *Service) waitForWork(ctx context.Context) error {
	finished := make(chan struct{})
	go func() {
		s.working.Wait()
		close(finished)
	}()
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
	}
	timer := time.NewTimer(s.o.KillGrace)
	defer timer.Stop()
	select {
	case <-finished:
		return nil
	case <-timer.C:
		return fmt.Errorf("wait for the ends of browsers: %w", context.Cause(ctx))
	}
}

func errNotRunning() error {
	return wire.Errorf(wire.ErrorCodeBrowserNotRunning, "The room's browser is not running.")
}

// personOf is what people see of somebody; nil when they are gone.
func (s *Service) personOf(ctx context.Context, id *uuid.UUID) *wire.PublicPerson {
	if id == nil {
		return nil
	}
	person, err := s.o.People.Person(ctx, accounts.PersonID(*id))
	if err != nil {
		return nil
	}
	return wire.Ptr(person.Public())
}
