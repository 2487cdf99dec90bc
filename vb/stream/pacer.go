package stream

import "time"

// answerFor is for how long after a press what changes is taken for the answer to it: a page needs a moment to draw it.
const answerFor = 120 * time.Millisecond

// pacer holds frames to a rate without a tick: after quiet two may go at once, the first for a change and the second
// for the rest of the same change, and in the long run no more than the rate. Only after a press the rate is twice as
// high for a moment: an answer over a film shall not wait for the film's next frame. Presses without
// end make it two and a half times as high and no more.
type pacer struct {
	interval time.Duration
	expected time.Time // when the next frame would come if all came evenly
	pressed  time.Time // somebody pressed a button or a key
	hurried  time.Time // a frame came sooner for that
}

// step is the least time between two frames.
func (p *pacer) step(now time.Time) time.Duration {
	if now.Sub(p.pressed) < answerFor {
		return p.interval / 2
	}
	return p.interval
}

// wait is how long the next frame must still wait.
func (p *pacer) wait(now time.Time) time.Duration {
	return max(0, p.expected.Add(-p.step(now)).Sub(now))
}

// take notes that a frame went.
func (p *pacer) take(now time.Time) {
	if p.expected.Before(now) {
		p.expected = now
	}
	p.expected = p.expected.Add(p.step(now))
}

// press notes that something is to be answered. The next change need not wait, unless one was let through just now.
func (p *pacer) press(now time.Time) {
	p.pressed = now
	if next := now.Add(p.step(now)); next.Before(p.expected) && now.Sub(p.hurried) >= 2*p.interval {
		p.expected, p.hurried = next, now
	}
}
