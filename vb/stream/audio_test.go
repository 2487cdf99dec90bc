package stream

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/vb/codec/codectest"
	"turtus/vb/desktop/desktoptest"
	"turtus/vb/sound"
	"turtus/vb/sound/soundtest"
)

func TestAViewerHearsAToneAndSilenceSendsNothing(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	server := soundtest.StartPulse(t)
	r := newRoom(t, display, func(cfg *Config) {
		cfg.Sound = func() sound.Config { return sound.Config{Server: server} }
	})
	stop := soundtest.PlayTone(t, server, 440, 0.5)
	p := r.open("ann", "s1")
	decoder := codectest.NewOpusDecoder(t)
	var energy float64
	var last uint32
	for n := 0; energy < 1000 && n < 500; n++ {
		packet := <-p.opus
		if n == 0 {
			assert.True(t, packet.Marker, "the first packet of a spell of sound is marked")
		} else {
			assert.EqualValues(t, 960, packet.Timestamp-last, "no gap and no overlap while sound goes on")
		}
		last = packet.Timestamp
		samples := decoder.Decode(packet.Payload)
		energy = 0
		for _, s := range samples {
			energy += float64(s) * float64(s) / float64(len(samples))
		}
	}
	assert.GreaterOrEqual(t, energy, 1000.0, "it has energy")

	stop()
	quiet := 0
	for quiet < 2 { // no packet for a spell longer than the tail, while the recording goes on
		select {
		case <-p.opus:
			quiet = 0
		case <-time.After(silenceTail):
			quiet++
		}
	}
	soundtest.PlayTone(t, server, 440, 0.5)
	again := <-p.opus
	assert.True(t, again.Marker)
	assert.Greater(t, again.Timestamp-last, uint32(audioRate/2), "the silence has passed in the timestamps")
}

func TestTheSoundComesBackWithItsServer(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	first, second := soundtest.Start(t), soundtest.StartPulse(t)
	server := make(chan string, 1)
	server <- first.Address
	r := newRoom(t, display, func(cfg *Config) {
		cfg.Sound = func() sound.Config {
			address := <-server
			server <- address
			return sound.Config{Server: address}
		}
	})
	soundtest.PlayTone(t, second, 440, 0.5)
	p := r.open("ann", "s1")
	p.channel("events")
	first.Kill()
	r.until(func() bool { return len(r.Problems()) > 0 })
	<-server
	server <- second
	<-p.opus
	assert.Empty(t, r.Problems())
}

func TestTimestampsOfSoundAreWithoutJitter(t *testing.T) {
	c := newClock(time.Now())
	line := soundLine{clock: c}
	at := c.start
	var last uint32
	for n := range 1000 {
		jitter := time.Duration(n%7-3) * time.Millisecond
		timestamp, marker, send := line.next(at.Add(jitter), false)
		require.True(t, send)
		assert.Equal(t, n == 0, marker)
		if n > 0 {
			require.EqualValues(t, 960, timestamp-last)
		}
		last = timestamp
		at = at.Add(soundBlock)
	}
	sent := 0
	for range 100 {
		if _, _, send := line.next(at, true); send {
			sent++
		}
		at = at.Add(soundBlock)
	}
	assert.EqualValues(t, silenceTail/soundBlock, sent, "only the tail of silence is sent")
	timestamp, marker, send := line.next(at, false)
	assert.True(t, marker && send)
	assert.Equal(t, c.timestamp(at, audioRate), timestamp)
}

func TestSoundDoesNotDriftFromItsClock(t *testing.T) {
	c := newClock(time.Now())
	line := soundLine{clock: c}
	at := c.start
	// A sound card that is a thousandth too slow, for an hour.
	for range 180_000 {
		timestamp, _, _ := line.next(at, false)
		off := int32(timestamp - c.timestamp(at, audioRate))
		require.LessOrEqual(t, max(off, -off), int32(soundDrift*audioRate/time.Second))
		at = at.Add(soundBlock + soundBlock/1000)
	}
}
