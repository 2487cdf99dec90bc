package stream

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/vb/link"
	"turtus/vb/stream/congestion"
)

func packets(n int) *frame {
	f := &frame{marker: true}
	for range n {
		f.payloads = append(f.payloads, make([]byte, maxPayload))
		f.bytes += maxPayload
	}
	return f
}

func TestAPacketOfThePastIsFoundUntilItsPlaceIsTaken(t *testing.T) {
	var h history
	assert.Nil(t, h.get(7))
	now := time.Now()
	f := packets(1)
	for n := range historySize + 10 {
		h.put(uint16(65530+n), f, 0, now) // the numbers wrap around
	}
	oldest, last := 65530+10, 65530+historySize+9
	assert.Nil(t, h.get(uint16(oldest-1)))
	require.NotNil(t, h.get(uint16(oldest)))
	newest := h.get(uint16(last))
	require.NotNil(t, newest)
	assert.False(t, h.asked(newest, now.Add(9*time.Millisecond), 10*time.Millisecond), "it may still be on its way")
	for n := range maxTimes {
		assert.True(t, h.asked(newest, now.Add(10*time.Millisecond), 10*time.Millisecond), n)
	}
	assert.False(t, h.asked(newest, now.Add(time.Second), 10*time.Millisecond), "often enough")
}

func TestASmallFrameLeavesAtOnceAndALargeOneAtThePace(t *testing.T) {
	const rate = 5_000_000
	var p pacing
	now, start := time.Now(), time.Now()
	for n := range 12 {
		require.Zero(t, p.wait(now, rate), "packet %d", n)
		p.took(now, maxPayload, rate)
	}
	sent := 12
	for ; sent < 100; sent++ {
		now = now.Add(p.wait(now, rate))
		p.took(now, maxPayload, rate)
	}
	took := now.Sub(start)
	assert.InDelta(t, span((100-12)*maxPayload, rate).Seconds(), took.Seconds(), 0.01)
	assert.Zero(t, p.wait(now.Add(time.Second), rate), "quiet makes up for it")
}

func TestOnAFastNetworkAWholeFrameLeavesAtOnce(t *testing.T) {
	const rate, film = 40_000_000, 20
	var p pacing
	now := time.Now()
	for range film {
		require.Zero(t, p.wait(now, rate))
		p.took(now, maxPayload, rate)
	}
	for range film {
		p.took(now, maxPayload, rate)
	}
	assert.Positive(t, p.wait(now, rate), "but not whatever its size")
}

func TestFramesAreSentTwiceOnlyUnderLossAndWhereThereIsRoom(t *testing.T) {
	now := time.Now()
	due := func(n int, loss float64, s congestion.State) (all []uint16) {
		var r repair
		r.sent(packets(n), 100, loss, s, now)
		for at := now; at.Before(now.Add(time.Second)); at = at.Add(time.Millisecond) {
			for {
				sequence, is := r.next(at)
				if !is {
					break
				}
				all = append(all, sequence)
			}
		}
		assert.Equal(t, forever, r.wait(now), "nothing is left")
		return all
	}
	room := congestion.State{Target: 5_000_000, Limited: true}
	assert.Equal(t, []uint16{102}, due(3, 0, room), "without loss only the last packet, after a silence")
	assert.Equal(t, []uint16{100, 101, 102, 102}, due(3, 0.02, room), "and the last once more, should all have been lost")
	assert.Equal(t, []uint16{100 + twiceAtMost}, due(twiceAtMost+1, 0.02, room), "of a large frame the last one")
	full := room
	full.Limited = false
	assert.Equal(t, []uint16{102}, due(3, 0.02, full), "more would make a full network worse")
}

func TestLossIsRememberedByPacketsNotByTime(t *testing.T) {
	n, now := newNetwork(), time.Now()
	number := uint16(0)
	report := func(lost bool) {
		n.sent(number, 1000, now)
		r := &rtcp.TransportLayerCC{BaseSequenceNumber: number, PacketStatusCount: 1}
		chunk := &rtcp.RunLengthChunk{PacketStatusSymbol: rtcp.TypeTCCPacketNotReceived, RunLength: 1}
		if !lost {
			chunk.PacketStatusSymbol = rtcp.TypeTCCPacketReceivedSmallDelta
			r.RecvDeltas = []*rtcp.RecvDelta{{Type: rtcp.TypeTCCPacketReceivedSmallDelta}}
		}
		r.PacketChunks = []rtcp.PacketStatusChunk{chunk}
		number++
		now = now.Add(2 * time.Second)
		n.feedback(r, now)
	}
	for range 20 {
		report(false)
	}
	assert.Zero(t, n.lossy())
	report(true)
	assert.Greater(t, n.lossy(), lossy)
	for range 5000 {
		report(false)
	}
	assert.Less(t, n.lossy(), lossy)
	for i := range 5000 {
		report(i%50 == 0)
	}
	assert.InDelta(t, 0.02, n.lossy(), 0.01)
}

