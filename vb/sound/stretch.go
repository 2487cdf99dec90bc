package sound

import "math"

// Stretch makes as many samples of from as to has room for: a little more or fewer, and all in their order, so that the
// pitch changes by the share of that and nothing clicks. So a sound clock is made to agree with another one. Both hold
// interleaved stereo.
func Stretch(to, from []int16) {
	if len(to) == len(from) {
		copy(to, from)
		return
	}
	n, m := len(from)/Channels, len(to)/Channels
	for i := range m {
		at := float64(i) * float64(n-1) / float64(max(m-1, 1))
		k := int(at)
		for channel := range Channels {
			sample := func(k int) float64 { return float64(from[min(max(k, 0), n-1)*Channels+channel]) }
			v := cubic(sample(k-1), sample(k), sample(k+1), sample(k+2), at-float64(k))
			to[i*Channels+channel] = int16(math.Round(min(max(v, math.MinInt16), math.MaxInt16)))
		}
	}
}

// cubic is the spline of Catmull and Rom between b and c, at t from 0 to 1: unlike a straight line it keeps the treble.
func cubic(a, b, c, d, t float64) float64 {
	return b + t/2*(c-a+t*(2*a-5*b+4*c-d+t*(3*(b-c)+d-a)))
}
