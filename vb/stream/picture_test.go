package stream

import (
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/vb/codec"
	"turtus/vb/desktop/desktoptest"
)

var (
	red   = color.RGBA{200, 30, 30, 255}
	green = color.RGBA{30, 200, 30, 255}
	blue  = color.RGBA{30, 30, 200, 255}
	whole = image.Rect(0, 0, 320, 240)
)

func TestAViewerSeesTheScreenAndItsChanges(t *testing.T) {
	for _, kind := range []codec.VideoKind{codec.H264, codec.VP8} {
		t.Run(string(kind), func(t *testing.T) {
			display := desktoptest.StartXvfb(t, 320, 240)
			window := desktoptest.OpenWindow(t, display, whole)
			window.Fill(whole, red)
			p := newRoom(t, display, nil).open("ann", "s1", kind)
			d := p.decoder()
			p.shows(d, 100, 100, red)
			assert.Equal(t, kind, p.kind())
			window.Fill(image.Rect(0, 0, 160, 240), green)
			p.shows(d, 100, 100, green)
			assert.True(t, near(d.decode(p.next()).At(300, 100), red), "what did not change stays")
		})
	}
}

func TestAViewerWithoutAWordOnCodecsGetsH264(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	p := newRoom(t, display, nil).open("ann", "s1")
	p.decoder().decode(p.next())
	assert.Equal(t, codec.H264, p.kind())
}

func TestAStillScreenSendsNothingAndAnsweringPLITakesNoCapture(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	window := desktoptest.OpenWindow(t, display, whole)
	window.Fill(whole, red)
	r := newRoom(t, display, nil)
	p := r.open("ann", "s1")
	d := p.decoder()
	p.shows(d, 10, 10, red)
	p.settled(d)

	encodedBefore := r.Streamer.picture.encoded.Load()
	p.settled(d)
	assert.Equal(t, encodedBefore, r.Streamer.picture.encoded.Load(), "nothing is encoded while nothing changes")

	track := <-p.track
	p.pli(track)
	p.pli(track) // on a slow machine the first may come late enough to look like mere impatience
	f := d.decode(p.next())
	assert.True(t, f.key, "a PLI brings a keyframe")
	assert.True(t, near(f.At(10, 10), red))
}

func TestManyPLIsAreOneKeyframe(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	r := newRoom(t, display, nil)
	p := r.open("ann", "s1")
	d := p.decoder()
	d.decode(p.next())
	p.settled(d)
	track := <-p.track
	for range 50 {
		p.pli(track)
	}
	first := d.decode(p.next())
	require.True(t, first.key)
	keys := 1
	for last := first; ; {
		f := p.next()
		if isKey(p.kind(), f.data) {
			keys++
			gap := f.timestamp - last.timestamp
			assert.GreaterOrEqual(t, gap, uint32(keyframeGap.Seconds()*videoRate))
		}
		last = d.decode(f)
		if !last.key {
			break // refining has begun: no keyframe is owed
		}
	}
	assert.LessOrEqual(t, keys, 3)
}

func TestANewcomerOnAStillScreenSeesItWholeAndNobodyElseIsHarmed(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	window := desktoptest.OpenWindow(t, display, whole)
	window.Fill(whole, blue)
	r := newRoom(t, display, nil)
	first := r.open("ann", "s1")
	d1 := first.decoder()
	first.shows(d1, 10, 10, blue)
	first.settled(d1)

	second := r.open("ben", "s2")
	d2 := second.decoder()
	assert.Equal(t, 1, second.shows(d2, 310, 230, blue), "the first frame shows all")
	assert.EqualValues(t, 1, r.Streamer.picture.running.Load(), "both are served by one encoder")
	window.Fill(whole, green)
	first.shows(d1, 310, 230, green)
	second.shows(d2, 310, 230, green)
}

func TestEncodersRunOnlyWhileSomebodyReceives(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	r := newRoom(t, display, nil)
	ann, ben := r.open("ann", "s1", codec.H264), r.open("ben", "s2", codec.VP8)
	ann.decoder().decode(ann.next())
	ben.decoder().decode(ben.next())
	assert.EqualValues(t, 2, r.Streamer.picture.running.Load())
	assert.Equal(t, 2, r.Viewers())
	r.Stop("ann", "s1")
	r.until(func() bool { return r.Viewers() == 1 })
	assert.EqualValues(t, 1, r.Streamer.picture.running.Load())
	r.Left("ben")
	r.until(func() bool { return r.Viewers() == 0 })
	assert.EqualValues(t, 0, r.Streamer.picture.running.Load())
}

// until waits for a condition that Changed tells of.
func (r *room) until(condition func() bool) {
	r.t.Helper()
	require.Eventually(r.t, condition, patience, 5e6)
}

func TestThePictureComesBackWithTheXServer(t *testing.T) {
	server := desktoptest.StartServer(t, 320, 240)
	display := make(chan string, 1)
	display <- server.Display
	r := newRoom(t, "", func(cfg *Config) {
		cfg.Display = func() string {
			d := <-display
			display <- d
			return d
		}
	})
	p := r.open("ann", "s1")
	d := p.decoder()
	d.decode(p.next())
	server.Kill()
	r.until(func() bool { return len(r.Problems()) > 0 })
	<-display
	again := desktoptest.StartXvfb(t, 640, 480)
	window := desktoptest.OpenWindow(t, again, image.Rect(0, 0, 640, 480))
	window.Fill(image.Rect(0, 0, 640, 480), green)
	display <- again
	p.shows(d, 600, 400, green)
	r.until(func() bool { return len(r.Problems()) == 0 })
}

func TestTheSessionAgainIsAnICERestart(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	window := desktoptest.OpenWindow(t, display, whole)
	r := newRoom(t, display, nil)
	p := r.open("ann", "s1")
	d := p.decoder()
	d.decode(p.next())
	r.Request("ann", "s1", nil)
	r.until(func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.offers) == 2
	})
	assert.Equal(t, 1, r.Viewers())
	window.Fill(whole, green)
	p.shows(d, 10, 10, green)
}

func TestOneEncoderMakesTheBestProfileThatAllHave(t *testing.T) {
	r, _, _ := painted(t)
	profile := func() (got codec.Profile) {
		answer := make(chan codec.Profile)
		r.Streamer.picture.do(t.Context(), func() {
			l := r.Streamer.picture.layers[layerKey{kind: codec.H264}]
			if l == nil {
				answer <- ""
				return
			}
			answer <- l.profile
		})
		return <-answer
	}
	ann := r.open("ann", "s1")
	d := ann.decoder()
	d.decode(ann.next())
	assert.Equal(t, codec.ProfileMain, profile())
	r.plain = true
	ben := r.open("ben", "s2")
	other := ben.decoder()
	other.decode(ben.next())
	assert.Equal(t, codec.ProfileBaseline, profile())
	assert.EqualValues(t, 1, r.Streamer.picture.running.Load())
	r.Stop("ben", "s2")
	r.until(func() bool { return r.Viewers() == 1 })
	encoded := r.Streamer.picture.encoded.Load()
	r.until(func() bool { return r.Streamer.picture.encoded.Load() > encoded+3 })
	assert.Equal(t, codec.ProfileBaseline, profile(), "nobody who stays gets a keyframe for that")
	ann.pli(<-ann.track)
	r.until(func() bool { return profile() == codec.ProfileMain })
	for range 5 {
		d.decode(ann.next())
	}
	for len(ann.frames) > 0 {
		d.decode(ann.next())
	}
}
