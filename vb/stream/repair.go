package stream

import (
	"time"

	"turtus/vb/stream/congestion"
)

const (
	// lossy is the share of lost packets from which small frames are sent twice, so that a loss costs no round trip.
	lossy = 0.005
	// twiceAfter is when: what loses a packet often loses its neighbours too.
	twiceAfter = 15 * time.Millisecond
	// twiceAtMost is how many packets a small frame has: what answers a click, or a small part that moves.
	twiceAtMost = 12
	// twiceShare is the share of the estimate that may go into this.
	twiceShare = 0.25
	// tailAfter is how long nothing must follow the last packet of a frame until it is sent again. No later packet
	// reveals that it is missing, so it would not be asked for.
	tailAfter = 150 * time.Millisecond
	// tailLossy is the same where packets get lost; longer than the gap between two frames of a film at 30 a second.
	tailLossy = 36 * time.Millisecond
)

// repair knows which packets of the picture will be sent once more without being asked for.
type repair struct {
	twice  []repetition // in the order of their times
	tail   uint16
	tailAt time.Time // zero: it went
	spare  pacing
}

type repetition struct {
	first, count uint16
	at           time.Time
}

// sent notes a frame whose last packet went, with its first packet's number and the share of packets that get lost.
func (r *repair) sent(f *frame, first uint16, loss float64, state congestion.State, now time.Time) {
	count := uint16(len(f.payloads))
	r.tail, r.tailAt = first+count-1, now.Add(tailAfter)
	if loss < lossy || state.Overusing || !state.Limited {
		return // where the network is full, more would only make it worse
	}
	r.tailAt = now.Add(tailLossy)
	share := int(twiceShare * float64(state.Target))
	if count <= twiceAtMost && r.spare.wait(now, share) == 0 {
		r.spare.took(now, f.bytes, share)
		r.twice = append(r.twice, repetition{first, count, now.Add(twiceAfter)})
		r.tailAt = now.Add(tailAfter) // both may be lost, and after a click nothing more comes
	}
}

// again notes a packet that was sent again because it was asked for. Where packets get lost it goes once more unasked: to
// be missed twice takes the viewer another round trip, and often longer than pictures are held for it.
func (r *repair) again(sequence uint16, bytes int, loss float64, state congestion.State, now time.Time) {
	share := int(twiceShare * float64(state.Target))
	if loss < lossy || state.Overusing || !state.Limited || r.spare.wait(now, share) > 0 {
		return
	}
	r.spare.took(now, bytes, share)
	r.twice = append(r.twice, repetition{sequence, 1, now.Add(twiceAfter)})
}

const (
	// probePackets of at least probeSize bytes are a burst that tells what a network carries.
	probePackets = 13
	probeSize    = 1100
	// probeEnd is when one more packet follows, by which the viewer's report shows that the burst is over.
	probeEnd = 30 * time.Millisecond
)

// probe is a burst of packets of the past, the newest large ones before a number, or nothing while there are too few.
func (r *repair) probe(h *history, before uint16, now time.Time) []uint16 {
	var large []uint16
	for sequence := before - 1; sequence != before-historySize && len(large) < probePackets; sequence-- {
		if p := h.get(sequence); p != nil && len(p.frame.payloads[p.index]) >= probeSize {
			large = append(large, sequence)
		}
	}
	if len(large) < probePackets {
		return nil
	}
	r.tail, r.tailAt = large[0], now.Add(probeEnd)
	return large
}

// wait is how long until something is due.
func (r *repair) wait(now time.Time) time.Duration {
	d := forever
	if len(r.twice) > 0 {
		d = max(r.twice[0].at.Sub(now), 0)
	}
	if !r.tailAt.IsZero() {
		d = min(d, max(r.tailAt.Sub(now), 0))
	}
	return d
}

// next is the packet that is due, if one is.
func (r *repair) next(now time.Time) (sequence uint16, due bool) {
	if len(r.twice) > 0 && !now.Before(r.twice[0].at) {
		one := &r.twice[0]
		sequence = one.first
		one.first++
		if one.count--; one.count == 0 {
			pop(&r.twice)
		}
		return sequence, true
	}
	if !r.tailAt.IsZero() && !now.Before(r.tailAt) {
		r.tailAt = time.Time{}
		return r.tail, true
	}
	return 0, false
}

// repeat sends a packet that is due once more, if one is.
func (s *sender) repeat(now time.Time) bool {
	if s.frame != nil && s.next > 0 {
		return false // first the frame that is under way
	}
	sequence, due := s.repair.next(now)
	if due {
		s.resend(sequence, now, &s.counters.duplicates)
	}
	return due
}
