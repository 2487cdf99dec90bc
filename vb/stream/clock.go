package stream

import (
	"math/rand/v2"
	"time"
)

// Clock rates of RTP timestamps (RFC 6184 section 8.1, RFC 7741 section 4.1, RFC 7587 section 4.1).
const (
	videoRate = 90000
	audioRate = 48000
)

// clock maps the monotonic time of capture to RTP timestamps and NTP time, the same way for picture and sound and for
// every viewer.
type clock struct {
	start  time.Time
	offset uint32
}

func newClock(start time.Time) clock { return clock{start, rand.Uint32()} }

// since is the time on the clock, for encoders.
func (c clock) since(at time.Time) time.Duration { return at.Sub(c.start) }

// timestamp is the RTP timestamp of what was captured at a time.
func (c clock) timestamp(at time.Time, rate int64) uint32 {
	return c.offset + ticks(at.Sub(c.start), rate)
}

// ticks is how far a timestamp moves in a time. By whole seconds first: nanoseconds times the rate leave 64 bits after a day.
func ticks(d time.Duration, rate int64) uint32 {
	return uint32(int64(d/time.Second)*rate + int64(d%time.Second)*rate/int64(time.Second))
}

// ntp is the NTP time (RFC 3550 section 4) of a time. It follows the monotonic clock: a step of the wall clock must not
// tear sound and picture apart.
func (c clock) ntp(at time.Time) uint64 {
	const epoch = 2208988800 // seconds from 1900 to 1970
	wall := c.start.UnixNano() + int64(at.Sub(c.start))
	seconds, nanoseconds := wall/1e9, wall%1e9
	return uint64(seconds+epoch)<<32 | uint64(nanoseconds)<<32/1e9
}
