package codec

import (
	"math"
	"time"
)

const (
	// The quantisers of what moves while the cap allows it, and of what stands still: text has 45 dB at the one,
	// beyond sight, and 48 at the other.
	motionQuantizer = 22
	refineQuantizer = 14
	worstQuantizer  = 51

	// Six steps halve x264's bytes, near enough.
	stepsPerHalf = 6
	// No frame is better than the last by more steps than these at once: what it repairs costs bits too.
	maxImprovement = 4
	// pause is how long nothing must move for the next frame to be a beginning, of which nothing is known.
	pause = 250 * time.Millisecond
	// busyFrames of motion in a row that the cap holds down are film.
	busyFrames = 5
	// coarse is how far above motionQuantizer a frame is held down.
	coarse = 3
	// keyframeWorth is how many frames of what moves after it a keyframe is worth at least.
	keyframeWorth = 4
	// spare is the part of the free buffer that one frame may count on.
	spare = 0.7
	// debt is how many buffers may be owed: what is beyond was late already, and would be paid for by what comes after.
	debt = 2
	// cut is how many times what was expected a frame takes of which the picture before it tells nothing.
	cut = 2
	// keyframeRest is how soon after a keyframe no other takes the place of a frame.
	keyframeRest = 150 * time.Millisecond
	// queueGain is what a frame of motion takes off the queue that others left. None is left on purpose: it would be delay.
	queueGain = 1.0 / 4
)

// rateControl chooses the quantiser of each frame before it is coded: constant quality, until the cap binds. It has
// what H.264 calls a hypothetical reference decoder, a buffer that fills with each frame and drains at the cap.
type rateControl struct {
	bitrate, buffer float64 // bits per second, bits
	frame           time.Duration
	window          time.Duration

	queued float64 // bits of the buffer not drained yet
	at     time.Duration
	qp     int // the last frame's, without the pattern
	// cost is what a changed macroblock of the motion under way takes, in bits at quantiser 0; 0 where nothing is known.
	cost float64
	// busy counts frames of motion that the cap holds down, up to twice busyFrames.
	busy int
	film period // what is known of film under way
	out  escape
	// keyAt is when the last keyframe was, and keyed whether there was one.
	keyAt time.Duration
	keyed bool
	// step is what a step of refinement took in bits; 0 where nothing is known.
	step float64
}

// content is what a frame is taken for.
type content int

const (
	page  content = iota // moves now and then, and keeps its shape
	film                 // moves all the time, more than the cap would let pass at full quality
	still                // does not move
)

// plan is how to code one frame.
type plan struct {
	quantizer int
	content   content

	qp, before int // without the pattern: this frame's, the last one's
	changed    int
	key        bool
	tries      int
	phase      int // the place in filmPattern; -1 without
}

func newRateControl(cfg VideoConfig) rateControl {
	r := rateControl{frame: time.Second / time.Duration(cfg.FrameRate), window: cfg.Buffer, qp: motionQuantizer, out: newEscape()}
	r.setBitrate(cfg.Bitrate)
	return r
}

func (r *rateControl) setBitrate(bps int) {
	r.bitrate = float64(bps)
	// A buffer of less than a frame's share could never be kept.
	r.buffer = max(r.bitrate*r.window.Seconds(), r.bitrate*r.frame.Seconds())
	r.queued = min(r.queued, r.buffer)
}

// plan prepares for a frame at the time pts with so many changed macroblocks.
func (r *rateControl) plan(pts time.Duration, changed int, key, refine bool) plan {
	elapsed := max(pts-r.at, 0)
	r.at = pts
	r.queued = max(0, r.queued-r.bitrate*elapsed.Seconds())
	p := plan{before: r.qp, changed: changed, key: key, phase: -1}
	if refine && !key {
		r.cost, r.busy = 0, 0
		p.content = still
		p.qp = r.refinement()
		p.quantizer = p.qp
		return p
	}
	r.step = 0
	if elapsed > pause {
		r.cost, r.busy = 0, 0
	}
	p.qp = max(motionQuantizer, r.qp-maxImprovement)
	// What drains until the next frame.
	share := r.bitrate * min(max(elapsed, r.frame), pause/2).Seconds()
	if r.busy >= busyFrames && r.cost > 0 {
		p.content = film
		r.planFilm(&p, share)
		r.hold(&p)
		return p
	}
	r.film = newPeriod()
	if r.cost > 0 {
		allowed := max(share-r.queued*queueGain, share/4)
		p.qp = max(p.qp, quantizerFor(r.cost*float64(changed), allowed))
	}
	p.quantizer = p.qp
	r.hold(&p)
	return p
}

