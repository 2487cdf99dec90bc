package congestion

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// seeds are of the simulations: each figure must hold for all of them.
var seeds = []uint64{1, 2, 3, 4, 5}

func forSeeds(t *testing.T, run func(t *testing.T, seed uint64)) {
	for _, seed := range seeds {
		run(t, seed)
	}
}

func estimated(l *link, seed uint64) *flow { return newFlow(l, seed, New(Config{})) }

func TestAGreedyPictureFillsTheLinkAndKeepsItsQueueShort(t *testing.T) {
	for _, test := range []struct {
		name        string
		rate        float64
		change      func(*link, *flow)
		utilisation float64
		delay95     time.Duration
	}{
		{"500 kbit/s", 0.5 * mbit, nil, 0.9, 150 * time.Millisecond},
		{"1 Mbit/s", 1 * mbit, nil, 0.9, 100 * time.Millisecond},
		{"3 Mbit/s", 3 * mbit, nil, 0.9, 100 * time.Millisecond},
		{"6 Mbit/s", 6 * mbit, nil, 0.9, 100 * time.Millisecond},
		{"2 % of loss", 5 * mbit, func(l *link, _ *flow) { l.loss = 0.02 }, 0.9, 100 * time.Millisecond},
		{"5 % of loss", 5 * mbit, func(l *link, _ *flow) { l.loss = 0.05 }, 0.88, 100 * time.Millisecond},
		{"20 % of loss", 5 * mbit, func(l *link, _ *flow) { l.loss = 0.2 }, 0.6, 140 * time.Millisecond},
		{"loss in bursts", 5 * mbit, func(l *link, _ *flow) { l.burstLoss = 0.005 }, 0.6, 100 * time.Millisecond},
		{"jitter", 5 * mbit, func(l *link, _ *flow) { l.jitter = 15 * time.Millisecond }, 0.85, 100 * time.Millisecond},
		{"ends that are not scheduled", 5 * mbit, func(_ *link, f *flow) {
			f.sender.every, f.receiver.every = 200*time.Millisecond, 200*time.Millisecond
		}, 0.85, 100 * time.Millisecond},
		{"a fast clock", 5 * mbit, func(_ *link, f *flow) { f.drift = 200e-6 }, 0.9, 100 * time.Millisecond},
		{"a slow clock", 5 * mbit, func(_ *link, f *flow) { f.drift = -200e-6 }, 0.9, 100 * time.Millisecond},
		{"paced", 5 * mbit, func(_ *link, f *flow) { f.pace = 2.5 }, 0.9, 100 * time.Millisecond},
		{"lost feedback", 5 * mbit, func(_ *link, f *flow) { f.feedbackLoss = 0.1 }, 0.8, 130 * time.Millisecond},
		{"a buffer of 50 ms", 5 * mbit, func(l *link, _ *flow) { l.buffer = 50 * time.Millisecond }, 0.7, 60 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			forSeeds(t, func(t *testing.T, seed uint64) {
				l := newLink(seed, steady(test.rate))
				f := estimated(l, seed)
				if test.change != nil {
					test.change(l, f)
				}
				simulate(l, 40*time.Second, f)
				got := measure(l, 10*time.Second, 40*time.Second, f)
				t.Log(got)
				assert.Greater(t, got.utilisation, test.utilisation)
				assert.Less(t, got.delay95, test.delay95)
			})
		})
	}
}

func TestTheTargetFollowsALinkThatNarrowsAndWidens(t *testing.T) {
	const narrows, widens = 15 * time.Second, 30 * time.Second
	forSeeds(t, func(t *testing.T, seed uint64) {
		l := newLink(seed, steps(6*mbit, narrows, 1*mbit, widens, 6*mbit))
		f := estimated(l, seed)
		simulate(l, 50*time.Second, f)
		react := f.until(narrows, func(s State) bool { return s.Target < 1*mbit })
		drained := l.drained(narrows+500*time.Millisecond, 50*time.Millisecond) + 500*time.Millisecond
		recover := f.until(widens, func(s State) bool { return s.Target > 4*mbit })
		t.Logf("below the new rate after %v, queue empty after %v, back after %v", react, drained, recover)
		assert.Less(t, react, time.Second)
		assert.True(t, f.states[(narrows+react)/tick].Met)
		assert.Less(t, drained, 4*time.Second)
		assert.Less(t, recover, 8*time.Second)
	})
}

