package stream

import (
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/vb/codec"
	"turtus/vb/desktop/desktoptest"
	"turtus/vb/link"
)

// This file tests who receives which layer.

var vga = image.Rect(0, 0, 640, 480)

// paint has small rectangles of many colours come and go, which no encoder can make little of, until the test ends or
// the returned function is called.
func paint(t testing.TB, window *desktoptest.Window, in image.Rectangle) (stop func()) {
	over, done := make(chan struct{}), make(chan struct{})
	stop = func() {
		select {
		case <-over:
		default:
			close(over)
		}
		<-done
	}
	t.Cleanup(stop)
	go func() {
		defer close(done)
		random := rand.New(rand.NewPCG(1, 2))
		ticker := time.NewTicker(time.Second / 30)
		defer ticker.Stop()
		for {
			select {
			case <-over:
				return
			case <-ticker.C:
			}
			for range 120 {
				at := image.Pt(in.Min.X+random.IntN(in.Dx()), in.Min.Y+random.IntN(in.Dy()))
				part := image.Rectangle{Min: at, Max: at.Add(image.Pt(8+random.IntN(16), 8+random.IntN(16)))}.Intersect(in)
				window.Fill(part, color.RGBA{uint8(random.Uint32()), uint8(random.Uint32()), uint8(random.Uint32()), 255})
			}
		}
	}()
	return stop
}

// painted is a room that shows a painted screen of 640 by 480.
func painted(t testing.TB) (*room, *desktoptest.Window, func()) {
	display := desktoptest.StartXvfb(t, vga.Dx(), vga.Dy())
	window := desktoptest.OpenWindow(t, display, vga)
	r := newRoom(t, display, func(cfg *Config) { cfg.Width, cfg.Height = vga.Dx(), vga.Dy() })
	return r, window, paint(t, window, vga)
}

// width decodes all that comes until pictures have a width, and returns how many that took.
func (p *page) width(d *decoder, want int) int {
	p.t.Helper()
	deadline := time.Now().Add(2 * patience)
	for n := 1; ; n++ {
		f := d.decode(p.next())
		if f.Width == want {
			return n
		}
		require.True(p.t, time.Now().Before(deadline), "pictures stay %d wide", f.Width)
	}
}

func TestAViewerByHandGetsTheSmallPictureAndBack(t *testing.T) {
	for _, kind := range []codec.VideoKind{codec.H264, codec.VP8} {
		t.Run(string(kind), func(t *testing.T) {
			r, _, _ := painted(t)
			ann, ben := r.open("ann", "s1", kind), r.open("ben", "s2", kind)
			d, other := ann.decoder(), ben.decoder()
			ann.width(d, 640)
			ben.width(other, 640)
			r.Prefer("ann", "s1", wire.QualityLow, false)
			ann.width(d, 320)
			assert.EqualValues(t, 2, r.Streamer.picture.running.Load())
			r.Prefer("ann", "s1", wire.QualityHigh, false)
			ann.width(d, 640)
			r.until(func() bool { return r.Streamer.picture.running.Load() == 1 })
			for len(ben.frames) > 0 {
				assert.Equal(t, 640, other.decode(ben.next()).Width, "nobody else's picture changes")
			}
		})
	}
}

func TestTheSmallPictureIsWholeOnAStillScreen(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	window := desktoptest.OpenWindow(t, display, whole)
	window.Fill(whole, blue)
	r := newRoom(t, display, nil)
	p := r.open("ann", "s1")
	d := p.decoder()
	p.shows(d, 310, 230, blue)
	r.Prefer("ann", "s1", wire.QualityLow, false)
	p.width(d, 160)
	p.shows(d, 150, 110, blue)
	window.Fill(image.Rect(0, 0, 160, 240), green)
	p.shows(d, 20, 60, green)
	assert.True(t, near(d.decode(p.next()).At(150, 60), blue), "what did not change stays")
}

func TestAHiddenPageGetsNoPictureAndAKeyframeOnReturn(t *testing.T) {
	for name, away := range map[string]func(r *room){
		"hidden":     func(r *room) { r.Prefer("ann", "s1", wire.QualityAuto, true) },
		"only sound": func(r *room) { r.Prefer("ann", "s1", wire.QualitySound, false) },
	} {
		t.Run(name, func(t *testing.T) {
			r, _, _ := painted(t)
			p := r.open("ann", "s1")
			d := p.decoder()
			d.decode(p.next())
			away(r)
			r.until(func() bool { return r.Streamer.picture.running.Load() == 0 })
			encodedBefore := r.Streamer.picture.encoded.Load()
			s := r.viewer("ann", "s1").sender
			r.until(func() bool { // what was under way has arrived
				frames, _ := s.video.sent()
				return s.layer.Load() == wire.LayerNone && int(frames) == p.received()
			})
			for len(p.frames) > 0 {
				d.decode(p.next())
			}
			assert.Equal(t, encodedBefore, r.Streamer.picture.encoded.Load(), "nothing was encoded meanwhile")
			r.Prefer("ann", "s1", wire.QualityAuto, false)
			f := d.decode(p.next())
			assert.True(t, f.key)
		})
	}
}

