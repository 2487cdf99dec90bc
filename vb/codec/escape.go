package codec

import "slices"

// Beyond some quantiser coarser frames are larger: they ruin the picture that the next is predicted from. Measured, a
// frame of film takes 1.8 kB at 34, 2.3 at 42, 4.6 at 48 and 7.8 at 51, so that there is no way back by halving. An
// escape goes down by steps, and on for as long as frames do not grow. Noise grows at once.
const (
	// escapeFrom is the quantiser from which on finer frames may be smaller, and escapeSurely where that is tried even
	// though the cap is kept.
	escapeFrom, escapeSurely = 44, 49
	// escapeStep is a step down, and escapeFrames after how many frames it is judged.
	escapeStep, escapeFrames = 4, 4
	// escapeGrowth is what a frame after a step may take, of the largest before it: it repairs what was ruined. Where
	// nothing was, it takes 1.59.
	escapeGrowth = 1.5
	// escapeRest is how many frames pass after a step too far until the next; it doubles each time, up to escapeMost.
	escapeRest, escapeMost = 15, 120
	// escapeKeep is how many frames the ceiling stays when it is no longer needed.
	escapeKeep = 30
)

// escape is the way out of the quantisers at which coarser is larger.
type escape struct {
	ceiling  int       // no quantiser of motion is above
	proven   int       // the ceiling before the last step
	before   []float64 // the frames before the last step down, in bits
	last     []float64 // the frames since
	stepping bool      // the last step is not judged yet
	rest     int       // frames until the next
	pause    int       // the rest after the next step too far
	idle     int       // frames that the ceiling did not hold down
}

func newEscape() escape { return escape{ceiling: worstQuantizer, pause: escapeRest} }

// spent is told what a frame of motion at the quantiser took in bits, and whether the cap is kept.
func (e *escape) spent(bits float64, quantizer int, key, kept bool) {
	if len(e.before) > 0 {
		most := slices.Max(e.before)
		switch {
		case e.ceiling < worstQuantizer && (key || bits > 2*escapeGrowth*most):
			e.fail(worstQuantizer) // something else is shown
			return
		case e.stepping && bits > escapeGrowth*most:
			e.fail(e.proven)
			return
		case e.rest > 0 && bits < most/2:
			e.rest, e.pause = 0, escapeRest // something else again, of which the last step told nothing
		}
	}
	from := escapeFrom
	if kept {
		from = escapeSurely
	}
	if quantizer < min(from, e.ceiling-2) {
		e.last, e.stepping = e.last[:0], false
		if e.idle++; e.idle == escapeKeep {
			*e = newEscape()
		}
		return
	}
	e.idle = 0
	e.rest = max(e.rest-1, 0)
	if key {
		return
	}
	if e.last = append(e.last, bits); len(e.last) < escapeFrames {
		return
	}
	if e.stepping && typical(e.last) >= typical(e.before) {
		e.fail(e.proven)
		return
	}
	e.stepping = false
	if e.rest > 0 {
		e.last = e.last[1:]
		return
	}
	e.before, e.last, e.proven = e.last, nil, e.ceiling
	e.ceiling = max(min(e.ceiling, quantizer)-escapeStep, motionQuantizer)
	e.stepping = true
}

// fail ends a step too far.
func (e *escape) fail(ceiling int) {
	e.ceiling = ceiling
	e.last, e.stepping = nil, false
	e.rest = e.pause
	e.pause = min(2*e.pause, escapeMost)
}

// typical is the sum of all frames but the largest, which may have been a cut.
func typical(frames []float64) (sum float64) {
	for _, bits := range frames {
		sum += bits
	}
	return sum - slices.Max(frames)
}