func TestFramesThatWouldWaitTooLongAreDropped(t *testing.T) {
	c := newClock(time.Now())
	s := newSender(&track{clock: c}, &track{clock: c}, func([]rtcp.Packet) error { return nil })
	s.network.reports.Add(1)
	s.network.target.Store(1_000_000)
	assert.True(t, s.picture(packets(100)), "one frame, whatever its size")
	assert.False(t, s.picture(packets(1)))
	assert.Empty(t, s.pictures)
	assert.Zero(t, s.waiting)
	assert.True(t, s.behind)
	key := packets(50)
	key.key = true
	assert.True(t, s.picture(packets(1)))
	assert.True(t, s.picture(key))
	assert.Equal(t, []*frame{key}, s.pictures, "a keyframe needs nothing before it")
}

func TestSoundWaitsNoLongerThanItIsWorth(t *testing.T) {
	c := newClock(time.Now())
	s := newSender(&track{clock: c}, &track{clock: c}, func([]rtcp.Packet) error { return nil })
	var last *frame
	for range 3 * soundQueue {
		last = packets(1)
		s.sound(last)
	}
	assert.Len(t, s.sounds, soundQueue)
	assert.Same(t, last, s.sounds[soundQueue-1])
}

func TestThroughputIsThePeakOfTheLastSeconds(t *testing.T) {
	var u throughput
	at := time.Unix(1000, 0)
	u.add(at, 1000)
	u.add(at.Add(500*time.Millisecond), 1000)
	u.add(at.Add(1500*time.Millisecond), 500)
	assert.Equal(t, 16000, u.peak(at.Add(1600*time.Millisecond)))
	assert.Equal(t, 4000, u.peak(at.Add(5600*time.Millisecond)), "what is long ago counts no more")
	assert.Zero(t, u.peak(at.Add(time.Hour)))
}

func TestAFullIntraRequestBringsAKeyframe(t *testing.T) {
	r, _, _ := painted(t)
	p := r.open("ann", "s1")
	d := p.decoder()
	d.decode(p.next())
	track := <-p.track
	require.NoError(t, p.pc.WriteRTCP([]rtcp.Packet{&rtcp.FullIntraRequest{
		MediaSSRC: uint32(track.SSRC()), FIR: []rtcp.FIREntry{{SSRC: uint32(track.SSRC())}},
	}}))
	for !d.decode(p.next()).key {
	}
}

func TestAnOutageLeavesNoQueueAndThePictureComesBack(t *testing.T) {
	r, _, _ := painted(t)
	r.narrow = &link.Config{Delay: 5 * time.Millisecond}
	p := r.open("ann", "s1")
	d := p.decoder()
	p.width(d, 640)
	s := r.viewer("ann", "s1").sender
	require.NoError(t, p.link().SetDown(link.Conditions{Rate: 40_000}))
	r.until(func() bool { return s.counters.dropped.Load() > 0 })
	require.NoError(t, p.link().SetDown(link.Conditions{Delay: 5 * time.Millisecond}))
	s.mu.Lock()
	assert.LessOrEqual(t, len(s.pictures), pictureQueue)
	s.mu.Unlock()
	for len(p.frames) > 0 {
		d.decode(p.next())
	}
	p.width(d, 640)
}

// sink takes packets as pion does.
type sink struct{}

func (sink) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	return h.MarshalSize() + len(payload), nil
}
func (sink) Write(b []byte) (int, error) { return len(b), nil }

func TestAPacketCostsNoMemory(t *testing.T) {
	out := newTransmitter(func(uint16, int, time.Time) {})
	a := &agreement{writer: sink{}, playoutDelay: 1, mid: 2, transport: 3}
	now, payload := time.Now(), make([]byte, maxPayload)
	var h history
	f := packets(1)
	h.put(0, f, 0, now)
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		_, err := out.write(a, outgoing{sequence: 1, mid: "0", delay: delayRelaxed}, payload, now)
		h.put(1, f, 0, now)
		if err != nil {
			t.Error(err)
		}
		_, err = out.write(a, outgoing{sequence: 2}, out.retransmission(1, payload), now)
		if err != nil {
			t.Error(err)
		}
	}))
}

func TestNumbersOfPacketsBeginInTheLowerHalf(t *testing.T) {
	seen := make(map[uint16]bool)
	for range 1000 {
		first := firstSequence()
		require.Less(t, first, uint16(1<<15))
		seen[first] = true
	}
	require.Greater(t, len(seen), 500, "each viewer's are others")
}
