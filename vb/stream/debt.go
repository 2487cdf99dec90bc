package stream

import "time"

const (
	// debtAllowed is how long a layer's cap may take for what was made, before the next frame waits. An encoder keeps its
	// own buffer of 250 ms, and half of it more at worst; only what it can make no coarser is beyond.
	debtAllowed = 375 * time.Millisecond
	// debtForAnswers is how much longer it may take for what may be the answer to a press: two frames of a film. A sender
	// lets frames wait for longer than that, so the network pays no keyframe for it.
	debtForAnswers = 66 * time.Millisecond
	// debtAtMost bounds what is held against a layer: a picture may be large, and the next one shall not come after minutes.
	debtAtMost = debtAllowed + time.Second
)

// debt is what an encoder has made and the layer's cap has not carried yet. The zero value is none.
type debt struct {
	bits float64
	at   time.Time
}

// left is what is still owed at a time, with a cap in bits per second.
func (d *debt) left(now time.Time, bitrate int) float64 {
	return max(0, d.bits-float64(bitrate)*now.Sub(d.at).Seconds())
}

func (d *debt) add(now time.Time, bytes, bitrate int) {
	most := float64(bitrate) * debtAtMost.Seconds()
	d.bits, d.at = min(d.left(now, bitrate)+float64(bytes)*8, most), now
}

// wait is how long the next frame must wait for the cap to hold.
func (d *debt) wait(now time.Time, bitrate int) time.Duration {
	seconds := d.left(now, bitrate) / float64(max(bitrate, 1))
	return max(0, time.Duration(seconds*float64(time.Second))-debtAllowed)
}
