package supervise

import (
	"slices"
	"sync"
	"time"
)

// subscriberBuffer is how many events a reader may be behind before it loses the oldest.
const subscriberBuffer = 64

// board is where the states of the processes are published.
type board struct {
	mu          sync.Mutex
	statuses    []Status
	subscribers map[chan Event]bool
	changed     chan struct{} // closed and made anew by every change
	ended       bool
}

func (b *board) init(order []*process) {
	b.subscribers = make(map[chan Event]bool)
	b.changed = make(chan struct{})
	now := time.Now()
	for _, p := range order {
		b.statuses = append(b.statuses, Status{Event: Event{Process: p.Name, State: Stopped}, Since: now})
	}
}

// find needs the lock.
func (b *board) find(name string) *Status {
	i := slices.IndexFunc(b.statuses, func(s Status) bool { return s.Process == name })
	return &b.statuses[i]
}

func (b *board) state(name string) State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.find(name).State
}

func (b *board) starting(name string, restarts int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.find(name).Restarts = restarts
}

func (b *board) runs(name string, pid int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.find(name).PID = pid
}

// set publishes a new state and says whether it is one.
func (b *board) set(name string, state State, err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	status := b.find(name)
	if state == Starting {
		err = status.Err // why it is started again
	} else if status.State == state && err == nil {
		return false
	}
	status.State, status.Err, status.Since = state, err, time.Now()
	for events := range b.subscribers {
		for sent := false; !sent; {
			select {
			case events <- status.Event:
				sent = true
			default:
				select {
				case <-events:
				default:
				}
			}
		}
	}
	close(b.changed)
	b.changed = make(chan struct{})
	return true
}

// ready says whether all processes are, and returns a channel that is closed by the next change.
func (b *board) ready() (bool, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	missing := slices.ContainsFunc(b.statuses, func(s Status) bool { return s.State != Ready })
	return !missing, b.changed
}

func (b *board) list() []Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.statuses)
}

func (b *board) subscribe() (<-chan Event, func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	events := make(chan Event, subscriberBuffer)
	if b.ended {
		close(events)
		return events, func() {}
	}
	b.subscribers[events] = true
	return events, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.unsubscribe(events)
	}
}

// unsubscribe needs the lock.
func (b *board) unsubscribe(events chan Event) {
	if b.subscribers[events] {
		delete(b.subscribers, events)
		close(events)
	}
}

// end closes the channels of all subscribers.
func (b *board) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	for events := range b.subscribers {
		b.unsubscribe(events)
	}
}
