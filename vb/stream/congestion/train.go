package congestion

import "time"

const (
	// uncertainty is added to the time that a train takes to arrive: what clumping and the clock's steps may hide.
	uncertainty = 2 * time.Millisecond
	// probeUncertainty is the same where one train alone decides.
	probeUncertainty = 8 * time.Millisecond
	probeBytes       = 12_000
	probePackets     = 10
	probeQueue       = 15 * time.Millisecond
)

// trains measures the way by the rate at which packets arrive that left together.
type trains struct {
	open          bool
	packets       int
	bytes         int64 // without the first packet's
	leftLast      time.Duration
	first, latest time.Duration // arrivals
	met           time.Duration // the queue that the first one met

	// Of the last second: what arrived behind the first packet of each train, and how long that took (in microseconds).
	byteSum, timeSum, count counter
}

// arrived takes a packet, in the order of sending. When that ends a train that was long and met no queue, probe is the
// rate in bits per second that the way surely has.
func (t *trains) arrived(sent, at, queued time.Duration, bytes int) (probe float64) {
	if t.open && sent-t.leftLast <= together && sent >= t.leftLast {
		t.packets++
		t.bytes += int64(bytes)
		t.leftLast, t.latest = sent, max(t.latest, at)
		return 0
	}
	probe = t.end()
	t.open, t.packets, t.bytes = true, 1, 0
	t.leftLast, t.first, t.latest, t.met = sent, at, at, queued
	return probe
}

func (t *trains) end() (probe float64) {
	if !t.open || t.packets < 3 {
		return 0
	}
	took := t.latest - t.first
	t.byteSum.add(t.latest, t.bytes)
	t.timeSum.add(t.latest, int64((took+uncertainty)/time.Microsecond))
	t.count.add(t.latest, 1)
	if t.packets >= probePackets && t.bytes >= probeBytes && t.met < probeQueue {
		return float64(t.bytes*8) / (took + probeUncertainty).Seconds()
	}
	return 0
}

// rate is at least what the way carries as the last second's trains show it, in bits per second; zero when there were
// too few.
func (t *trains) rate(at time.Duration) float64 {
	if t.count.sum(at, time.Second) < 4 {
		return 0
	}
	took := time.Duration(t.timeSum.sum(at, time.Second)) * time.Microsecond
	return float64(t.byteSum.sum(at, time.Second)*8) / took.Seconds()
}
