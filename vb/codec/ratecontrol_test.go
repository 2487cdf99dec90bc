package codec

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// encoding is a rate control with what an encoder would make of its plans.
type encoding struct {
	t   testing.TB
	r   rateControl
	now time.Duration
	// cost is what a macroblock takes in bits at quantiser 0 in a P-frame, and key what it takes in a keyframe.
	cost, key float64
	noise     *rand.Rand

	queued, worst float64 // a leaky bucket at the cap, in bits
	keys          int
	waited, good  int // frames that found more than a frame's time queued, and those searched thoroughly
}

const (
	simulatedBitrate = 3_000_000
	simulatedSize    = 3600 // macroblocks of 720p
	simulatedFrame   = time.Second / 30
)

func newEncoding(t testing.TB, cost, key float64) *encoding {
	return &encoding{
		t: t, cost: cost, key: key, noise: rand.New(rand.NewPCG(1, 2)),
		r: newRateControl(VideoConfig{FrameRate: 30, Bitrate: simulatedBitrate, Buffer: 250 * time.Millisecond}),
	}
}

// frame codes one more frame and tells its size in bits.
func (e *encoding) frame(changed int, key, refine bool) (plan, float64) {
	e.now += simulatedFrame
	p := e.r.plan(e.now, changed, key, refine)
	size := e.size(changed, p, key)
	for e.r.overflows(size, &p) {
		size = e.size(simulatedSize, p, true)
	}
	if p.key {
		e.keys++
	}
	if p.good() {
		e.good++
	}
	e.r.spent(size, p)
	share := e.r.bitrate * simulatedFrame.Seconds()
	if e.queued = max(0, e.queued-share); e.queued > share {
		e.waited++
	}
	e.queued += float64(size) * 8
	e.worst = max(e.worst, e.queued)
	return p, float64(size) * 8
}

func (e *encoding) size(changed int, p plan, key bool) int {
	cost := e.cost
	if key {
		cost, changed = e.key, simulatedSize
	}
	// The frame after a good one has less to code.
	if p.phase == 1 {
		cost *= 0.8
	}
	return int(cost * float64(changed) * math.Exp2(-float64(p.quantizer)/6) * (0.85 + 0.3*e.noise.Float64()) / 8)
}

// film codes so many frames in which all changes, and tells their mean rate in bits per second and the least and the most
// of their quantisers.
func (e *encoding) film(frames int) (rate float64, least, most int) {
	least = worstQuantizer
	for range frames {
		p, bits := e.frame(simulatedSize, false, false)
		rate += bits
		least, most = min(least, p.quantizer), max(most, p.quantizer)
	}
	return rate / (float64(frames) * simulatedFrame.Seconds()), least, most
}

// steady is an encoding of film that has gone on for a while.
func steady(t testing.TB) *encoding {
	e := newEncoding(t, 2000, 4000)
	e.frame(simulatedSize, true, false)
	e.film(150)
	return e
}

func TestFilmTakesTheCapAndNoMore(t *testing.T) {
	for _, cost := range []float64{700, 2000, 6000} {
		e := newEncoding(t, cost, 2*cost)
		e.frame(simulatedSize, true, false)
		e.film(60)
		if e.worst > e.r.buffer {
			t.Errorf("cost %v: the buffer of %.0f bits was to hold %.0f", cost, e.r.buffer, e.worst)
		}
		e.worst, e.waited = 0, 0
		if rate, _, _ := e.film(300); rate < 0.97*simulatedBitrate || rate > 1.02*simulatedBitrate {
			t.Errorf("cost %v: %.0f bit/s", cost, rate)
		}
		if e.worst > e.r.buffer/2 {
			t.Errorf("cost %v: going on, it is late by %.0f ms", cost, e.worst/simulatedBitrate*1000)
		}
		if e.waited > 0 {
			t.Errorf("cost %v: %d frames found more than a frame's time queued", cost, e.waited)
		}
		if e.keys != 1 {
			t.Errorf("cost %v: %d keyframes", cost, e.keys)
		}
	}
}

