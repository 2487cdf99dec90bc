package congestion

import (
	"time"

	"github.com/pion/rtcp"
)

// Config bounds the target, in bits per second. What is zero gets a default: 3 Mbit/s, 100 kbit/s and 20 Mbit/s.
type Config struct{ Initial, Min, Max int }

// State is what is known of the way.
type State struct {
	Target     int           // what may be sent of all that Sent is told of, in bits per second
	Delivered  int           // what arrived in the last half second, in bits per second
	Loss       float64       // share of the packets of the last two seconds, 0 to 1
	RTT        time.Duration // smoothed, with what the viewer waits before it reports
	QueueDelay time.Duration // what all packets of the last tenth of a second met
	Limited    bool          // the application sent much less than the target: that is a guess, not a measurement
	Overusing  bool          // more was sent than the way carries; until the queue is empty again
	Met        bool          // more was sent than the way carries, not long ago; else it may carry more than the target
}

// Estimator estimates one way. Its methods must not be called at the same time: one goroutine, or the caller's lock.
// Times are of one monotonic clock; none may lie far before that of an earlier call.
type Estimator struct {
	cfg   Config
	epoch time.Time // what all durations count from

	history  history
	arrivals arrivals
	queue    queue
	trains   trains
	losses   losses
	control  control

	sent      counter // bytes, by our clock
	delivered counter // bytes, by the viewer's clock
	processed int64   // the newest packet that was heard of

	heard       time.Duration // when the last feedback came, or 0
	unheard     int           // packets sent since then
	unheardFrom time.Duration // when the first of them left

	rtt      time.Duration
	leastRTT minimum
	now      time.Duration // of the last call
}

// New makes an Estimator that has heard nothing yet.
func New(cfg Config) *Estimator {
	if cfg.Min <= 0 {
		cfg.Min = 100_000
	}
	if cfg.Max <= 0 {
		cfg.Max = 20_000_000
	}
	cfg.Max = max(cfg.Max, cfg.Min)
	if cfg.Initial <= 0 {
		cfg.Initial = 3_000_000
	}
	cfg.Initial = min(max(cfg.Initial, cfg.Min), cfg.Max)
	e := &Estimator{cfg: cfg}
	e.control.init(cfg)
	e.queue.tolerated = tolerated(e.control.estimate)
	return e
}

// since turns a time into what has passed since an hour before the first call, so that it is never negative.
func (e *Estimator) since(at time.Time) time.Duration {
	if e.epoch.IsZero() {
		e.epoch = at.Add(-time.Hour)
	}
	e.now = max(e.now, at.Sub(e.epoch))
	return e.now
}

// Sent notes that a packet leaves: its transport-wide sequence number, its bytes with RTP header and extensions (not
// those of SRTP, UDP and IP), and the time, read before the packet is written rather than after.
func (e *Estimator) Sent(sequence uint16, bytes int, at time.Time) {
	now := e.since(at)
	bytes = min(max(bytes, 0), 1<<16)
	e.history.add(sequence, bytes, now)
	e.sent.add(now, int64(bytes))
	if e.unheard == 0 {
		e.unheardFrom = now
	}
	e.unheard++
}

// Feedback takes a viewer's report that came at a time.
func (e *Estimator) Feedback(fb *rtcp.TransportLayerCC, at time.Time) {
	now := e.since(at)
	if fb == nil || e.history.newest == 0 {
		return
	}
	base := e.history.unwrap(fb.BaseSequenceNumber)
	var last *packet // the newest one that arrived
	news := false
	e.arrivals.read(fb, func(offset int, arrived bool, when time.Duration) {
		number := base + int64(offset)
		if number > e.history.newest {
			return
		}
		p := e.history.get(number)
		if p == nil || p.status == received {
			return
		}
		news = true
		if !arrived {
			if p.status != lost {
				p.status = lost
				e.losses.told(now, true)
			}
			return
		}
		if p.status == lost {
			e.losses.arrivedAfterAll(now)
		} else {
			e.losses.told(now, false)
		}
		if p.status != assumed {
			e.delivered.add(when, int64(p.bytes))
		}
		p.status = received
		if number <= e.processed {
			return
		}
		e.assume(number, when)
		e.processed, last = number, p
		e.arrived(p, when)
	})
	if !news {
		return
	}
	e.heard, e.unheard = now, 0
	if last != nil {
		e.measureRTT(now, last.sent)
	}
	e.control.update(e, now)
}

// assume counts what a lost feedback would have told of, so that a rate does not seem lower than it is.
func (e *Estimator) assume(next int64, when time.Duration) {
	if e.processed == 0 {
		return
	}
	for number := max(e.processed+1, next-historySize); number < next; number++ {
		if p := e.history.get(number); p != nil && p.status == unknown {
			p.status = assumed
			e.delivered.add(when, int64(p.bytes))
			e.queue.busy.bytes += int64(p.bytes)
		}
	}
}

func (e *Estimator) arrived(p *packet, when time.Duration) {
	e.control.sees(e, p.sent)
	e.queue.arrived(p.sent, when, int(p.bytes))
	if probe := e.trains.arrived(p.sent, when, e.queue.last, int(p.bytes)); probe > 0 {
		e.control.probed(probe, e.now)
	}
}

// measureRTT also sees that the viewer's clock has jumped: a packet can't have queued for longer than it took there
// and back.
func (e *Estimator) measureRTT(now, sent time.Duration) {
	const slack = 250 * time.Millisecond
	rtt := max(now-sent, 0)
	if e.rtt == 0 {
		e.rtt = rtt
	}
	e.rtt += (rtt - e.rtt) / 8
	e.leastRTT.add(now, rtt)
	if e.queue.last > rtt-e.leastRTT.get()+slack {
		e.queue.rebase()
	}
}

// Expire says that time has passed. When the viewer has been silent for long although packets went to it, the target
// goes down. To be called some times a second while something is sent.
func (e *Estimator) Expire(at time.Time) {
	const packets = 10
	now := e.since(at)
	if e.heard == 0 || e.unheard < packets {
		return
	}
	patience := min(max(300*time.Millisecond+3*e.rtt, 600*time.Millisecond), 3*time.Second)
	if now-e.unheardFrom > patience {
		e.unheard = 0
		e.control.silence(now)
	}
}

// viewerNow is the viewer's clock, as far as it is known.
func (e *Estimator) viewerNow() time.Duration { return e.queue.newest + e.now - e.heard }

func (e *Estimator) sentRate(window time.Duration) float64 {
	return float64(e.sent.sum(e.now, window)*8) / window.Seconds()
}

func (e *Estimator) deliveredRate(window time.Duration) float64 {
	return float64(e.delivered.sum(e.viewerNow(), window)*8) / window.Seconds()
}

// standing is what is left of the queue if it has only drained since we last heard of it.
func (e *Estimator) standing() time.Duration { return max(e.queue.standing()-(e.now-e.heard), 0) }

// limited says that the target was not exercised.
func (e *Estimator) limited() bool { return e.sentRate(time.Second) < exercised*e.control.estimate }

// State is how things were at the last call of another method.
func (e *Estimator) State() State {
	loss, _ := e.losses.share(e.now, 2*time.Second)
	return State{
		Target:     e.control.target(e.standing()),
		Delivered:  int(e.deliveredRate(500 * time.Millisecond)),
		Loss:       loss,
		RTT:        e.rtt,
		QueueDelay: e.standing(),
		Limited:    e.limited(),
		Overusing:  e.control.draining,
		Met:        e.control.ceiling > 0,
	}
}
