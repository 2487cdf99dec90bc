package sound

import (
	"math/rand/v2"
	"testing"
	"time"
)

const block = 480 // 10 ms

func TestTheClockEvensOutJitter(t *testing.T) {
	var c clock
	start := time.Now()
	r := rand.New(rand.NewPCG(1, 2))
	previous := c.stamp(start, block)
	for n := 1; n < 10_000; n++ {
		exact := start.Add(time.Duration(n) * 10 * time.Millisecond)
		jitter := time.Duration(r.IntN(10_000)-5_000) * time.Microsecond
		at := c.stamp(exact.Add(jitter), block)
		if step := (at.Sub(previous) - 10*time.Millisecond).Abs(); step > 300*time.Microsecond {
			t.Fatalf("block %d came %v off the even pace", n, step)
		}
		if off := at.Sub(exact).Abs(); off > 2*time.Millisecond {
			t.Fatalf("block %d is stamped %v off", n, off)
		}
		previous = at
	}
}

func TestTheClockFollowsADriftingSourceForAnHour(t *testing.T) {
	const parts = 100 // per million, more than a crystal strays
	var c clock
	start := time.Now()
	for n := range 360_000 {
		exact := start.Add(time.Duration(n) * (10*time.Millisecond + 10*parts*time.Nanosecond))
		if off := c.stamp(exact, block).Sub(exact).Abs(); off > time.Millisecond {
			t.Fatalf("after %v the stamp is %v off", exact.Sub(start), off)
		}
	}
}

func TestTheClockJumpsOverAGap(t *testing.T) {
	var c clock
	start := time.Now()
	c.stamp(start, block)
	later := start.Add(time.Minute)
	if at := c.stamp(later, block); !at.Equal(later) {
		t.Fatalf("after a gap of a minute the stamp is %v off", at.Sub(later))
	}
}

func TestTheClockNeverRunsBackwards(t *testing.T) {
	var c clock
	start := time.Now()
	c.stamp(start, block)
	if at := c.stamp(start.Add(-time.Second), block); at.Before(start) {
		t.Fatalf("a block is stamped %v before its forerunner", start.Sub(at))
	}
}
