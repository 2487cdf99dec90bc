package browsers

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/postgres/pgtest"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }

const patience = 30 * time.Second

// house is a service on a real database. Only the launcher and the hub are fakes, and the tests play the agent.
type house struct {
	*testing.T
	*Service
	pool     *pgxpool.Pool
	rooms    *rooms.Service
	people   *accounts.Service
	tokens   rooms.Tokens
	launcher *fakeLauncher
	hub      *fakeHub
	n        int
}

func newHouse(t *testing.T, change func(*Options)) *house {
	t.Helper()
	keys, err := accounts.OpenKeys(t.TempDir(), nil)
	require.NoError(t, err)
	pool, hasher := pgtest.New(t), accounts.NewHasher(accounts.HashCost{MemoryKiB: 8, Iterations: 1, Parallelism: 1}, 4)
	h := &house{
		T: t, pool: pool, rooms: rooms.New(rooms.Options{Pool: pool, Hasher: hasher}),
		people: accounts.New(accounts.Options{Pool: pool, Keys: keys, Hasher: hasher}), tokens: rooms.Tokens{Keys: keys},
		launcher: newFakeLauncher(),
	}
	h.open(change)
	return h
}

// open starts a service; again, it is the one after a restart.
func (h *house) open(change func(*Options)) {
	h.Helper()
	o := Options{
		DB: h.pool, Launcher: h.launcher, Rooms: h.rooms, People: h.people, Tokens: h.tokens, MaxRunning: 10, MaxPerOwner: 10,
		Spec:      Spec{SignalTimeout: time.Hour, ViewerTimeout: time.Hour, StartURL: "https://start.example/"},
		StopGrace: time.Millisecond, KillGrace: time.Hour, JoinTimeout: time.Hour, ReapInterval: time.Hour,
	}
	if change != nil {
		change(&o)
	}
	s := New(o)
	h.Service, h.hub = s, &fakeHub{waiting: map[uuid.UUID]bool{}, assigned: make(chan assignment, 100)}
	require.NoError(h, s.Open(context.Background(), h.hub))
	h.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = s.Shutdown(ctx)
	})
}

// crash ends the service as kill -9 does: nothing is said, nothing more is stored.
func (h *house) crash() {
	s := h.Service
	s.mu.Lock()
	s.closing = true
	for _, r := range s.byID {
		r.stopTimers()
	}
	s.byID = map[uuid.UUID]*run{}
	s.mu.Unlock()
	s.cancel()
	s.working.Wait()
}

func (h *house) room() (rooms.Room, accounts.Person) {
	h.Helper()
	h.n++
	p, err := h.people.AdminCreate(context.Background(), accounts.SignUp{Username: fmt.Sprintf("person%d", h.n), Password: "a long password"}, false)
	require.NoError(h, err)
	return h.another(p), p
}

func (h *house) another(p accounts.Person) rooms.Room {
	h.Helper()
	r, err := h.rooms.Create(context.Background(), p, rooms.NewRoom{Title: "Movies"})
	require.NoError(h, err)
	return r
}

// start begins a run and waits until the service knows that it is launched.
func (h *house) start(r rooms.Room, p accounts.Person) Spec {
	h.Helper()
	_, err := h.Start(context.Background(), r.ID, p.ID)
	require.NoError(h, err)
	h.mu.Lock()
	known := h.byRoom[r.ID].launched
	h.mu.Unlock()
	receive(h, known, "the start does not return")
	return h.launched()
}

// launched is what the launcher has begun to start next. Its Start may not have returned yet.
func (h *house) launched() Spec {
	h.Helper()
	return receive(h, h.launcher.started, "nothing was launched")
}

// receive is the next of from, which the test fails without.
func receive[T any](h *house, from <-chan T, otherwise string) (next T) {
	h.Helper()
	select {
	case next = <-from:
	case <-time.After(patience):
		require.FailNow(h, otherwise)
	}
	return next
}

// ready plays the agent up to ready.
func (h *house) ready(r rooms.Room, p accounts.Person) Spec {
	h.Helper()
	s := h.start(r, p)
	require.NoError(h, h.Connected(r.ID, s.Run, "peer", 1))
	h.Status(r.ID, s.Run, wire.VBStatus{State: wire.VBStatusStateReady})
	h.await(r, wire.BrowserStateReady)
	return s
}

// await waits until the hub has heard of a state, and says all of it.
func (h *house) await(r rooms.Room, state wire.BrowserState) wire.Browser {
	h.Helper()
	var b wire.Browser
	require.Eventually(h, func() bool {
		b = h.hub.last(r.ID)
		return b.State == state
	}, patience, time.Millisecond, "%s", state)
	return b
}

func (h *house) ended(r rooms.Room, state wire.BrowserState, reason wire.EndReason) wire.Browser {
	h.Helper()
	b := h.await(r, state)
	require.Equal(h, reason, *b.EndReason)
	require.Equal(h, b, h.State(r.ID))
	require.Nil(h, b.Peer)
	return b
}

func (h *house) row(id uuid.UUID) db.Browser {
	h.Helper()
	var row db.Browser
	require.NoError(h, h.pool.QueryRow(context.Background(), "SELECT state, end_reason, detail, ended_at, handle FROM browsers WHERE id = $1", id).
		Scan(&row.State, &row.EndReason, &row.Detail, &row.EndedAt, &row.Handle))
	return row
}