func TestAPolicerLowersTheTarget(t *testing.T) {
	forSeeds(t, func(t *testing.T, seed uint64) {
		l := newLink(seed, steady(20*mbit))
		l.policer = 2 * mbit
		f := estimated(l, seed)
		simulate(l, 40*time.Second, f)
		got := measure(l, 10*time.Second, 40*time.Second, f)
		loss := 0.0
		for _, s := range f.states[10*time.Second/tick:] {
			loss += s.Loss / float64(30*time.Second/tick)
		}
		t.Log(got, "loss", loss)
		assert.Greater(t, got.utilisation, 0.8)
		assert.Less(t, got.median, int(2.2*mbit))
		assert.Less(t, loss, 0.1)
	})
}

func TestNothingIsLearnedFromAStillPage(t *testing.T) {
	for _, test := range []struct {
		name  string
		sound bool
	}{{"with sound", true}, {"without", false}} {
		t.Run(test.name, func(t *testing.T) {
			forSeeds(t, func(t *testing.T, seed uint64) {
				const still = 15 * time.Second
				l := newLink(seed, steady(5*mbit))
				l.jitter, l.loss = 15*time.Millisecond, 0.05
				f := estimated(l, seed)
				f.sender.every, f.receiver.every = 200*time.Millisecond, 200*time.Millisecond
				f.drift = 100e-6
				f.source.wants = steps(3*mbit, still, 0.0)
				f.source.sound = test.sound
				simulate(l, 5*time.Minute, f)
				before := f.states[(still+time.Second)/tick].Target
				got := measure(l, still+time.Second, 5*time.Minute, f)
				t.Log(before, got)
				assert.Equal(t, before, got.least)
				assert.Equal(t, before, got.most)
			})
		})
	}
}

func TestAKeyframeAfterSilenceMeasuresTheLink(t *testing.T) {
	forSeeds(t, func(t *testing.T, seed uint64) {
		l := newLink(seed, steps(10*mbit, 20*time.Second, 1*mbit))
		f := estimated(l, seed)
		f.source.wants = steady(0)
		f.source.keyframe = func(n int) bool { return n%300 == 0 }
		simulate(l, 40*time.Second, f)
		wide, narrow := f.states[19*time.Second/tick].Target, f.states[22*time.Second/tick].Target
		t.Log(wide, narrow)
		assert.Greater(t, wide, int(4*mbit))
		assert.Less(t, wide, int(10*mbit))
		assert.Less(t, narrow, int(1*mbit))
		assert.Greater(t, narrow, int(0.5*mbit))
	})
}

func TestAPictureThatWantsLittleIsNotTakenForCongestion(t *testing.T) {
	for _, wants := range []float64{0.1 * mbit, 0.5 * mbit, 1.5 * mbit} {
		forSeeds(t, func(t *testing.T, seed uint64) {
			l := newLink(seed, steady(10*mbit))
			l.jitter, l.loss = 20*time.Millisecond, 0.03
			f := estimated(l, seed)
			f.sender.every, f.receiver.every = 80*time.Millisecond, 80*time.Millisecond
			f.feedbackLoss, f.drift = 0.05, -100e-6
			f.source.wants = steady(wants)
			f.source.keyframe = func(n int) bool { return n%450 == 0 }
			simulate(l, 2*time.Minute, f)
			got := measure(l, 0, 2*time.Minute, f)
			t.Log(got)
			assert.False(t, slices.ContainsFunc(f.states, func(s State) bool { return s.Met }))
			assert.GreaterOrEqual(t, got.least, 3_000_000)
			assert.Less(t, got.most, int(12*mbit))
		})
	}
}

