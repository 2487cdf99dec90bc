package stream

import (
	"time"

	"turtus/services/wire"
)

const (
	// adaptEvery is how often layers and caps follow the viewers' networks while frames go.
	adaptEvery = 200 * time.Millisecond
	// climbEvery is the same for viewers of the low layer, also while the screen is still: they wait for better.
	climbEvery = time.Second
	// pictureShare of the estimate is for the picture and the headers of its packets; the rest is for what is sent again.
	pictureShare = 0.9

	// highLeast is the least cap of the whole picture, in bits per second: less shows nothing of it.
	highLeast = 250_000
	// lowBelow is the rate below which the small picture is the better one for whoever watches alone.
	lowBelow = 400_000
	// lowLeast and lowMost bound the small picture's cap.
	lowLeast, lowMost = 80_000, 700_000
	// slowBelow is the rate below which the small picture has fewer frames.
	slowBelow = 250_000
	// slowFrames is how many then, a second.
	slowFrames = 15

	// sinkAfter is how long a network must be too slow before its viewer gets the small picture.
	sinkAfter = 500 * time.Millisecond
	// climbRoom is how much more than what is needed a network must carry before its viewer gets the whole picture again.
	climbRoom = 1.3
	// climbAfter is for how long, at first. It doubles each time that it was not so, up to climbAtMost.
	climbAfter  = 3 * time.Second
	climbAtMost = time.Minute
	// relapse is how soon after it climbed a viewer must sink for that.
	relapse = 15 * time.Second
	// probeEvery is how often, at first, it is tried whether a network carries more than the small picture takes. It
	// doubles while that changes nothing.
	probeEvery  = 2 * time.Second
	probeAtMost = 10 * time.Second
)

// climb is a viewer's way between the layers.
type climb struct {
	since    time.Time     // it has been as if it should change; zero: it hasn't
	patience time.Duration // before it climbs
	climbed  time.Time

	probedAt time.Time
	probing  time.Duration // until the next one
	probed   int           // the estimate before
	dropped  uint64        // the sender's count when last seen
}

func (c *climb) reset() { c.patience, c.probing = climbAfter, probeEvery }

// lasts tells whether something has been so for a while.
func (c *climb) lasts(is bool, d time.Duration, now time.Time) bool {
	switch {
	case !is:
		c.since = time.Time{}
	case c.since.IsZero():
		c.since = now
	}
	return is && now.Sub(c.since) >= d
}

// soundRate is what the sound takes of a network, in bits per second.
type soundRate struct {
	at     time.Time
	octets uint32
	rate   int
}

func (r *soundRate) next(octets uint32, now time.Time) int {
	if elapsed := now.Sub(r.at); elapsed >= adaptEvery/2 {
		r.rate = (r.rate + int(float64(octets-r.octets)*8/elapsed.Seconds())) / 2
		r.at, r.octets = now, octets
	}
	return r.rate
}

// budget is what a member's network has for the picture, in bits per second.
func (m *member) budget(now time.Time) int {
	a := m.video.agreed.Load()
	if a == nil || a.transport == 0 {
		return maxBitrate // nothing tells
	}
	_, octets := m.audio.sent()
	return max(int(pictureShare*float64(m.network.rate()))-m.soundRate.next(octets, now), 0)
}

// capOf is the cap of a layer in bits per second: what the best network that it goes to carries, within bounds.
func (p *picture) capOf(l *layer) int {
	most := p.bitrate
	if most == 0 {
		width, height := p.Size()
		most = defaultBitrate(width, height, p.frameRate)
	}
	least := highLeast
	if l.low {
		least, most = lowLeast, min(most, lowMost)
	}
	return min(max(l.best, least), most)
}

// adapt has each viewer's layer follow its network, and each layer's cap the best of the networks that it goes to: a bad
// one never harms another viewer's picture.
func (p *picture) adapt(now time.Time) {
	p.adapted, p.adaptAt = now, time.Time{}
	for _, l := range p.layers {
		l.best = 0
	}
	for _, m := range p.members {
		if l := m.shows(); l != nil {
			l.best = max(l.best, m.budget(now))
		}
	}
	for _, m := range p.members {
		if m.wish.quality == wire.QualityAuto && m.shows() != nil && p.choose(m, now) {
			p.place(m)
		}
		if m.low && m.wish.quality == wire.QualityAuto && m.shows() != nil {
			p.adaptAt = now.Add(climbEvery)
		}
	}
	for _, l := range p.layers {
		l.pace.interval = 0
		if l.low && l.best < slowBelow {
			l.pace.interval = time.Second / slowFrames
		}
		if err := l.limit(p.capOf(l)); err != nil {
			p.logger.Error("limit a layer", "error", err)
		}
		if l.encoder != nil {
			p.metrics.caps.With(l.labels()).Set(float64(l.bitrate))
		}
	}
}

// choose tells whether a member's layer is to be another one from now on.
func (p *picture) choose(m *member, now time.Time) bool {
	budget, c := m.budget(now), &m.climb
	takes, best := 0, 0
	if high := p.layers[layerKey{kind: m.kind}]; high != nil {
		takes, best = high.throughput.peak(now), high.best
	}
	dropped := m.counters.dropped.Load()
	fell := dropped != c.dropped
	c.dropped = dropped
	if !m.low {
		poor := budget < lowBelow
		// Others' networks keep the cap above what this one carries; not above what is only guessed of it.
		outpaced := m.network.state().Met && budget < best*4/5 && budget < takes*9/10
		if !c.lasts(poor || outpaced, sinkAfter, now) && !(fell && (poor || outpaced)) {
			if now.Sub(c.climbed) > 2*relapse {
				c.patience = climbAfter
			}
			return false
		}
		if now.Sub(c.climbed) < relapse {
			c.patience = min(2*c.patience, climbAtMost)
		}
		m.low, c.since, c.probing, c.probedAt = true, time.Time{}, probeEvery, now
		return true
	}
	need := int(climbRoom * float64(max(min(takes, best), lowBelow)))
	if c.lasts(budget >= need, c.patience, now) {
		m.low, c.since, c.climbed = false, time.Time{}, now
		return true
	}
	if budget < need {
		p.try(m, now)
	}
	return false
}

// try sees whether a member's network carries more than it is used for, the more rarely the longer that has shown nothing.
func (p *picture) try(m *member, now time.Time) {
	c, state := &m.climb, m.network.state()
	if state.Target > c.probed*6/5 {
		c.probing = probeEvery
	}
	if now.Sub(c.probedAt) < c.probing || !state.Limited || state.Overusing {
		return
	}
	c.probed, c.probedAt, c.probing = state.Target, now, min(2*c.probing, probeAtMost)
	m.probe()
}