func TestANarrowLinkGetsTheSmallPictureAndNobodyElseIsHarmed(t *testing.T) {
	r, _, _ := painted(t)
	r.narrow = &link.Config{Delay: 10 * time.Millisecond}
	ann := r.open("ann", "s1")
	r.narrow = nil
	ben := r.open("ben", "s2")
	d, other := ann.decoder(), ben.decoder()
	ann.width(d, 640)
	ben.width(other, 640)
	require.NoError(t, ann.link().SetDown(link.Conditions{Delay: 10 * time.Millisecond, Rate: 600_000}))
	ann.width(d, 320)
	require.NoError(t, ann.link().SetDown(link.Conditions{Delay: 10 * time.Millisecond}))
	ann.width(d, 640)
	for len(ben.frames) > 0 {
		assert.Equal(t, 640, other.decode(ben.next()).Width, "nobody else's picture changes")
	}
	assert.Zero(t, r.viewer("ben", "s2").sender.counters.dropped.Load())
}

func TestWhoeverWatchesAloneKeepsTheWholePictureOnAMiddlingLink(t *testing.T) {
	r, _, _ := painted(t)
	r.narrow = &link.Config{Delay: 10 * time.Millisecond, Rate: 900_000}
	p := r.open("ann", "s1")
	d := p.decoder()
	v := r.viewer("ann", "s1")
	caps := func() (cap int) {
		answer := make(chan int)
		r.Streamer.picture.do(v.ctx, func() {
			l := r.Streamer.picture.layers[layerKey{kind: codec.H264}]
			if l == nil {
				answer <- 0
				return
			}
			answer <- l.bitrate
		})
		return <-answer
	}
	for deadline := time.Now().Add(patience); ; {
		f := d.decode(p.next())
		if cap := caps(); f.Width == 640 && cap > 0 && cap <= 900_000 {
			break
		}
		require.True(t, time.Now().Before(deadline), "the cap follows: %d", caps())
	}
}

func TestNoTimerRunsForWhoeverSeesNoPicture(t *testing.T) {
	c := newClock(time.Now())
	p := newPicture(Config{FrameRate: 30, Width: 320, Height: 240}, c, newHealth(func() {}), newMetrics(), func(int, int) {})
	s := newSender(&track{clock: c}, &track{clock: c}, func([]rtcp.Packet) error { return nil })
	m := &member{sender: s, kind: codec.H264, low: true, wish: wish{quality: wire.QualityAuto}}
	m.climb.reset()
	p.members[s] = m
	p.place(m)
	p.adapt(time.Now())
	assert.False(t, p.adaptAt.IsZero(), "it waits for better")
	for _, w := range []wish{{wire.QualityAuto, true}, {wire.QualitySound, false}, {wire.QualityLow, false}} {
		m.wish = w
		p.place(m)
		p.adapt(time.Now())
		assert.Zero(t, p.adaptAt, w)
	}
}

func TestKeyframesForManyAreRarer(t *testing.T) {
	now := time.Now()
	for receivers, wait := range map[int]time.Duration{1: keyframeGap, 30: keyframeGap, 31: 31 * keyframeEach, 200: time.Second} {
		l := layer{receivers: receivers, wantKey: true, lastKey: now}
		assert.Equal(t, wait, l.keyWait(now), receivers)
		assert.False(t, l.keyDue(now.Add(wait-time.Nanosecond)), receivers)
		assert.True(t, l.keyDue(now.Add(wait)), receivers)
	}
}

func TestAKeyframeSaysLittleOfWhatALayerTakes(t *testing.T) {
	l := layer{bitrate: 4_000_000}
	assert.Equal(t, 75_000, l.weight(&frame{bytes: 200_000, key: true}))
	assert.Equal(t, 30_000, l.weight(&frame{bytes: 30_000, key: true}))
	assert.Equal(t, 200_000, l.weight(&frame{bytes: 200_000}))
}

func TestNobodyGetsTheSmallPictureForAGuess(t *testing.T) {
	for _, met := range []bool{false, true} {
		c := newClock(time.Now())
		p := newPicture(Config{FrameRate: 30, Width: 320, Height: 240}, c, newHealth(func() {}), newMetrics(), func(int, int) {})
		s := newSender(&track{clock: c}, &track{clock: c}, func([]rtcp.Packet) error { return nil })
		s.video.agreed.Store(&agreement{transport: 1})
		s.network.last.Met = met
		m := &member{sender: s, kind: codec.H264, wish: wish{quality: wire.QualityAuto}}
		m.climb.reset()
		p.members[s] = m
		p.place(m)
		now := time.Now()
		high := p.layers[layerKey{kind: codec.H264}]
		high.throughput.add(now, 1_000_000)
		high.best = 10_000_000
		assert.False(t, p.choose(m, now))
		assert.Equal(t, met, p.choose(m, now.Add(sinkAfter)), "3 Mbit/s, which is less than it takes: measured %v", met)
	}
}