func (h *house) refused(code wire.ErrorCode, err error) {
	h.Helper()
	require.Error(h, err)
	require.Equal(h, code, wire.CodeOf(err), err.Error())
}

type fakeHub struct {
	mu      sync.Mutex
	heard   []news
	told    []string
	viewers int
	agent   func(reason wire.EndReason)
	// waiting are the agents without a room that can be told of one; assigned is what they were told.
	waiting  map[uuid.UUID]bool
	assigned chan assignment
}

type assignment struct {
	run uuid.UUID
	wire.VBAssign
}

func (f *fakeHub) AssignBrowser(run uuid.UUID, a wire.VBAssign) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting[run] {
		f.assigned <- assignment{run, a}
	}
	return f.waiting[run]
}

func (f *fakeHub) BrowserChanged(room rooms.ID, b wire.Browser) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = append(f.heard, news{room, b})
}

func (f *fakeHub) StopBrowser(_ rooms.ID, reason wire.EndReason) bool {
	f.mu.Lock()
	f.told = append(f.told, "stop "+string(reason))
	agent := f.agent
	f.mu.Unlock()
	if agent != nil {
		agent(reason)
	}
	return agent != nil
}

func (f *fakeHub) KeepAliveBrowser(rooms.ID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, "keep alive")
	return true
}

func (f *fakeHub) ViewerCount(rooms.ID) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.viewers
}

func (f *fakeHub) last(room rooms.ID) wire.Browser {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.heard) - 1; i >= 0; i-- {
		if f.heard[i].room == room {
			return f.heard[i].browser
		}
	}
	return wire.Browser{}
}

// fakeLauncher starts nothing and remembers it.
type fakeLauncher struct {
	started chan Spec
	held    chan struct{}
	events  chan Event

	mu      sync.Mutex
	running map[Handle]Running
	stopped []Handle
	why     string        // not available
	fail    error         // of Start
	hold    chan struct{} // Start waits for it, and says so by held
	slow    chan struct{} // Start waits for it, with the browser running
	media   []netip.AddrPort
	away    bool // nothing can be listed
}

func newFakeLauncher() *fakeLauncher {
	return &fakeLauncher{started: make(chan Spec, 100), held: make(chan struct{}, 100), events: make(chan Event, 100), running: map[Handle]Running{}}
}

func (f *fakeLauncher) Name() string { return "fake" }

func (f *fakeLauncher) Available() (bool, string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.why == "", f.why
}

func (f *fakeLauncher) Start(ctx context.Context, spec Spec) (Handle, error) {
	f.mu.Lock()
	hold, slow, fail := f.hold, f.slow, f.fail
	f.mu.Unlock()
	if hold != nil {
		f.held <- struct{}{}
		select {
		case <-hold:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	if fail != nil {
		return "", fail
	}
	handle := Handle("handle of " + spec.Run.String())
	f.mu.Lock()
	f.running[handle] = Running{Handle: handle, Run: spec.Run, StartedAt: time.Now(), Media: f.media}
	f.mu.Unlock()
	f.started <- spec
	if slow != nil {
		<-slow
	}
	return handle, nil
}

func (f *fakeLauncher) Stop(_ context.Context, handle Handle, _ time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = append(f.stopped, handle)
	delete(f.running, handle)
	return nil
}

func (f *fakeLauncher) Inspect(_ context.Context, handle Handle) (Running, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.running[handle]
	if !ok {
		return r, ErrNotRunning
	}
	return r, nil
}

func (f *fakeLauncher) List(context.Context) ([]Running, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return nil, errors.New("the engine does not answer")
	}
	list := []Running{}
	for _, r := range f.running {
		list = append(list, r)
	}
	return list, nil
}

func (f *fakeLauncher) Events() <-chan Event { return f.events }

// exit has a browser end by itself.
func (f *fakeLauncher) exit(run uuid.UUID, detail string) {
	f.mu.Lock()
	delete(f.running, Handle("handle of "+run.String()))
	f.mu.Unlock()
	f.events <- Event{Run: run, Detail: detail}
}

// switchable is a database that can be away, slow to take a start, or late.
type switchable struct {
	db.DBTX
	mu   sync.Mutex
	away bool
	// held, where it is set, is told of each start that is to be stored, and gets the error to fail it with or nil to go on.
	held chan chan error
	// late is whether starts are not answered, and stored only by catchUp.
	late    bool
	catchUp func()
}

func (s *switchable) set(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func (s *switchable) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	s.mu.Lock()
	away, held, late := s.away, s.held, s.late
	if start := strings.Contains(sql, "InsertBrowser"); !start {
		held, late = nil, false
	}
	if late {
		s.catchUp = func() { _, _ = s.DBTX.Exec(context.Background(), sql, args...) }
	}
	s.mu.Unlock()
	if held != nil {
		answer := make(chan error)
		held <- answer
		if err := <-answer; err != nil {
			return pgconn.CommandTag{}, err
		}
	}
	if away || late {
		return pgconn.CommandTag{}, errors.New("the database is away")
	}
	return s.DBTX.Exec(ctx, sql, args...)
}
