package link

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// way is one direction: packets wait for the rate, fly for the delay and are sent.
type way struct {
	wake chan struct{} // something changed, capacity 1
	done chan struct{}

	mu         sync.Mutex
	conditions Conditions
	random     *rand.Rand
	losing     bool // in a burst
	counted    Counters

	waiting      []packet
	waitingBytes int
	start        time.Time // since when the first of waiting is transmitted
	flying       []packet
}

type packet struct {
	data []byte
	send func([]byte)
	// at is when it came, then when it arrives.
	at time.Time
}

func newWay(c Conditions, seed, stream uint64) *way {
	return &way{
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		conditions: c, random: rand.New(rand.NewPCG(seed, stream)),
	}
}

func (c Conditions) check() error {
	switch {
	case c.Delay < 0:
		return fmt.Errorf("%w: delay %s", ErrConditions, c.Delay)
	case !(c.Loss >= 0 && c.Loss <= 1):
		return fmt.Errorf("%w: loss %g is not within 0 and 1", ErrConditions, c.Loss)
	case !(c.Burst >= 0):
		return fmt.Errorf("%w: burst %g", ErrConditions, c.Burst)
	case c.Rate < 0:
		return fmt.Errorf("%w: rate %d", ErrConditions, c.Rate)
	case c.Buffer < 0:
		return fmt.Errorf("%w: buffer %d", ErrConditions, c.Buffer)
	}
	return nil
}

func (c Conditions) buffer() int {
	if c.Buffer > 0 {
		return c.Buffer
	}
	return max(c.Rate/8/5, 16<<10)
}

// transmission is how long the rate takes for a packet.
func (c Conditions) transmission(size int) time.Duration {
	if c.Rate == 0 {
		return 0
	}
	return time.Duration(float64(size*8) / float64(c.Rate) * float64(time.Second))
}

func (w *way) set(c Conditions) error {
	if err := c.check(); err != nil {
		return err
	}
	w.mu.Lock()
	w.conditions = c
	w.mu.Unlock()
	w.nudge()
	return nil
}

func (w *way) counters() Counters {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counted
}

func (w *way) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *way) stop() { close(w.done) }

// enter takes a copy of a packet that has just come.
func (w *way) enter(data []byte, send func([]byte)) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counted.Received++
	if w.lose() {
		w.counted.Lost++
		return
	}
	if w.conditions.Rate > 0 && w.waitingBytes+len(data) > w.conditions.buffer() {
		w.counted.Overflowed++
		return
	}
	if len(w.waiting) == 0 {
		w.start = now
	}
	w.waiting = append(w.waiting, packet{data: append([]byte(nil), data...), send: send, at: now})
	w.waitingBytes += len(data)
	w.nudge()
}

// lose draws once for each packet, so that the same packets are lost whatever else the conditions are.
func (w *way) lose() bool {
	draw, c := w.random.Float64(), w.conditions
	if c.Burst <= 1 || c.Loss == 0 || c.Loss == 1 {
		w.losing = false
		return draw < c.Loss
	}
	if w.losing {
		w.losing = draw >= 1/c.Burst
	} else {
		w.losing = draw < c.Loss/(c.Burst*(1-c.Loss))
	}
	return w.losing
}

func (w *way) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		arrived, next := w.advance(time.Now())
		for _, p := range arrived {
			p.send(p.data)
		}
		if next.IsZero() {
			next = time.Now().Add(time.Hour)
		}
		timer.Reset(time.Until(next))
		select {
		case <-w.done:
			return
		case <-w.wake:
		case <-timer.C:
		}
	}
}

// advance moves the packets on to now. It returns those that arrived, and when something happens next (zero: nothing).
func (w *way) advance(now time.Time) (arrived []packet, next time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.waiting) > 0 {
		p := w.waiting[0]
		end := w.start.Add(w.conditions.transmission(len(p.data)))
		if end.After(now) {
			next = end
			break
		}
		w.waiting[0] = packet{}
		w.waiting = w.waiting[1:]
		w.waitingBytes -= len(p.data)
		p.at = end.Add(w.conditions.Delay)
		// A delay that became shorter lets nothing overtake.
		if n := len(w.flying); n > 0 && p.at.Before(w.flying[n-1].at) {
			p.at = w.flying[n-1].at
		}
		w.flying = append(w.flying, p)
		w.start = end
		if len(w.waiting) > 0 && w.waiting[0].at.After(end) {
			w.start = w.waiting[0].at
		}
	}
	n := 0
	for n < len(w.flying) && !w.flying[n].at.After(now) {
		w.counted.Delivered++
		w.counted.Bytes += uint64(len(w.flying[n].data))
		n++
	}
	arrived = w.flying[:n:n]
	w.flying = w.flying[n:]
	if len(w.flying) > 0 && (next.IsZero() || w.flying[0].at.Before(next)) {
		next = w.flying[0].at
	}
	return arrived, next
}
