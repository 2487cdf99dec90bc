package codec

import "math"

// filmPattern is added to the quantisers of film. A good frame now and then, which also is searched thoroughly, serves
// those after it: they copy from it what has not changed. Measured, that has all but 0.03 dB of the gain of searching each
// frame so. Wider swings are worth another 0.03 dB, for five times as many frames of more than one and a half times their share.
var filmPattern = [...]int{0, 1, 1}

const (
	// How much of what a frame of film teaches is believed of all frames, and of those at its place of the pattern.
	learnAll, learnPlace = 0.15, 0.2
	// learnCut is believed where a frame takes more than twice what was expected: there was a cut.
	learnCut = 0.4
)

// period is what is known of the frames of filmPattern.
type period struct {
	next   int                       // the next frame's place
	factor [len(filmPattern)]float64 // of film's cost, by place: after a good frame there is less to code
}

func newPeriod() period {
	var f period
	for i := range f.factor {
		f.factor[i] = 1
	}
	return f
}

// weights are what the frames of a whole period take at quantiser 0 and cost 1, and what those before the next do.
func (f *period) weights() (all, before float64) {
	for i, factor := range f.factor {
		if i == f.next {
			before = all
		}
		all += factor * math.Exp2(-float64(filmPattern[i])/stepsPerHalf)
	}
	return all, before
}

// good tells a frame of film that those after it are to copy from.
func (p plan) good() bool { return p.phase == 0 }

// learn is told how the cost of a frame compares to film's so far, and tells what film's is to be multiplied by.
// A place below 0 is none.
func (f *period) learn(place int, ratio float64) float64 {
	expected := 1.0
	if place >= 0 {
		expected = f.factor[place]
		f.factor[place] *= math.Pow(ratio/expected, learnPlace)
	}
	if ratio > 2*expected {
		return math.Pow(ratio/expected, learnCut)
	}
	return math.Pow(ratio/expected, learnAll)
}

// planFilm chooses for a whole period, of which share drains in a frame's time: would each frame be chosen alone, the
// one after a good frame would pay for it, and its quality with it.
func (r *rateControl) planFilm(p *plan, share float64) {
	f := &r.film
	if p.key {
		f.next = 1 // it is a good frame
	}
	const frames = float64(len(filmPattern))
	all, before := f.weights()
	// Where the queue ought to be at this place, so that it is empty at the period's start.
	due := share * (frames*before/all - float64(f.next))
	allowed := max(frames*share+frames*(due-r.queued)*queueGain, share)
	cost := r.cost * float64(p.changed)
	p.qp = max(p.qp, min(int(math.Round(stepsPerHalf*math.Log2(max(cost*all/allowed, 1)))), worstQuantizer))
	p.quantizer = p.qp
	if p.key || p.qp < motionQuantizer+coarse {
		return
	}
	p.phase = f.next
	f.next = (f.next + 1) % len(filmPattern)
	p.quantizer = min(p.qp+filmPattern[p.phase], worstQuantizer)
	// Never so much that, with what is queued, it takes longer than two frames on a link of just the cap, as far as is known.
	p.quantizer = max(p.quantizer, quantizerFor(cost*f.factor[p.phase], max(2*share-r.queued, share/2)))
}
