package congestion

import (
	"math"
	"time"
)

const (
	// exercised is the share of the target that must be sent before anything is concluded from all being well.
	exercised = 0.65
	// headroom is left below what was seen to come out of a queue, so that it drains and bursts find place.
	headroom = 0.9
	// settle is how long after a decrease nothing is raised.
	settle = 500 * time.Millisecond
	// additive is by how much a second the estimate grows near the rate at which the way was full, besides three hundredths
	// of itself. It lets the smaller one of two viewers catch up who share a way.
	additive = 100_000
	// reaction is what an encoder needs to follow a new target.
	reaction = 40 * time.Millisecond
	// remembered is for how long the rate at which the way was full is believed.
	remembered = 15 * time.Second
)

// control turns what is seen into a target.
type control struct {
	cfg      Config
	estimate float64 // bits per second
	updated  time.Duration

	ceiling   float64 // the rate at which the way was full, or 0
	ceilingAt time.Duration
	byLoss    bool // it was loss that told

	lowered  time.Duration // when the estimate was, last; 0 for never
	fresh    bool          // packets that left after that have been heard of
	draining bool
	episode  episode

	lossLowered time.Duration
	proven      float64 // what was fine before the viewer fell silent
}

// episode is a time from the first decrease until the queue is empty.
type episode struct {
	on       bool
	cuts     int
	sent     float64
	standing time.Duration
}

func (c *control) init(cfg Config) { c.cfg, c.estimate = cfg, float64(cfg.Initial) }

// target is below the estimate while a queue that we made drains.
func (c *control) target(standing time.Duration) int {
	factor := 1.0
	if c.draining {
		factor = min(max(1-float64(standing-emptyBelow)/float64(500*time.Millisecond), 0.15), 1)
	}
	return int(min(max(c.estimate*factor, float64(c.cfg.Min)), float64(c.cfg.Max)))
}

// sees is told of each packet before the queue is. What left before the last decrease says nothing against it.
func (c *control) sees(e *Estimator, sent time.Duration) {
	if !c.fresh && c.lowered != 0 && sent > c.lowered+reaction {
		c.fresh = true
		e.queue.busy = busy{}
	}
}

func (c *control) update(e *Estimator, now time.Duration) {
	passed := min(now-c.updated, 250*time.Millisecond)
	c.updated = now
	if c.draining && e.queue.standing() < emptyBelow {
		c.draining, c.episode = false, episode{}
	}
	c.byDelay(e, now)
	heavy := c.byLosses(e, now)
	if !heavy && !c.draining && !e.queue.busy.on && e.queue.standing() < emptyBelow {
		c.grow(e, now, passed)
	}
}

// byDelay lowers the estimate where a queue stands.
func (c *control) byDelay(e *Estimator, now time.Duration) {
	q := &e.queue
	length := q.length()
	if length < persistent || q.busy.packets < 6 {
		return
	}
	came := q.rate()
	if c.lowered != 0 && !c.fresh {
		// The packets that were under way when it was lowered tell more exactly how far.
		if c.draining && headroom*came < c.estimate {
			c.set(headroom * came)
			c.ceiling = came
		}
		return
	}
	switch {
	case q.grew() && headroom*came < c.estimate:
		c.lower(e, now, headroom*came, came)
	case length > 2*persistent && !q.falls() && !e.limited():
		c.lower(e, now, min(headroom*came, headroom*c.estimate), came)
	default:
		return
	}
	if c.episode.cuts > 3 && q.standing() > c.episode.standing*7/10 && e.sentRate(time.Second) < 0.75*c.episode.sent {
		// Sending less does nothing to this queue: it is others', or the way has become longer.
		q.rebase()
		c.draining, c.episode, c.ceiling = false, episode{}, 0
	}
}

func (c *control) lower(e *Estimator, now time.Duration, to, ceiling float64) {
	if !c.episode.on {
		c.episode = episode{on: true, sent: e.sentRate(time.Second), standing: e.queue.standing()}
	}
	c.episode.cuts++
	c.ceiling, c.ceilingAt, c.byLoss = ceiling, now, false
	c.lowered, c.fresh, c.draining = now, false, true
	c.set(to)
}

// byLosses lowers the estimate where loss shows that too much is sent.
func (c *control) byLosses(e *Estimator, now time.Duration) (heavy bool) {
	l := &e.losses
	heavy, lasting := l.heavy(now)
	if l.anchor.on && now-l.anchor.at > anchored {
		l.anchor = anchor{}
	}
	if !heavy || c.draining {
		return heavy
	}
	if e.limited() && lasting < time.Second || now-c.lossLowered < 2*settle+e.rtt && c.lossLowered != 0 {
		return true
	}
	sent, delivered := e.sentRate(time.Second), e.deliveredRate(time.Second)
	if sent < max(c.estimate/10, 2*float64(c.cfg.Min)) {
		return true // too little to be what is too much
	}
	if l.natural(sent, delivered) {
		l.inherent, _ = l.share(now, time.Second)
		c.set(max(c.estimate, l.anchor.target))
		l.anchor, c.ceiling = anchor{}, 0
		return true
	}
	if !l.anchor.on {
		share, _ := l.share(now, time.Second)
		l.anchor = anchor{on: true, at: now, target: c.estimate, share: share, sent: sent, delivered: delivered}
	}
	l.anchor.lowered = now
	c.lossLowered, c.lowered, c.fresh = now, now, false
	c.ceiling, c.ceilingAt, c.byLoss = delivered, now, true
	c.set(min(max(0.95*delivered, 0.3*c.estimate), c.estimate))
	return true
}

// grow raises the estimate, the faster the surer it is that there is room.
func (c *control) grow(e *Estimator, now, passed time.Duration) {
	if c.lowered != 0 && now-c.lowered < settle || e.limited() {
		return
	}
	if now-c.ceilingAt > remembered {
		c.ceiling = 0
	}
	loss, _ := e.losses.share(now, time.Second)
	room := 0.85 * e.trains.rate(e.viewerNow())
	speed := 0.25 // of the estimate, a second
	switch {
	case c.estimate < headroom*c.proven:
		speed = 1
	case c.ceiling > 0 && room > 1.5*c.estimate && room > 1.3*c.ceiling:
		speed = 1
	case c.ceiling > 0 && c.byLoss && loss > e.losses.inherent+0.02:
		return
	case c.ceiling > 0 && c.estimate < 0.85*c.ceiling:
		speed = 0.5
	case c.ceiling > 0 && c.estimate < 1.1*c.ceiling:
		speed = 0.03 + additive/c.estimate
	case c.ceiling == 0 && room > c.estimate:
		speed = 1
	}
	most := max(1.5*e.sentRate(time.Second), c.estimate)
	c.set(min(c.estimate*math.Pow(1+speed, passed.Seconds()), most))
}

// probed takes the rate that a burst showed. One burst may be wrong, so it moves the estimate by half at most, and not
// soon after the way was full.
func (c *control) probed(rate float64, now time.Duration) {
	if c.lowered != 0 && now-c.lowered < 10*settle {
		return
	}
	if rate = 0.8 * rate; rate > c.estimate {
		c.set(min(rate, 1.5*c.estimate))
	}
}

// silence is a viewer's that should have said something.
func (c *control) silence(now time.Duration) {
	c.proven = max(c.proven, c.estimate)
	c.lowered, c.fresh = now, false
	c.set(0.7 * c.estimate)
}

func (c *control) set(estimate float64) {
	c.estimate = min(max(estimate, float64(c.cfg.Min)), float64(c.cfg.Max))
	if c.estimate >= headroom*c.proven {
		c.proven = 0
	}
}
