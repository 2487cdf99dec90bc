package congestion

import (
	"testing"
	"time"
)

func BenchmarkSent(b *testing.B) {
	e := New(Config{})
	at := zero
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at = at.Add(500 * time.Microsecond)
		e.Sent(uint16(i), 1200, at)
	}
}

// BenchmarkFeedback is of a report of 100 ms at some 5 Mbit/s: 50 packets, which are sent again each time.
func BenchmarkFeedback(b *testing.B) {
	e := New(Config{})
	at := zero
	deltas := make([]time.Duration, 50)
	for i := range deltas {
		deltas[i] = 2 * time.Millisecond
	}
	fb := told(0, 0, deltas...)
	b.ReportAllocs()
	for i := uint16(0); b.Loop(); i += 50 {
		for j := range uint16(50) {
			at = at.Add(2 * time.Millisecond)
			e.Sent(i+j, 1200, at)
		}
		fb.BaseSequenceNumber = i
		fb.ReferenceTime = uint32(at.Sub(zero) / referenceUnit)
		e.Feedback(fb, at)
	}
}

func BenchmarkState(b *testing.B) {
	e := New(Config{})
	e.Sent(0, 1200, zero)
	b.ReportAllocs()
	for b.Loop() {
		_ = e.State()
	}
}
