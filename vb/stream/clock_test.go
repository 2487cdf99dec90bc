package stream

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"turtus/vb/codec"
)

func TestTimestampsOfPictureAndSoundAreOfOneClock(t *testing.T) {
	c := newClock(time.Now())
	for _, d := range []time.Duration{0, time.Second, time.Hour + 333*time.Microsecond, 40 * 24 * time.Hour} {
		at := c.start.Add(d)
		assert.Equal(t, c.offset+uint32(int64(d/1000)*9/100), c.timestamp(at, videoRate))
		assert.InDelta(t, float64(c.offset+uint32(int64(d/1000)*48/1000)), float64(c.timestamp(at, audioRate)), 1)
		seconds := c.ntp(at)>>32 - 2208988800
		assert.EqualValues(t, at.Unix(), seconds)
	}
}

func TestThePacerLetsAChangeAfterQuietThroughAtOnceAndHoldsTheRate(t *testing.T) {
	p := pacer{interval: 100 * time.Millisecond}
	now := time.Now()
	assert.Zero(t, p.wait(now))
	p.take(now)
	assert.Zero(t, p.wait(now), "the rest of a change follows it")
	p.take(now)
	assert.Equal(t, p.interval, p.wait(now))
	frames := 0
	for end := now.Add(10 * time.Second); now.Before(end); now = now.Add(time.Millisecond) {
		if p.wait(now) == 0 {
			p.take(now)
			frames++
		}
	}
	assert.InDelta(t, 100, frames, 1)
}

func TestTheAnswerToAPressNeedNotWaitForTheFilm(t *testing.T) {
	p := pacer{interval: 100 * time.Millisecond}
	now := time.Now()
	film := func() {
		now = now.Add(p.wait(now))
		p.take(now)
	}
	for range 10 {
		film()
	}
	assert.Equal(t, p.interval, p.wait(now), "the film takes all of the rate")
	p.press(now)
	assert.Zero(t, p.wait(now))
	p.take(now)
	assert.Equal(t, p.interval/2, p.wait(now), "what comes right after it may be the answer, too")
	film()
	for now = now.Add(answerFor); p.wait(now) == 0; {
		p.take(now)
	}
	assert.Equal(t, p.interval, p.wait(now), "then the rate is the room's again")
}

func TestPressesWithoutEndAreNoFloodOfFrames(t *testing.T) {
	p := pacer{interval: 100 * time.Millisecond}
	now := time.Now()
	frames := 0
	for end := now.Add(10 * time.Second); now.Before(end); now = now.Add(time.Millisecond) {
		p.press(now)
		if p.wait(now) == 0 {
			p.take(now)
			frames++
		}
	}
	assert.LessOrEqual(t, frames, 255)
}

func TestPacketsFitTheSmallestPath(t *testing.T) {
	for _, kind := range []codec.VideoKind{codec.H264, codec.VP8} {
		p, err := newPacketiser(kind, newClock(time.Now()))
		assert.NoError(t, err)
		data := append([]byte{0, 0, 0, 1, 0x65}, make([]byte, 50_000)...)
		for i := range data[5:] {
			data[5+i] = 0x55
		}
		f := p.picture(codec.Packet{Data: data, Key: true}, time.Now())
		assert.Greater(t, len(f.payloads), 40)
		for _, payload := range f.payloads {
			assert.LessOrEqual(t, len(payload), maxPayload)
		}
	}
}
