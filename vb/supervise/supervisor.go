package supervise

import "context"

// Supervisor runs a set of processes. Make one by New.
type Supervisor struct{}

// New checks that names are unique, needs known and free of circles. Nothing is started before Run.
func New(processes []Process, options Options) (*Supervisor, error) { return nil, nil }

// Run starts the processes and looks after them until the context ends, Close is called or one of them fails; then it
// ends them all and returns nil or the failed one's *ProcessError. It may be called once.
func (s *Supervisor) Run(ctx context.Context) error { return nil }

// WaitReady returns nil once every process is ready at the same time, or why that can no longer come.
func (s *Supervisor) WaitReady(ctx context.Context) error { return nil }

// Subscribe returns the changes of state from now on. It never blocks the supervisor: a reader who is more than 64
// events behind loses the oldest; Status always tells the truth. The channel is closed by cancel and when Run returns.
func (s *Supervisor) Subscribe() (events <-chan Event, cancel func()) { return nil, nil }

// Status returns the state of every process in the order of their start.
func (s *Supervisor) Status() []Status { return nil }

// Restart ends a process and what needs it and starts them again, without using up its RestartPolicy.
func (s *Supervisor) Restart(name string) error { return nil }

// Close ends what Run has started and waits until it has returned. It may be called many times, also before Run.
func (s *Supervisor) Close() {}
