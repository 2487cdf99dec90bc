package congestion

import (
	"math"
	"time"
)

const (
	// exercised is the share of the target that must be sent before anything is concluded from all being well.
	exercised = 0.65
	// lowRate and highRate bound the range over which a viewer who has more also gives way more to others.
	lowRate, highRate = 250_000, 5_000_000
	// drained is a queue so short that it may be noise.
	drained = 15 * time.Millisecond
	// settle is how long after a decrease nothing is raised.
	settle = 500 * time.Millisecond
	// additive is by how much a second the estimate grows near the rate at which the way was full, besides three hundredths
	// of itself. It lets the smaller one of two viewers catch up who share a way.
	additive = 150_000
	// reaction is what an encoder needs to follow a new target.
	reaction = 40 * time.Millisecond
	// careful is how long after a decrease the estimate grows slowly: what seems free may be others' who went down too.
	careful = 2500 * time.Millisecond
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
	sent     float64       // the rate at its beginning
	standing time.Duration // the queue at the last decrease
}

func (c *control) init(cfg Config) { c.cfg, c.estimate = cfg, float64(cfg.Initial) }

// target is below the estimate while a queue that we made drains.
func (c *control) target(standing time.Duration) int {
	factor := 1.0
	if c.draining {
		factor = min(max(1-float64(standing-drained)/float64(500*time.Millisecond), 0.15), 1)
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
	defer func() { e.queue.tolerated = tolerated(c.estimate) }()
	if c.draining && e.queue.standing() < drained {
		c.draining, c.episode = false, episode{}
	}
	c.byDelay(e, now)
	heavy := c.byLosses(e, now)
	if !heavy && !c.draining && !e.queue.busy.on && e.queue.standing() < roomBelow(c.estimate) {
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
		if to := headroom(came); c.draining && to < c.estimate {
			c.set(to)
			c.ceiling = came
		}
		return
	}
	switch {
	case q.grew() && headroom(came) < c.estimate:
		// More came in than went out, and less went out than is aimed at.
		c.lower(e, now, headroom(came), came)
	case length > 2*persistent && !q.falls() && !e.limited():
		// As much as went out, but the queue stays.
		c.lower(e, now, headroom(min(came, c.estimate)), came)
	default:
		return
	}
	stands := q.standing() > c.episode.standing*8/10 && !q.grew()
	c.episode.standing = q.standing()
	if c.episode.cuts > 3 && stands && e.sentRate(time.Second) < 0.75*c.episode.sent && !e.losses.heavyOn {
		// Sending less does nothing to this queue: it is others', or the way has become longer.
		q.rebase()
		c.draining, c.episode, c.ceiling = false, episode{}, 0
	}
}

// byRate is a value for low rates, another for high ones, and in proportion to the rate's logarithm in between.
func byRate(rate, low, high float64) float64 {
	part := math.Log(rate/lowRate) / math.Log(highRate/lowRate)
	return low + (high-low)*min(max(part, 0), 1)
}

// headroom is the rate to go down to where one was seen to be the most: less than that, so that the queue drains and
// bursts find place.
func headroom(rate float64) float64 { return rate * byRate(rate, 0.95, 0.85) }

// tolerated is the standing queue that is nothing to go down for. Who has less bears more: so of several viewers who
// share a way the one with the most goes down first. A packet alone takes 40 ms at 250 kbit/s.
func tolerated(rate float64) time.Duration {
	return time.Duration(byRate(rate, float64(50*time.Millisecond), float64(35*time.Millisecond)))
}

// roomBelow is the standing queue at which there is still room to grow; the same holds for it.
func roomBelow(rate float64) time.Duration {
	return time.Duration(byRate(rate, float64(25*time.Millisecond), float64(10*time.Millisecond)))
}

func (c *control) lower(e *Estimator, now time.Duration, to, ceiling float64) {
	if !c.episode.on {
		c.episode = episode{on: true, sent: e.sentRate(time.Second), standing: e.queue.standing()}
	}
	c.episode.cuts++
	c.ceiling, c.ceilingAt, c.byLoss = ceiling, now, false
	c.lowered, c.fresh, c.draining, c.proven = now, false, true, 0
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
	// Of the last second, or of less: while the target rises fast, the second is mostly of lower ones.
	sent := max(e.sentRate(time.Second), e.sentRate(400*time.Millisecond))
	if c.lowered != 0 && now-c.lowered < settle || sent < exercised*c.estimate {
		return
	}
	if now-c.ceilingAt > remembered {
		c.ceiling = 0
	}
	loss, _ := e.losses.share(now, time.Second)
	room := 0.85 * e.trains.rate(e.viewerNow())
	speed := 0.25 // of the estimate, a second
	switch {
	case c.estimate < 0.9*c.proven: // after a silence
		speed = 3
	// The way has become wider: trains come faster than it was full at.
	case c.ceiling > 0 && now-c.lowered > careful && room > 1.5*c.estimate && room > 1.3*c.ceiling:
		speed = 1
	// Sending more lost more.
	case c.ceiling > 0 && c.byLoss && loss > e.losses.inherent+0.02:
		return
	// Far below, and near.
	case c.ceiling > 0 && c.estimate < 0.7*c.ceiling:
		speed = 0.5
	case c.ceiling > 0 && (c.estimate < 1.1*c.ceiling || now-c.lowered < careful):
		speed = 0.03 + min(additive/c.estimate, 0.22)
	// Never full so far.
	case c.ceiling == 0 && room > c.estimate:
		speed = 1
	}
	most := max(1.5*sent, c.estimate)
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
	c.set(c.estimate / 2)
}

func (c *control) set(estimate float64) {
	c.estimate = min(max(estimate, float64(c.cfg.Min)), float64(c.cfg.Max))
	if c.estimate >= 0.9*c.proven {
		c.proven = 0
	}
}