func TestPausesOfTheRadioDoNotLowerAPictureThatWantsLittle(t *testing.T) {
	forSeeds(t, func(t *testing.T, seed uint64) {
		l := newLink(seed, func(at time.Duration) float64 {
			if at%(1100*time.Millisecond) < 150*time.Millisecond {
				return 0.02 * mbit
			}
			return 8 * mbit
		})
		f := estimated(l, seed)
		f.source.wants = steady(2 * mbit)
		simulate(l, time.Minute, f)
		got := measure(l, 0, time.Minute, f)
		t.Log(got)
		assert.GreaterOrEqual(t, got.least, 3_000_000)
	})
}

func TestALongerWayIsNotAQueueForLong(t *testing.T) {
	const changes = 20 * time.Second
	for _, wants := range []float64{0.3 * mbit, 2 * mbit, 8 * mbit} {
		forSeeds(t, func(t *testing.T, seed uint64) {
			l := newLink(seed, steady(5*mbit))
			l.detour = func(at time.Duration) time.Duration {
				if at > changes {
					return 80 * time.Millisecond
				}
				return 0
			}
			f := estimated(l, seed)
			f.source.wants = steady(wants)
			simulate(l, 50*time.Second, f)
			before, got := f.states[changes/tick].Target, measure(l, changes+10*time.Second, 50*time.Second, f)
			t.Log(before, got)
			assert.Greater(t, got.median, before*3/4)
		})
	}
}

func TestAnOutageIsOver(t *testing.T) {
	const begins, ends = 20 * time.Second, 25 * time.Second
	forSeeds(t, func(t *testing.T, seed uint64) {
		l := newLink(seed, steps(5*mbit, begins, 1000.0, ends, 5*mbit))
		f := estimated(l, seed)
		simulate(l, 50*time.Second, f)
		low := measure(l, begins, ends, f).least
		back := f.until(ends, func(s State) bool { return s.Target > 4*mbit })
		t.Log(low, back)
		assert.Less(t, low, int(1*mbit))
		assert.Less(t, back, 10*time.Second)
	})
}

func TestADownloadDoesNotStarveTheViewer(t *testing.T) {
	const begins, ends = 15 * time.Second, 45 * time.Second
	forSeeds(t, func(t *testing.T, seed uint64) {
		l := newLink(seed, steady(6*mbit))
		l.buffer = 300 * time.Millisecond
		l.rival = &rival{begins: begins, ends: ends, window: 10}
		f := estimated(l, seed)
		simulate(l, 70*time.Second, f)
		during, later := measure(l, begins+5*time.Second, ends, f), measure(l, ends+10*time.Second, 70*time.Second, f)
		t.Log(during, later)
		assert.Greater(t, during.utilisation, 0.15)
		assert.Greater(t, later.utilisation, 0.85)
	})
}

func TestViewersShareABottleneck(t *testing.T) {
	for _, test := range []struct {
		viewers int
		least   float64
	}{{2, 0.3}, {4, 0.13}} {
		t.Run(fmt.Sprint(test.viewers), func(t *testing.T) {
			forSeeds(t, func(t *testing.T, seed uint64) {
				l := newLink(seed, steady(6*mbit))
				var flows []*flow
				for i := range test.viewers {
					f := estimated(l, seed+uint64(i)*100)
					f.source.wants = steps(0, time.Duration(i)*5*time.Second, 8*mbit)
					flows = append(flows, f)
				}
				simulate(l, 80*time.Second, flows...)
				all := measure(l, 20*time.Second, 80*time.Second, flows...)
				for _, f := range flows {
					got := measure(l, 20*time.Second, 80*time.Second, f)
					t.Log(got)
					assert.Greater(t, got.utilisation, test.least)
				}
				assert.Greater(t, all.utilisation, 0.9)
				assert.Less(t, all.delay95, 130*time.Millisecond)
			})
		})
	}
}
