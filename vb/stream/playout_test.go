package stream

import (
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/assert"

	"turtus/vb/stream/congestion"
)

func TestHowLongPicturesAreHeld(t *testing.T) {
	const trip = 60 * time.Millisecond
	start := time.Now()
	var p playout
	assert.Equal(t, playoutDelay{}, p.next(false, 0, trip, start), "who never drove and loses nothing is told nothing")

	held := p.next(false, 0.02, trip, start)
	assert.True(t, held.said)
	assert.GreaterOrEqual(t, time.Duration(held.least)*10*time.Millisecond, trip+tailLossy, "a packet that is asked for comes in time")
	assert.EqualValues(t, relaxedDelay, held.most)
	assert.Equal(t, held, p.next(false, 0.02, trip-waitStep/2, start.Add(time.Second)), "a little less changes nothing")
	assert.Less(t, p.next(false, 0.02, trip-2*waitStep, start.Add(time.Second)).least, held.least)
	assert.Equal(t, held, p.next(false, 0.02, trip, start.Add(time.Second)), "more is taken at once")

	assert.Equal(t, delayNone, p.next(true, 0.02, trip, start.Add(2*time.Second)), "who drives sees each picture at once")
	assert.Equal(t, held, p.next(false, 0.02, trip, start.Add(3*time.Second)))
	assert.Equal(t, held, p.next(false, 0, trip, start.Add(3*time.Second+waitLasts)), "a good moment is not a good network")
	assert.Equal(t, delayRelaxed, p.next(false, 0, trip, start.Add(4*time.Second+waitLasts)))

	assert.EqualValues(t, waitAtMost/(10*time.Millisecond), p.next(false, 0.02, time.Minute, start.Add(time.Minute)).least)
}

func TestPicturesAreHeldOnlyWhereWhatIsMissingComes(t *testing.T) {
	s, _, agree := noted()
	s.network.loss = 0.05
	now := time.Now()
	agree(&agreement{writer: &notebook{}, mimeType: webrtc.MimeTypeH264, ssrc: 1, transport: 3})
	s.now(keyframe(1), now)
	assert.Zero(t, s.playout.held, "a viewer that takes no retransmissions")
	s, _, _ = noted()
	s.network.loss = 0.05
	s.now(keyframe(1), now)
	assert.NotZero(t, s.playout.held)
}

func TestPlayoutDelayOnTheWire(t *testing.T) {
	// Twelve bits of the least and twelve of the most delay, in units of 10 ms.
	var b [3]byte
	playoutDelay{said: true, least: 0x123, most: 0xabc}.put(&b)
	assert.Equal(t, [3]byte{0x12, 0x3a, 0xbc}, b)
	delayNone.put(&b)
	assert.Equal(t, [3]byte{}, b)
	delayRelaxed.put(&b)
	assert.Equal(t, [3]byte{0, 1000 >> 8, 1000 & 0xff}, b)
}

func TestWhatWasAskedForGoesTwiceUnderLossAndWhereThereIsRoom(t *testing.T) {
	now := time.Now()
	due := func(loss float64, s congestion.State) (all []uint16) {
		var r repair
		r.again(7, 1000, loss, s, now)
		for sequence, is := r.next(now.Add(twiceAfter)); is; sequence, is = r.next(now.Add(twiceAfter)) {
			all = append(all, sequence)
		}
		return all
	}
	room := congestion.State{Target: 5_000_000, Limited: true}
	assert.Equal(t, []uint16{7}, due(0.02, room))
	assert.Empty(t, due(0, room), "one that got lost alone will not get lost again")
	full := room
	full.Limited = false
	assert.Empty(t, due(0.02, full), "more would make a full network worse")

	var r repair
	count := uint16(0)
	for range 1000 {
		r.again(count, 1000, 0.02, room, now)
		count++
	}
	assert.Less(t, len(r.twice), 200, "a flood of requests does not become two")
	r.sent(packets(1), 2000, 0.02, room, now.Add(time.Second))
	assert.EqualValues(t, 0, r.twice[0].first, "in the order of their times")
}
