package supervise

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Supervisor runs a set of processes. Make one by New.
type Supervisor struct {
	id       string
	logger   *slog.Logger
	order    []*process  // each after everything it needs
	messages chan func() // to the loop of Run, which alone owns the fields of process
	closing  chan struct{}
	done     chan struct{}
	ending   bool // owned by the loop
	failure  error

	board board
	once  sync.Once // of closing

	mu      sync.Mutex
	started bool
}

// process is a Process and what the loop knows of it.
type process struct {
	Process
	needs, neededBy []*process

	run       *run
	ready     bool
	stopped   bool // the run was told to end
	recycle   bool // Restart was called
	wanted    bool // it shall run; worked out anew for each step
	notBefore time.Time
	deaths    []time.Time // within the policy's window
	unready   int         // starts in a row that did not get ready
	starts    int
}

// New checks that names are unique, needs known and free of circles. Nothing is started before Run.
func New(processes []Process, options Options) (*Supervisor, error) {
	order, err := sortByNeeds(processes)
	if err != nil {
		return nil, err
	}
	logger := options.Logger
	if logger == nil {
		logger = slog.Default()
	}
	s := &Supervisor{
		id:       rand.Text(),
		logger:   logger,
		order:    order,
		messages: make(chan func()),
		closing:  make(chan struct{}),
		done:     make(chan struct{}),
	}
	s.board.init(order)
	return s, nil
}

func sortByNeeds(given []Process) ([]*process, error) {
	byName := make(map[string]*process)
	var all []*process
	for _, g := range given {
		if g.Name == "" || g.Command == nil {
			return nil, fmt.Errorf("process %q has no name or no command", g.Name)
		}
		if byName[g.Name] != nil {
			return nil, fmt.Errorf("two processes are named %q", g.Name)
		}
		p := &process{Process: g}
		setDefault(&p.ReadyTimeout, DefaultReadyTimeout)
		setDefault(&p.Grace, DefaultGrace)
		setDefault(&p.Restart.Backoff, DefaultBackoff)
		setDefault(&p.Restart.MaxBackoff, DefaultMaxBackoff)
		setDefault(&p.Restart.Limit, DefaultRestartLimit)
		setDefault(&p.Restart.Window, DefaultRestartWindow)
		setDefault(&p.Restart.StartAttempts, DefaultStartAttempts)
		byName[g.Name] = p
		all = append(all, p)
	}
	for _, p := range all {
		for _, name := range p.Needs {
			need := byName[name]
			if need == nil {
				return nil, fmt.Errorf("%s needs %q, which is not there", p.Name, name)
			}
			p.needs = append(p.needs, need)
			need.neededBy = append(need.neededBy, p)
		}
	}
	var order []*process
	placed := make(map[*process]bool)
	for len(order) < len(all) {
		before := len(order)
		for _, p := range all {
			ready := !slices.ContainsFunc(p.needs, func(need *process) bool { return !placed[need] })
			if !placed[p] && ready {
				placed[p] = true
				order = append(order, p)
			}
		}
		if len(order) == before {
			return nil, errors.New("processes need each other in a circle")
		}
	}
	return order, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Run starts the processes and looks after them until the context ends, Close is called or one of them fails; then it
// ends them all and returns nil or the failed one's *ProcessError. It may be called once.
func (s *Supervisor) Run(ctx context.Context) error {
	s.mu.Lock()
	if s.started {
		s.mu.Unlock()
		return errors.New("supervisor runs already or has run")
	}
	s.started = true
	s.mu.Unlock()
	defer close(s.done)
	defer s.board.end()

	// The kernel takes the death of the thread that started a process for the death of the parent (PR_SET_PDEATHSIG),
	// so all are started from this one, which stays until they have ended.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := joinFamily(s); err != nil {
		s.failure = err
		return err
	}
	defer leaveFamily(s)
	var reaper sync.WaitGroup
	stopReaper := make(chan struct{})
	reaper.Go(func() { reapOrphans(stopReaper) })
	defer reaper.Wait()
	defer close(stopReaper)

	s.loop(ctx)

	if left := endOrphans(s); left > 0 {
		s.failure = errors.Join(s.failure, fmt.Errorf("%d %w", left, ErrLeftBehind))
	}
	return s.failure
}

func (s *Supervisor) loop(ctx context.Context) {
	cancelled, closing := ctx.Done(), s.closing
	wake := time.NewTimer(time.Hour)
	defer wake.Stop()
	for {
		// An end that was asked for comes before any start.
		select {
		case <-cancelled:
			s.ending = true
		case <-closing:
			s.ending = true
		default:
		}
		if s.ending {
			cancelled, closing = nil, nil
		}
		ending := s.ending
		wake.Reset(s.step(time.Now()))
		if s.ending != ending {
			continue // a process failed for good: the others are ended
		}
		if s.ending && !slices.ContainsFunc(s.order, func(p *process) bool { return p.run != nil }) {
			for _, p := range s.order {
				if s.board.state(p.Name) != Failed {
					s.setState(p, Stopped, nil)
				}
			}
			return
		}
		select {
		case <-cancelled:
			s.ending = true
		case <-closing:
			s.ending = true
		case message := <-s.messages:
			message()
		case <-wake.C:
		}
	}
}

