package stream

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/vb/codec"
)

func TestNoiseHasFewerFramesUnderASmallCap(t *testing.T) {
	const width, height, bitrate, seconds = 320, 240, 100_000, 10
	for _, kind := range []codec.VideoKind{codec.H264, codec.VP8} {
		t.Run(string(kind), func(t *testing.T) {
			now := time.Now()
			c := newClock(now)
			l, err := newLayer(layerKey{kind: kind}, c)
			require.NoError(t, err)
			l.bitrate = bitrate
			require.NoError(t, l.open(codec.VideoConfig{Width: width, Height: height, FrameRate: 30, Bitrate: bitrate}))
			defer l.close()
			img, err := codec.NewImage(width, height)
			require.NoError(t, err)
			defer img.Close()
			random, pixels := rand.New(rand.NewPCG(1, 2)), make([]byte, 4*width*height)
			bytes, frames := 0, 0
			for range seconds * 30 {
				now = now.Add(time.Second / 30)
				for i := range pixels {
					pixels[i] = byte(random.Uint32())
				}
				l.change(now)
				if !l.keyDue(now) && !l.changeDue(now) {
					continue
				}
				require.NoError(t, img.Convert(codec.Picture{Pix: pixels, Stride: 4 * width, Width: width, Height: height}))
				f, err := l.encode(img, now, c)
				require.NoError(t, err)
				if f != nil {
					bytes += f.bytes
					frames++
				}
			}
			assert.Less(t, bytes*8, bitrate*(seconds+2), "%d frames", frames)
			assert.GreaterOrEqual(t, frames, seconds/2, "it still moves")
		})
	}
}

func TestAChangeAfterQuietWaitsForNoDebt(t *testing.T) {
	now := time.Now()
	l := &layer{bitrate: 100_000}
	l.debt.add(now, 1_000_000, l.bitrate)
	assert.Equal(t, time.Second, l.debt.wait(now, l.bitrate), "it is bounded")
	l.change(now)
	assert.True(t, l.changeDue(now))
	l.changed, l.fresh = false, false
	l.change(now.Add(time.Second / 30))
	assert.False(t, l.changeDue(now.Add(time.Second/30)), "it moves on")
	assert.InDelta(t, 966*time.Millisecond, l.sleep(now.Add(time.Second/30)), 1e6)
	later := now.Add(time.Second)
	assert.True(t, l.changeDue(later))
	l.changed, l.fresh = false, false
	l.debt.add(later, 1_000_000, l.bitrate)
	l.change(later)
	assert.True(t, l.changeDue(later))
}

func TestTheAnswerToAPressOverAFilmWaitsForLessDebt(t *testing.T) {
	now := time.Now()
	l := &layer{bitrate: 1_000_000, movedAt: now}
	l.debt.add(now, int(float64(l.bitrate)/8*(debtAllowed+debtForAnswers).Seconds()), l.bitrate)
	l.change(now)
	assert.InDelta(t, debtForAnswers, l.changeWait(now), 1e6)
	l.pressed = now
	assert.True(t, l.changeDue(now))
	l.debt.add(now, l.bitrate/16, l.bitrate) // half a second's
	assert.InDelta(t, 500*time.Millisecond, l.changeWait(now), 1e6, "however much is pressed, the debt grows by no more")
	assert.InDelta(t, 500*time.Millisecond+debtForAnswers-answerFor, l.changeWait(now.Add(answerFor)), 1e6, "what comes later is no answer")
}
