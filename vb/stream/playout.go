package stream

import "time"

const (
	// waitMargin is what a lost packet takes besides its round trip: nothing may follow it until the next frame, and
	// networks and pages are not prompt.
	waitMargin = tailLossy + 40*time.Millisecond
	// waitAtMost bounds how long pictures are held: on a network that slow, seconds of delay would help no more.
	waitAtMost = 400 * time.Millisecond
	// waitStep is by how much less a wait must be needed to be made shorter.
	waitStep = 40 * time.Millisecond
	// waitLasts is how long a network must lose nothing until pictures are not held any more.
	waitLasts = 30 * time.Second
)

// playoutDelay is what a packet says about how long its picture may wait to be shown (the header extension
// playout-delay), in units of 10 ms. The zero value says nothing.
type playoutDelay struct {
	said        bool
	least, most uint16
}

var (
	// delayNone has a picture shown as soon as it is decoded.
	delayNone = playoutDelay{said: true}
	// delayRelaxed has it shown as soon as it may be, in step with the sound.
	delayRelaxed = playoutDelay{said: true, most: relaxedDelay}
)

// relaxedDelay leaves it to the page how long pictures wait at most.
const relaxedDelay = 1000

// playout chooses it for one viewer. Whoever drives sees each picture at once. Whoever watches over a network that loses
// packets rather has them held until what is missing has come: a film that goes on is worth a moment of delay.
type playout struct {
	spoken bool
	held   time.Duration // least wait, while packets get lost
	lossy  time.Time     // when that was last so
}

func (p *playout) next(drives bool, loss float64, roundTrip time.Duration, now time.Time) playoutDelay {
	if drives {
		p.spoken, p.held = true, 0
		return delayNone
	}
	if loss >= lossy {
		p.lossy = now
		need := min(roundTrip+waitMargin, waitAtMost).Round(10 * time.Millisecond)
		if need > p.held || need < p.held-waitStep {
			p.held = need
		}
	} else if now.Sub(p.lossy) > waitLasts {
		p.held = 0
	}
	switch {
	case p.held > 0:
		p.spoken = true
		return playoutDelay{said: true, least: uint16(p.held / (10 * time.Millisecond)), most: relaxedDelay}
	case p.spoken:
		return delayRelaxed
	}
	return playoutDelay{}
}

// put writes it as the header extension has it: twelve bits each.
func (d playoutDelay) put(to *[3]byte) {
	to[0], to[1], to[2] = byte(d.least>>4), byte(d.least<<4)|byte(d.most>>8), byte(d.most)
}