// step starts and ends what the needs of the processes ask for now, and returns the time until it should look again.
func (s *Supervisor) step(now time.Time) time.Duration {
	next := time.Hour
	for _, p := range s.order {
		missing := p.missing()
		p.wanted = !s.ending && !p.recycle && missing == nil
		if slices.ContainsFunc(p.neededBy, func(d *process) bool { return d.run != nil }) {
			continue // they are ended first
		}
		switch {
		case p.run == nil && p.wanted:
			if wait := p.notBefore.Sub(now); wait > 0 {
				next = min(next, wait)
				continue
			}
			s.start(p)
			if p.run == nil {
				next = min(next, time.Until(p.notBefore))
			}
		case p.run != nil && !p.wanted && !p.stopped:
			p.stopped = true
			close(p.run.stop)
			if missing != nil && !s.ending {
				s.setState(p, Restarting, &NeedError{Process: p.Name, Need: missing.Name})
			} else if !s.ending {
				s.setState(p, Restarting, nil)
			}
		}
	}
	return next
}

// missing returns a need that is not fulfilled.
func (p *process) missing() *process {
	for _, need := range p.needs {
		if !need.ready || !need.wanted || need.stopped {
			return need
		}
	}
	return nil
}

func (s *Supervisor) start(p *process) {
	p.starts++
	s.board.starting(p.Name, p.starts-1)
	s.setState(p, Starting, nil)
	r, err := startRun(p, fmt.Sprintf("%s/%s/%d", s.id, p.Name, p.starts), s.logger)
	if err != nil {
		p.ready = false
		s.died(p, &ProcessError{Process: p.Name, Err: fmt.Errorf("could not be started: %w", err)})
		return
	}
	p.run, p.ready, p.stopped = r, false, false
	s.board.runs(p.Name, r.cmd.Process.Pid)
	// The loop receives until no process has a run, so this goroutine always ends before Run returns.
	go func() {
		ended := r.watch(func() {
			s.messages <- func() {
				if p.ready = true; !p.stopped {
					p.unready = 0
					s.setState(p, Ready, nil)
				}
			}
		})
		s.messages <- func() { s.ended(p, ended) }
	}()
}

func (s *Supervisor) ended(p *process, how *ProcessError) {
	asked := p.stopped
	p.run, p.stopped = nil, false
	defer func() { p.ready, p.recycle = false, false }()
	s.board.runs(p.Name, 0)
	switch {
	case s.ending:
		s.setState(p, Stopped, nil)
	case !asked:
		s.died(p, how)
	}
}

// died decides what comes after the unexpected death of a process.
func (s *Supervisor) died(p *process, how *ProcessError) {
	policy := p.Restart
	now := time.Now()
	p.deaths = slices.DeleteFunc(p.deaths, func(t time.Time) bool { return now.Sub(t) > policy.Window })
	if !p.ready {
		p.unready++
	}
	var exit *exec.ExitError
	if !policy.ForgiveExit || !p.ready || errors.As(how, &exit) {
		p.deaths = append(p.deaths, now)
	}
	if policy.Never || len(p.deaths) > policy.Limit || p.unready >= policy.StartAttempts {
		s.setState(p, Failed, how)
		s.failure = how
		s.ending = true
		return
	}
	pause := policy.Backoff
	for range max(0, len(p.deaths)-1) {
		pause = min(2*pause, policy.MaxBackoff)
	}
	p.notBefore = now.Add(pause)
	s.logger.Warn("process died", "process", p.Name, "error", how, "restart_in", pause)
	s.setState(p, Restarting, how)
}

func (s *Supervisor) setState(p *process, state State, err error) {
	if s.board.set(p.Name, state, err) {
		s.logger.Debug("process state", "process", p.Name, "state", state)
	}
}

// WaitReady returns nil once every process is ready at the same time, or why that can no longer come.
func (s *Supervisor) WaitReady(ctx context.Context) error {
	for {
		ready, changed := s.board.ready()
		if ready {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.done:
			if s.failure != nil {
				return s.failure
			}
			return ErrEnded
		case <-changed:
		}
	}
}

// Subscribe returns the changes of state from now on. It never blocks the supervisor: a reader who is more than 64
// events behind loses the oldest; Status always tells the truth. The channel is closed by cancel and when Run returns.
func (s *Supervisor) Subscribe() (events <-chan Event, cancel func()) { return s.board.subscribe() }

// Status returns the state of every process in the order of their start.
func (s *Supervisor) Status() []Status { return s.board.list() }

// Restart ends a process and what needs it and starts them again, without using up its RestartPolicy. It returns when
// that has begun.
func (s *Supervisor) Restart(name string) error {
	i := slices.IndexFunc(s.order, func(p *process) bool { return p.Name == name })
	if i < 0 {
		return fmt.Errorf("no process is named %q", name)
	}
	p := s.order[i]
	s.mu.Lock()
	started := s.started
	s.mu.Unlock()
	if !started {
		return nil // it starts anew with Run anyway
	}
	select {
	case s.messages <- func() {
		p.notBefore = time.Time{}
		p.recycle = p.run != nil
	}:
		return nil
	case <-s.done:
		return ErrEnded
	}
}

// Close ends what Run has started and waits until it has returned. It may be called many times; a Run that comes after
// it starts nothing.
func (s *Supervisor) Close() {
	s.once.Do(func() { close(s.closing) })
	s.mu.Lock()
	started := s.started
	s.mu.Unlock()
	if started {
		<-s.done
	}
}
