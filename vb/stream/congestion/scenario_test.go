package congestion

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
)

const mbit = 1e6

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func steady(rate float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return rate }
}

// steps is a rate that changes at times.
func steps(first float64, change ...any) func(time.Duration) float64 {
	return func(at time.Duration) float64 {
		rate := first
		for i := 0; i+1 < len(change); i += 2 {
			if at >= change[i].(time.Duration) {
				rate = change[i+1].(float64)
			}
		}
		return rate
	}
}

func newFlow(l *link, seed uint64, s subject) *flow {
	f := &flow{subject: s, link: l, random: random(seed + 10)}
	f.source = source{wants: steady(8 * mbit), sound: true, random: random(seed + 20), keyframe: func(n int) bool { return n == 0 }}
	f.sender.random, f.receiver.random = random(seed+30), random(seed+40)
	f.recorder = twcc.NewRecorder(1)
	return f
}

func newLink(seed uint64, rate func(time.Duration) float64) *link {
	return &link{rate: rate, buffer: 2 * time.Second, propagation: 20 * time.Millisecond, random: random(seed)}
}

// figures are what became of a part of a run.
type figures struct {
	utilisation   float64       // of the link's rate, by all flows
	delay95       time.Duration // queueing delay that 95 % of the packets did not exceed
	least, median int           // of the first flow's target
	most          int
}

func (f figures) String() string {
	return fmt.Sprintf("utilisation %.2f, queue p95 %v, target %d..%d..%d kbit/s", f.utilisation, f.delay95.Round(time.Millisecond),
		f.least/1000, f.median/1000, f.most/1000)
}

func measure(l *link, from, to time.Duration, flows ...*flow) figures {
	var capacity, got float64
	for at := from; at < to; at += tick {
		rate := l.rate(at)
		if l.policer != 0 {
			rate = min(rate, l.policer)
		}
		capacity += rate * tick.Seconds()
	}
	for _, f := range flows {
		got += float64(f.received[to/tick-1]-f.received[from/tick]) * 8
	}
	var delays []time.Duration
	for i, at := range l.when {
		if at >= from && at < to {
			delays = append(delays, l.delays[i])
		}
	}
	result := figures{utilisation: got / capacity}
	if len(delays) > 0 {
		slices.Sort(delays)
		result.delay95 = delays[len(delays)*95/100]
	}
	var targets []int
	for i := from / tick; i < to/tick; i++ {
		targets = append(targets, flows[0].states[i].Target)
	}
	slices.Sort(targets)
	result.least, result.median, result.most = targets[0], targets[len(targets)/2], targets[len(targets)-1]
	return result
}

// until is how long after a time something holds first, or a minute.
func (f *flow) until(from time.Duration, holds func(State) bool) time.Duration {
	for i := from / tick; int(i) < len(f.states); i++ {
		if holds(f.states[i]) {
			return f.at[i] - from
		}
	}
	return time.Minute
}

// drained is how long after a time a packet entered an empty queue, or a minute.
func (l *link) drained(from time.Duration, below time.Duration) time.Duration {
	for i, at := range l.when {
		if at >= from && l.delays[i] < below {
			return at - from
		}
	}
	return time.Minute
}
