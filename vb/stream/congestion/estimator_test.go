package congestion

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func after(d time.Duration) time.Time { return zero.Add(d) }

// told is feedback about packets from one on: those with a negative time are lost.
func told(first uint16, reference uint32, deltas ...time.Duration) *rtcp.TransportLayerCC {
	fb := &rtcp.TransportLayerCC{BaseSequenceNumber: first, PacketStatusCount: uint16(len(deltas)), ReferenceTime: reference}
	for _, delta := range deltas {
		symbol := rtcp.TypeTCCPacketReceivedLargeDelta
		if delta < 0 {
			symbol = rtcp.TypeTCCPacketNotReceived
		} else {
			fb.RecvDeltas = append(fb.RecvDeltas, &rtcp.RecvDelta{Type: symbol, Delta: delta.Microseconds()})
		}
		fb.PacketChunks = append(fb.PacketChunks, &rtcp.RunLengthChunk{PacketStatusSymbol: symbol, RunLength: 1})
	}
	return fb
}

const gone = time.Duration(-1)

func TestDefaultsStandInForWhatIsNotConfigured(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  Config
		want int
	}{
		{"nothing", Config{}, 3_000_000},
		{"an initial rate", Config{Initial: 500_000}, 500_000},
		{"below the least", Config{Initial: 50_000, Min: 200_000}, 200_000},
		{"above the most", Config{Max: 1_000_000}, 1_000_000},
		{"the least above the most", Config{Min: 30_000_000}, 30_000_000},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, New(test.cfg).State().Target)
		})
	}
}

func TestSequenceAndReferenceTimeWrapAround(t *testing.T) {
	e := New(Config{})
	for i := range 400 {
		at := time.Duration(i) * 64 * time.Millisecond
		sequence := uint16(65_500 + i)
		e.Sent(sequence, 1000, after(at))
		e.Feedback(told(sequence, uint32(referenceWrap-100+i)&(referenceWrap-1), 0), after(at+20*time.Millisecond))
	}
	state := e.State()
	assert.InDelta(t, 125_000, state.Delivered, 20_000)
	assert.Zero(t, state.QueueDelay)
	assert.Zero(t, state.Loss)
	assert.Equal(t, 20*time.Millisecond, state.RTT)
}

func TestAPacketCalledLostMayStillArrive(t *testing.T) {
	e := New(Config{})
	for i := range uint16(4) {
		e.Sent(i, 1000, after(0))
	}
	e.Feedback(told(0, 1, 0, gone, gone, 0), after(50*time.Millisecond))
	assert.Equal(t, 0.5, e.State().Loss)
	e.Feedback(told(1, 1, 0, gone), after(60*time.Millisecond))
	assert.Equal(t, 0.25, e.State().Loss)
}

func TestFeedbackCountsOnce(t *testing.T) {
	e := New(Config{})
	e.Sent(0, 1000, after(0))
	e.Sent(1, 1000, after(0))
	for range 5 {
		e.Feedback(told(0, 1, 0, gone), after(50*time.Millisecond))
	}
	assert.Equal(t, 0.5, e.State().Loss)
	assert.Equal(t, 16_000, e.State().Delivered)
}

func TestFeedbackOfUnknownPacketsTellsNothing(t *testing.T) {
	e := New(Config{})
	e.Feedback(told(7, 1, 0, 0, 0), after(0))
	e.Sent(100, 1000, after(0))
	before := e.State()
	e.Feedback(told(101, 1, 0, gone, 0), after(time.Millisecond))
	e.Feedback(told(40_000, 1, 0, gone, 0), after(time.Millisecond))
	e.Feedback(nil, after(time.Millisecond))
	assert.Equal(t, before, e.State())
}

func TestReorderedFeedbackIsUsed(t *testing.T) {
	e := New(Config{})
	for i := range uint16(6) {
		e.Sent(i, 1000, after(time.Duration(i)*10*time.Millisecond))
	}
	e.Feedback(told(3, 2, 0, 10*time.Millisecond, 10*time.Millisecond), after(80*time.Millisecond))
	e.Feedback(told(0, 1, 34*time.Millisecond, 10*time.Millisecond, 10*time.Millisecond), after(81*time.Millisecond))
	assert.Equal(t, 6*8000*2, e.State().Delivered)
	assert.Zero(t, e.State().Loss)
}

func TestAJumpOfTheViewersClockIsNoQueue(t *testing.T) {
	e := New(Config{})
	for i := range 300 {
		at := time.Duration(i) * 64 * time.Millisecond
		reference := uint32(1000 + i)
		if i >= 100 {
			reference += 50 // 3.2 s
		}
		e.Sent(uint16(i), 1000, after(at))
		e.Feedback(told(uint16(i), reference, 0), after(at+20*time.Millisecond))
		require.Zero(t, e.State().QueueDelay)
	}
	assert.Equal(t, 3_000_000, e.State().Target)
}

func TestAViewerThatFallsSilentLowersTheTargetWhilePacketsGoToIt(t *testing.T) {
	e := New(Config{})
	e.Sent(0, 1000, after(0))
	e.Feedback(told(0, 1, 0), after(20*time.Millisecond))

	// A few packets without an answer may be a tail that was lost.
	for i := range 9 {
		e.Sent(uint16(1+i), 1000, after(100*time.Millisecond))
	}
	e.Expire(after(time.Minute))
	require.Equal(t, 3_000_000, e.State().Target)

	for i := range 1000 {
		at := time.Minute + time.Duration(i)*10*time.Millisecond
		e.Sent(uint16(10+i), 1000, after(at))
		e.Expire(after(at))
	}
	low := e.State().Target
	assert.Less(t, low, 300_000)
	e.Expire(after(time.Hour))
	once := e.State().Target
	for i := range 100 {
		e.Expire(after(time.Hour + time.Duration(i)*time.Second))
	}
	assert.Equal(t, once, e.State().Target, "nothing is sent any more")
}

func TestAViewerThatNeverReportsChangesNothing(t *testing.T) {
	e := New(Config{})
	for i := range 1000 {
		at := time.Duration(i) * 10 * time.Millisecond
		e.Sent(uint16(i), 1000, after(at))
		e.Expire(after(at))
	}
	assert.Equal(t, 3_000_000, e.State().Target)
}
