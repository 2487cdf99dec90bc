package stream

import (
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/vb/codec"
	"turtus/vb/desktop"
	"turtus/vb/desktop/desktoptest"
)

// screen passes over events until the page is told of this one.
func (p *page) screen(want wire.ScreenEvent) {
	p.t.Helper()
	for {
		told, err := wire.Decode[wire.ScreenEvent](p.event(wire.EventScreen))
		require.NoError(p.t, err)
		if told == want {
			return
		}
	}
}

func TestViewersStayWhileTheScreenChanges(t *testing.T) {
	display := desktoptest.StartXvfb(t, 640, 480)
	require.NoError(t, desktop.Resize(display, 320, 240))
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 640, 480))
	window.Fill(image.Rect(0, 0, 640, 480), red)
	r := newRoom(t, display, nil)
	ann, ben := r.open("ann", "s1", codec.H264), r.open("ben", "s2", codec.VP8)
	decoders := map[*page]*decoder{ann: ann.decoder(), ben: ben.decoder()}
	for p, d := range decoders {
		p.shows(d, 310, 230, red)
	}
	r.give(1, ann, ben)
	colour := green
	for i, size := range []image.Point{{640, 480}, {212, 120}, {320, 240}} {
		require.NoError(t, desktop.Resize(display, size.X, size.Y))
		rate := 20 + 10*i
		require.NoError(t, r.SetScreen(size.X, size.Y, rate))
		ann.send(wire.Input{Op: wire.InputButton, Epoch: 1, Button: 1, Down: true, X: 65535, Y: 65535})
		press := until(window, desktoptest.ButtonPress)
		assert.Equal(t, size.Sub(image.Pt(1, 1)), image.Pt(press.X, press.Y), "the corner is the new one at once")
		ann.send(wire.Input{Op: wire.InputButton, Epoch: 1, Button: 1})
		window.Fill(image.Rectangle{Max: size}, colour)
		for p, d := range decoders {
			p.screen(wire.ScreenEvent{Width: size.X, Height: size.Y, FrameRate: rate})
			for {
				f := d.decode(p.next())
				if f.Width == size.X && f.Height == size.Y && near(f.At(size.X-4, size.Y-4), colour) {
					break
				}
			}
		}
		colour.R, colour.B = 200-colour.R, 200-colour.B
	}
	assert.Equal(t, 2, r.Viewers())
	assert.Len(t, ann.offers, 1, "nothing was negotiated anew")
}

func TestAScreenThatStaysAsItWasIsToldAgain(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	window := desktoptest.OpenWindow(t, display, whole)
	window.Fill(whole, red)
	r := newRoom(t, display, nil)
	p := r.open("ann", "s1")
	p.shows(p.decoder(), 10, 10, red)
	require.NoError(t, r.SetScreen(640, 480, 30))
	p.screen(wire.ScreenEvent{Width: 640, Height: 480, FrameRate: 30})
	window.Fill(whole, green)
	p.screen(wire.ScreenEvent{Width: 320, Height: 240, FrameRate: 30})
	width, height := r.Streamer.picture.Size()
	assert.Equal(t, image.Pt(320, 240), image.Pt(width, height), "where pages point is on what they see")
}

func TestAnotherFrameRateBeginsWithAKeyframeOfTheStillScreen(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	window := desktoptest.OpenWindow(t, display, whole)
	window.Fill(whole, red)
	r := newRoom(t, display, nil)
	p := r.open("ann", "s1")
	d := p.decoder()
	p.shows(d, 10, 10, red)
	p.settled(d)
	require.NoError(t, r.SetScreen(320, 240, 60))
	f := d.decode(p.next())
	assert.True(t, f.key)
	assert.True(t, near(f.At(10, 10), red))
	p.screen(wire.ScreenEvent{Width: 320, Height: 240, FrameRate: 60})
	p.settled(d)
	require.NoError(t, r.SetScreen(320, 240, 60), "told again")
	window.Fill(whole, green)
	assert.False(t, d.decode(p.next()).key, "changes nothing")
}

func TestAScreenThatCannotBeIsRefused(t *testing.T) {
	r := newRoom(t, desktoptest.StartXvfb(t, 320, 240), nil)
	for _, s := range [][3]int{{0, 240, 30}, {320, 1 << 20, 30}, {320, 240, 0}, {320, 240, 1000}} {
		assert.ErrorIs(t, r.SetScreen(s[0], s[1], s[2]), ErrConfig)
	}
}
