package stream

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// retryAfter is the pause before a display or a sound server that is not there is tried again; the supervisor needs
// about as long to bring one back.
const retryAfter = 250 * time.Millisecond

// Part names a part of the stream in Problems.
type Part string

const (
	partPicture Part = "picture"
	partSound   Part = "sound"
	partInput   Part = "input"
	partCursor  Part = "cursor"
)

// Problem is what keeps a part from working at the moment; it is tried again until it does.
type Problem struct {
	Part Part
	Err  error
}

// health collects the parts' problems and tells when one comes or goes.
type health struct {
	changed func()

	mu       sync.Mutex
	problems map[Part]error
}

func newHealth(changed func()) *health {
	return &health{changed: changed, problems: make(map[Part]error)}
}

func (h *health) set(part Part, err error) {
	h.mu.Lock()
	_, had := h.problems[part]
	if err != nil {
		h.problems[part] = err
	} else {
		delete(h.problems, part)
	}
	h.mu.Unlock()
	if had != (err != nil) {
		h.changed()
	}
}

func (h *health) list() []Problem {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []Problem
	for _, part := range slices.Sorted(maps.Keys(h.problems)) {
		all = append(all, Problem{part, h.problems[part]})
	}
	return all
}

// demand counts who wants something that is only made while somebody does.
type demand struct {
	mu    sync.Mutex
	count int
	some  chan struct{} // closed while count > 0
	none  chan struct{} // closed while count is 0
}

func newDemand() *demand {
	d := &demand{some: make(chan struct{}), none: make(chan struct{})}
	close(d.none)
	return d
}

func (d *demand) add(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.count
	d.count += n
	switch {
	case before == 0 && d.count > 0:
		close(d.some)
		d.none = make(chan struct{})
	case before > 0 && d.count == 0:
		d.some = make(chan struct{})
		close(d.none)
	}
}

// state is whether somebody is there, and what is closed when that changes.
func (d *demand) state() (some bool, changes <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.count > 0 {
		return true, d.none
	}
	return false, d.some
}

// while calls f whenever somebody is there, and again after a pause when it fails, until the context ends. f's own
// context ends when nobody is there any more. report is told each failure, and nil when nobody is there: what nobody
// wants is no problem.
func (d *demand) while(ctx context.Context, f func(context.Context) error, report func(error)) {
	for ctx.Err() == nil {
		some, changes := d.state()
		if !some {
			report(nil)
			select {
			case <-ctx.Done():
			case <-changes:
			}
			continue
		}
		inner, cancel := context.WithCancel(ctx)
		left := make(chan struct{})
		go func() {
			defer close(left)
			select {
			case <-inner.Done():
			case <-changes:
				cancel()
			}
		}()
		if err := f(inner); err != nil && inner.Err() == nil {
			report(err)
			select {
			case <-inner.Done():
			case <-time.After(retryAfter):
			}
		}
		cancel()
		<-left
	}
}
