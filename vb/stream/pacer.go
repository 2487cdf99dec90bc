package stream

import "time"

// pacer holds frames to a rate without a tick: after quiet two may go at once, the first for a change and the second
// for the rest of the same change, and in the long run no more than the rate.
type pacer struct {
	interval time.Duration
	expected time.Time // when the next frame would come if all came evenly
}

// wait is how long the next frame must still wait.
func (p *pacer) wait(now time.Time) time.Duration {
	return max(0, p.expected.Add(-p.interval).Sub(now))
}

// take notes that a frame went.
func (p *pacer) take(now time.Time) {
	if p.expected.Before(now) {
		p.expected = now
	}
	p.expected = p.expected.Add(p.interval)
}
