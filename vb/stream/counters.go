package stream

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// counters are what happened to one viewer's packets since its session began.
type counters struct {
	bytes           atomic.Uint64 // as RTP, of all packets
	retransmissions atomic.Uint64 // asked for
	duplicates      atomic.Uint64 // not asked for
	nacks           atomic.Uint64 // packets asked for
	requests        atomic.Uint64 // for a keyframe
	dropped         atomic.Uint64 // queues
	delays          delays
}

// delays are the latest times from a frame's capture to its last packet.
type delays struct {
	mu   sync.Mutex
	last [64]time.Duration
	n    int // since they were taken
}

func (d *delays) add(delay time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last[d.n%len(d.last)] = delay
	d.n++
}

// take is the median since it was called before, or 0.
func (d *delays) take() time.Duration {
	d.mu.Lock()
	all := slices.Clone(d.last[:min(d.n, len(d.last))])
	d.n = 0
	d.mu.Unlock()
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}