// hold keeps the plan below the ceiling of the escape. A keyframe is predicted from nothing that could be ruined.
func (r *rateControl) hold(p *plan) {
	if p.key {
		return
	}
	p.qp, p.quantizer = min(p.qp, r.out.ceiling), min(p.quantizer, r.out.ceiling)
}

// quantizerFor is the least that brings what takes bits at quantiser 0 down to what is allowed.
func quantizerFor(bits, allowed float64) int {
	if bits <= allowed {
		return 0
	}
	return min(int(math.Ceil(stepsPerHalf*math.Log2(bits/allowed))), worstQuantizer)
}

// refinement goes as many steps towards the aim as half of the free buffer is likely to hold, the first one blindly.
func (r *rateControl) refinement() int {
	steps := 2
	if r.step > 0 {
		steps = max(1, int((r.buffer-r.queued)/2/r.step))
	}
	return max(refineQuantizer, r.qp-steps)
}

// overflows tells whether a frame of so many bytes would fill the buffer beyond its brim, and plans a
// keyframe in its place that won't. What can't be made smaller is let pass.
func (r *rateControl) overflows(size int, p *plan) bool {
	bits := float64(size) * 8
	// In steady motion a keyframe instead would be larger still.
	limit := max(r.buffer-r.queued, r.buffer/2)
	if bits <= limit || p.quantizer >= worstQuantizer || p.tries == 2 {
		return false
	}
	if !p.key {
		// Where the old picture helps, a keyframe would be larger, and ruin what comes after it.
		expected := r.cost * float64(p.changed) * math.Exp2(-float64(p.quantizer)/stepsPerHalf)
		if r.keyed && r.at-r.keyAt < keyframeRest || bits < cut*expected {
			return false
		}
	}
	p.tries++
	p.key, p.phase = true, -1
	p.qp = min(p.quantizer+max(quantizerFor(bits, limit*spare), 2), worstQuantizer)
	p.quantizer = p.qp
	return true
}

// spent takes note of what the planned frame took.
func (r *rateControl) spent(size int, p plan) {
	bits := float64(size) * 8
	r.queued = min(r.queued+bits, debt*r.buffer)
	r.qp = p.qp
	if p.key {
		r.keyAt, r.keyed = r.at, true
	}
	if p.content == still {
		r.step = bits / float64(max(p.before-p.qp, 1))
		return
	}
	if p.qp >= motionQuantizer+coarse && p.changed > 0 {
		r.busy = min(r.busy+1, 2*busyFrames)
	} else {
		r.busy = max(r.busy-1, 0)
	}
	// A frame that changes nothing teaches nothing.
	if p.changed == 0 {
		return
	}
	r.out.spent(bits, p.quantizer, p.key, r.queued < r.buffer/2)
	cost := bits * math.Exp2(float64(p.quantizer)/stepsPerHalf) / float64(p.changed)
	switch {
	case p.key && r.cost > 0:
		return // what moved before goes on
	case p.key:
		cost /= keyframeWorth
	case p.content == film:
		cost = r.cost * r.film.learn(p.phase, cost/r.cost)
	case r.cost > 0 && cost < 2*r.cost:
		cost = r.cost + (cost-r.cost)*0.3
	}
	r.cost = max(cost, 1)
}

// settled tells that the last frame, a refining one, left nothing to refine.
func (r *rateControl) settled() bool { return r.qp <= refineQuantizer }
