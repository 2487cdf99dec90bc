package stream

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
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
			assert.EqualValues(t, 480, packet.Timestamp-last, "no gap and no overlap while sound goes on")
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

func TestOneRecordingServesAllAndEndsWithTheLastListener(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	server := soundtest.StartPulse(t)
	soundtest.PlayTone(t, server, 440, 0.5)
	var recordings atomic.Int32
	r := newRoom(t, display, func(cfg *Config) {
		cfg.Sound = func() sound.Config {
			recordings.Add(1)
			return sound.Config{Server: server}
		}
	})
	<-r.open("ann", "s1").opus
	<-r.open("ben", "s2").opus
	assert.EqualValues(t, 1, recordings.Load())
	r.Left("ann")
	r.Left("ben")
	r.until(func() bool {
		listened, _ := r.Streamer.audio.demand.state()
		return !listened
	})
	<-r.open("cat", "s3").opus
	assert.EqualValues(t, 2, recordings.Load(), "the first has ended")
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
			require.EqualValues(t, 480, timestamp-last)
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
	const slack = int32(soundSlack*audioRate/time.Second) + 2 // what one more block and rounding add
	for _, millionths := range []int{-1000, -200, -50, 0, 50, 200, 1000} {
		t.Run(fmt.Sprint(millionths), func(t *testing.T) {
			c := newClock(time.Now())
			line := soundLine{clock: c}
			frames, corrected := 0, 0
			var last uint32
			for n := 0; frames < 3600*audioRate; n++ {
				at := c.start.Add(time.Duration(frames) * time.Second / audioRate * time.Duration(1_000_000+millionths) / 1_000_000)
				timestamp, marker, _ := line.next(at, false)
				if off := int32(timestamp - c.timestamp(at, audioRate)); off > slack || off < -slack {
					t.Fatalf("after %v the timestamps are %d samples off", at.Sub(c.start), off)
				}
				if n > 0 && (marker || timestamp-last != 480) {
					t.Fatalf("after %v there is a gap or an overlap", at.Sub(c.start))
				}
				last = timestamp
				corrected += max(line.correction, -line.correction)
				frames += 480 + line.correction
			}
			// No more than the clock's error asks for.
			assert.InDelta(t, math.Abs(float64(millionths))*3600*audioRate/1e6, corrected, 100)
		})
	}
}

func TestSoundThatWasLostLeavesAGap(t *testing.T) {
	c := newClock(time.Now())
	line := soundLine{clock: c}
	first, _, _ := line.next(c.start, false)
	later := c.start.Add(soundBlock + 3*soundDrift)
	timestamp, marker, send := line.next(later, false)
	assert.True(t, send)
	assert.False(t, marker)
	assert.Equal(t, c.timestamp(later, audioRate), timestamp)
	assert.Zero(t, line.correction)
	assert.EqualValues(t, (soundBlock+3*soundDrift)*audioRate/time.Second, timestamp-first)
}

func TestTheEncoderIsToldTheWorstLoss(t *testing.T) {
	a := newAudio(Config{}, newClock(time.Now()), nil)
	ann, bob, gone := &sender{}, &sender{}, &sender{}
	a.subscribe(ann)
	a.subscribe(bob)
	assert.Equal(t, 5, a.expectedLoss())
	a.lost(ann, 6)
	a.lost(bob, 1)
	a.lost(gone, 100)
	assert.Equal(t, 10, a.expectedLoss())
	a.lost(bob, 70)
	assert.Equal(t, 20, a.expectedLoss())
	a.unsubscribe(bob)
	a.lost(ann, 0)
	assert.Equal(t, 5, a.expectedLoss())
}

func TestAViewersReportsTellTheSoundHowMuchIsLost(t *testing.T) {
	r := newRoom(t, desktoptest.StartXvfb(t, 320, 240), func(cfg *Config) {
		cfg.Sound = func() sound.Config { return sound.Config{} } // no server: nothing to hear, but somebody listens
	})
	p := r.open("ann", "s1")
	p.next() // picture and sound have begun
	ssrc := r.viewer("ann", "s1").sender.audio.agreed.Load().ssrc
	require.Equal(t, 5, r.audio.expectedLoss())
	report := &rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: ssrc, FractionLost: 40}}} // of 256
	require.Eventually(t, func() bool {
		require.NoError(t, p.pc.WriteRTCP([]rtcp.Packet{report}))
		return r.audio.expectedLoss() == 20
	}, patience, 20*time.Millisecond)
}

// The first sound that a viewer hears is stamped by the clock of the pictures, with the moment it is heard.
func TestSoundIsStampedWithTheTimeItIsHeard(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	server := soundtest.StartPulse(t)
	r := newRoom(t, display, func(cfg *Config) {
		cfg.Sound = func() sound.Config { return sound.Config{Server: server} }
	})
	player := soundtest.NewPlayer(t, server, 25*time.Millisecond)
	p := r.open("ann", "s1")
	for heard := false; !heard; { // the recording begins some time
		player.Click()
		select {
		case <-p.opus:
			heard = true
		case <-time.After(silenceTail):
		}
	}
	decoder := codectest.NewOpusDecoder(t)
	// hear decodes packets until one is as it is wanted, and tells when none come any more: a block may get lost on a busy machine.
	hear := func(wanted func(timestamp uint32, samples []int16) bool) bool {
		for {
			select {
			case packet := <-p.opus:
				if wanted(packet.Timestamp, decoder.Decode(packet.Payload)) {
					return true
				}
			case <-time.After(2 * silenceTail):
				return false
			}
		}
	}
	quiet := func(_ uint32, samples []int16) bool {
		return !slices.ContainsFunc(samples, func(v int16) bool { return v > 100 || v < -100 })
	}
	hear(quiet)
	clock := r.Streamer.picture.clock
	var off []time.Duration
	for clicks := 0; len(off) < 9; clicks++ {
		require.Less(t, clicks, 30, "most clicks are heard")
		clicked := make(chan time.Time, 1)
		go func() { clicked <- player.Click() }()
		var stamped uint32
		heard := hear(func(timestamp uint32, samples []int16) bool {
			loud := slices.IndexFunc(samples, func(v int16) bool { return v > 10_000 })
			stamped = timestamp + uint32(max(loud, 0)/sound.Channels)
			return loud >= 0
		})
		at := clock.timestamp(<-clicked, audioRate)
		if heard {
			off = append(off, time.Duration(int32(stamped-at))*time.Second/audioRate)
		}
		hear(quiet)
	}
	slices.Sort(off)
	t.Logf("stamped %v to %v after it is heard, half of all less than %v", off[0], off[8], off[4])
	assert.Less(t, off[4].Abs(), 20*time.Millisecond)
}
