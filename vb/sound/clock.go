package sound

import "time"

const (
	// clockSlew is the part of an error that one block corrects. At 10 ms a block
	// it evens out the jitter of a second's measurements, and follows the
	// few parts in a million by which a sound clock strays with no visible lag.
	clockSlew = 64
	// clockJump is beyond jitter: the server rested or dropped sound.
	clockJump = 10 * time.Millisecond
)

// clock smooths capture times. The server's timing is a measurement that a busy machine
// makes milliseconds wrong, but samples come at their own even pace.
type clock struct {
	next time.Time // when the coming block ought to begin
	last time.Time
}

// stamp returns the time of a block of so many samples that measured as captured.
// It never runs backwards.
func (c *clock) stamp(captured time.Time, samples int) time.Time {
	at := captured
	if off := captured.Sub(c.next); !c.next.IsZero() && off.Abs() < clockJump {
		at = c.next.Add(off / clockSlew)
	}
	c.next = at.Add(time.Duration(samples) * time.Second / SampleRate)
	if at.Before(c.last) {
		return c.last
	}
	c.last = at
	return at
}
