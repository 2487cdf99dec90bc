package congestion

import (
	"math"
	"time"
)

const (
	// heavyLoss is what no way loses by nature, unless shown otherwise.
	heavyLoss = 0.10
	// causedLoss is the same where sending less was seen to help.
	causedLoss = 0.04
	// anchored is for how long two rates and what was delivered of them can be compared.
	anchored = 10 * time.Second
)

// losses tells loss that comes from sending too much from loss that does not.
type losses struct {
	all, missing counter // packets, by when feedback told

	heavySince time.Duration
	heavyOn    bool
	inherent   float64 // what the way loses whatever is sent
	anchor     anchor
	caused     bool // sending less made it smaller
	causedAt   time.Duration
}

// anchor is what was sent and what arrived of it when the target was lowered for loss.
type anchor struct {
	on              bool
	at              time.Duration
	lowered         time.Duration
	target, share   float64
	sent, delivered float64
}

func (l *losses) told(at time.Duration, missing bool) {
	l.all.add(at, 1)
	if missing {
		l.missing.add(at, 1)
	}
}

// arrivedAfterAll corrects what an earlier feedback called lost.
func (l *losses) arrivedAfterAll(at time.Duration) { l.missing.add(at, -1) }

// share is of the packets told about in a window, and how many those are.
func (l *losses) share(at, window time.Duration) (share float64, packets int64) {
	packets = l.all.sum(at, window)
	if packets == 0 {
		return 0, 0
	}
	missing := min(max(l.missing.sum(at, window), 0), packets)
	return float64(missing) / float64(packets), packets
}

// heavy is whether more is lost than the way loses by nature, and since when without a break.
func (l *losses) heavy(at time.Duration) (bool, time.Duration) {
	share, packets := l.share(at, time.Second)
	if calm, enough := l.share(at, 2*time.Second); enough >= 50 {
		l.inherent = min(l.inherent, calm)
	}
	limit := l.inherent + heavyLoss
	if l.anchor.on && at-l.anchor.lowered > time.Second && share < l.anchor.share/2 {
		l.caused, l.causedAt = true, at
	}
	if l.caused = l.caused && at-l.causedAt < remembered; l.caused {
		limit = l.inherent + causedLoss
	}
	// Of few packets, many may be lost by chance.
	chance := 2 * math.Sqrt(share*(1-share)/float64(max(packets, 1)))
	on := packets >= 20 && share-chance > limit
	if on && !l.heavyOn {
		l.heavySince = at
	}
	l.heavyOn = on
	return on, at - l.heavySince
}

// natural says that sending less has not made loss smaller: what arrives shrank as what was sent did. A policer or a
// full buffer lets through the same.
func (l *losses) natural(sent, delivered float64) bool {
	if !l.anchor.on || l.anchor.sent == 0 || l.anchor.delivered == 0 {
		return false
	}
	less := 1 - sent/l.anchor.sent
	return less > 0.2 && 1-delivered/l.anchor.delivered > less/2
}
