package stream

import "time"

const (
	// paceFactor is how much faster than the estimate packets leave: a frame shall not wait for the one behind it, and the
	// link's own buffer takes the rest.
	paceFactor = 2.5
	// paceFull is the same while a queue stands on the way.
	paceFull = 1.5
	// paceBurst leaves at once, in bytes: what answers a click, and more than that no small router's buffer takes.
	paceBurst = 12 * maxPayload
	// paceAtOnce leaves at once too: on a fast network a whole frame of a film.
	paceAtOnce = 5 * time.Millisecond
	// paceBunch is the time between two bunches of a frame that does not leave at once.
	paceBunch = 4 * time.Millisecond
)

// pacing spreads packets over time without a tick: it only knows when all that went would have gone at the rate.
type pacing struct{ empty time.Time }

// wait is how long the next packet must still wait at a rate in bits per second.
func (p *pacing) wait(now time.Time, rate int) time.Duration {
	full := now.Add(max(span(paceBurst, rate), paceAtOnce))
	if p.empty.Before(full) {
		return 0
	}
	return p.empty.Sub(full) + paceBunch
}

// took notes that bytes went.
func (p *pacing) took(now time.Time, bytes, rate int) {
	if p.empty.Before(now) {
		p.empty = now
	}
	p.empty = p.empty.Add(span(bytes, rate))
}

// span is how long bytes take at a rate in bits per second.
func span(bytes, rate int) time.Duration {
	return time.Duration(bytes) * 8 * time.Second / time.Duration(max(rate, 1))
}