func TestAGoodFrameIsNotPaidForByTheNext(t *testing.T) {
	e := steady(t)
	var sums [len(filmPattern)]float64
	const periods = 50
	for range periods * len(filmPattern) {
		p, _ := e.frame(simulatedSize, false, false)
		sums[p.phase] += float64(p.qp)
	}
	for place, sum := range sums {
		if off := (sum - sums[0]) / periods; math.Abs(off) > 0.25 {
			t.Errorf("frames at place %d of the pattern are planned %.2f steps worse than those at the first", place, off)
		}
	}
}

// A thorough search is what film's processor time depends on most.
func TestOneFrameOfAPeriodIsSearchedThoroughly(t *testing.T) {
	e := steady(t)
	e.good = 0
	const periods = 50
	if e.film(periods * len(filmPattern)); e.good != periods {
		t.Errorf("%d of %d frames", e.good, periods*len(filmPattern))
	}
	e.good = 0
	for range 30 { // a page's motion
		e.now += pause
		e.frame(100, false, false)
	}
	if e.good > 0 {
		t.Errorf("%d frames of a page", e.good)
	}
}

func TestFilmFollowsTheCap(t *testing.T) {
	e := steady(t)
	for _, bps := range []float64{simulatedBitrate / 2, simulatedBitrate * 2, simulatedBitrate / 4} {
		e.r.setBitrate(int(bps))
		e.film(30)
		e.queued, e.worst = 0, 0
		if rate, _, _ := e.film(60); rate < 0.93*bps || rate > 1.05*bps {
			t.Errorf("a second after the cap became %.0f it is %.0f bit/s", bps, rate)
		}
		if e.worst > e.r.buffer {
			t.Errorf("at %.0f bit/s the buffer overflowed", bps)
		}
	}
}

func TestACutFitsTheBuffer(t *testing.T) {
	e := steady(t)
	e.worst = 0
	e.cost *= 4
	if e.film(60); e.worst > e.r.buffer {
		t.Errorf("after a cut the buffer of %.0f bits was to hold %.0f", e.r.buffer, e.worst)
	}
	if rate, _, _ := e.film(60); rate > 1.05*simulatedBitrate {
		t.Errorf("two seconds after it, %.0f bit/s", rate)
	}
}

func TestAClickAfterSilenceIsGoodAtOnce(t *testing.T) {
	e := steady(t)
	for range 30 { // the film stops, and its last picture is refined
		e.now += 80 * time.Millisecond
		e.frame(0, false, true)
	}
	if !e.r.settled() {
		t.Fatal("still not settled")
	}
	e.now += time.Second
	if p, _ := e.frame(100, false, false); p.quantizer != motionQuantizer || p.content != page {
		t.Errorf("quantiser %d, content %d", p.quantizer, p.content)
	}
}

func TestAKeyframeFitsTheBuffer(t *testing.T) {
	for _, key := range []float64{500, 3000, 12_000} {
		e := newEncoding(t, key/2, key)
		if _, bits := e.frame(simulatedSize, true, false); bits > e.r.buffer {
			t.Errorf("cost %v: the first takes %.0f bits of %.0f", key, bits, e.r.buffer)
		}
		e.film(60)
		e.worst = 0
		if p, bits := e.frame(simulatedSize, true, false); bits > e.r.buffer/2 || e.worst > e.r.buffer {
			t.Errorf("cost %v: a newcomer's takes %.0f bits at quantiser %d, and %.0f are queued", key, bits, p.quantizer, e.worst)
		}
	}
}

func TestWhatNeverFitsOwesNoMoreThanTwoBuffers(t *testing.T) {
	e := newEncoding(t, 60_000, 120_000)
	e.r.setBitrate(250_000)
	e.film(300)
	if e.worst < 10*e.r.buffer {
		t.Fatalf("it fits: %.0f bits queued of %.0f", e.worst, e.r.buffer)
	}
	if e.r.queued > 2*e.r.buffer {
		t.Errorf("%.1f s are owed", e.r.queued/e.r.bitrate)
	}
	if e.keys > 1 {
		t.Errorf("%d keyframes, which help nothing", e.keys)
	}
}
