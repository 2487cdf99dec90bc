package congestion

import (
	"math/rand/v2"
	"time"
)

const tick = time.Millisecond

// datagram is a packet in the network.
type datagram struct {
	flow     *flow
	sequence uint16
	bytes    int
	entered  time.Duration // the link
	arrives  time.Duration
}

// link is a bottleneck: a rate, a buffer, and what else a way does to packets. The zero value of what is not a rate or a
// buffer does nothing.
type link struct {
	rate        func(at time.Duration) float64 // bits per second
	buffer      time.Duration                  // of queueing, at the rate of the moment
	propagation time.Duration                  // one way
	jitter      time.Duration                  // at most, without reordering
	loss        float64                        // of each packet, at random
	burstLoss   float64                        // chance that loss of all begins with a packet; it ends with a chance of one in eight
	policer     float64                        // bits per second that are let through, with a bucket of 100 ms; the rest is lost
	detour      func(at time.Duration) time.Duration

	rival *rival // who shares it

	random  *rand.Rand
	waiting []datagram
	bytes   int           // that wait
	free    time.Duration // when the last one has left
	bursts  bool
	tokens  float64
	filled  time.Duration
	latest  time.Duration // arrival, for order

	delays []time.Duration // queueing of each packet
	when   []time.Duration
	out    int // bytes that came out
}

func (l *link) enter(d datagram, now time.Duration) {
	const overhead = 50 // UDP, IP, SRTP, ICE
	d.bytes += overhead
	d.entered = now
	switch {
	case l.bursts:
		l.bursts = l.random.Float64() > 1.0/8
		return
	case l.random.Float64() < l.loss:
		return
	case l.random.Float64() < l.burstLoss:
		l.bursts = true
		return
	}
	if l.policer != 0 {
		l.tokens = min(l.tokens+l.policer*(now-l.filled).Seconds(), l.policer/10)
		l.filled = now
		if l.tokens < float64(d.bytes*8) {
			return
		}
		l.tokens -= float64(d.bytes * 8)
	}
	if float64(l.bytes*8) > l.rate(now)*l.buffer.Seconds() {
		if d.flow == nil {
			l.rival.lost(now)
		}
		return
	}
	l.bytes += d.bytes
	l.waiting = append(l.waiting, d)
}

// run sends on what gets through until a time.
func (l *link) run(until time.Duration, arrived func(datagram)) {
	for len(l.waiting) > 0 {
		d := l.waiting[0]
		begins := max(l.free, d.entered)
		ends := l.passes(d.bytes, begins, until)
		if ends > until {
			return
		}
		l.waiting = l.waiting[1:]
		l.bytes -= d.bytes
		l.out += d.bytes
		l.free = ends
		l.delays = append(l.delays, begins-d.entered)
		l.when = append(l.when, d.entered)
		d.arrives = ends + l.propagation
		if l.detour != nil {
			d.arrives += l.detour(ends)
		}
		if l.jitter > 0 {
			d.arrives += time.Duration(l.random.Int64N(int64(l.jitter)))
		}
		l.latest = max(l.latest, d.arrives)
		d.arrives = l.latest
		arrived(d)
	}
}

// passes is when a packet has left that began to at a time, or some time after until.
func (l *link) passes(bytes int, at, until time.Duration) time.Duration {
	for bits := float64(bytes * 8); ; {
		needs := time.Duration(bits / l.rate(at) * float64(time.Second))
		next := at - at%tick + tick
		if at+needs <= next || at > until {
			return at + needs
		}
		bits -= l.rate(at) * (next - at).Seconds()
		at = next
	}
}

// hiccups are times at which one end of the way is not scheduled. What would happen then, happens after.
type hiccups struct {
	every       time.Duration // about; 0 for never
	random      *rand.Rand
	begin, ends time.Duration
}

const (
	shortestHiccup = 5 * time.Millisecond
	longestHiccup  = 50 * time.Millisecond
)

func (h *hiccups) delayed(at time.Duration) time.Duration {
	if h.every == 0 {
		return at
	}
	for at >= h.ends {
		h.begin = h.ends + time.Duration(h.random.ExpFloat64()*float64(h.every))
		h.ends = h.begin + shortestHiccup + time.Duration(h.random.Int64N(int64(longestHiccup-shortestHiccup)))
	}
	if at >= h.begin {
		return h.ends
	}
	return at
}

// rival is a download by TCP (Reno) while it is on: it fills the buffer, loses a packet, and halves its window.
type rival struct {
	begins, ends time.Duration
	window       float64 // packets
	flying       int
	halved       time.Duration
	arriving     []time.Duration
}

func (r *rival) step(l *link, now time.Duration) {
	for len(r.arriving) > 0 && r.arriving[0]+l.propagation <= now {
		r.arriving = r.arriving[1:]
		r.flying--
		r.window += 1 / r.window
	}
	if now < r.begins || now >= r.ends {
		return
	}
	for r.flying < int(r.window) {
		r.flying++
		l.enter(datagram{bytes: 1450}, now)
	}
}

func (r *rival) lost(now time.Duration) {
	r.flying--
	if now-r.halved > 200*time.Millisecond {
		r.window, r.halved = max(r.window/2, 2), now
	}
}
