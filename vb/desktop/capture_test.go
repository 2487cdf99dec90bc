package desktop_test

import (
	"context"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/vb/desktop"
	"turtus/vb/desktop/desktoptest"
)

var (
	red   = color.RGBA{255, 0, 0, 255}
	green = color.RGBA{0, 255, 0, 255}
	teal  = color.RGBA{1, 128, 127, 255}
)

func at(f *desktop.Frame, x, y int) color.RGBA {
	p := f.Pix[y*f.Stride+4*x:]
	return color.RGBA{p[2], p[1], p[0], 255}
}

func grab(t *testing.T, c *desktop.Capturer) *desktop.Frame {
	t.Helper()
	f, err := c.Grab()
	require.NoError(t, err)
	return f
}

// still takes in what opening a window has left to report.
func still(t *testing.T, c *desktop.Capturer) {
	t.Helper()
	for len(grab(t, c).Damage) > 0 {
	}
}

func requireColour(t *testing.T, f *desktop.Frame, r image.Rectangle, want color.RGBA) {
	t.Helper()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if got := at(f, x, y); got != want {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, got, want)
			}
		}
	}
}

func TestTheFirstGrabIsTheWholeScreen(t *testing.T) {
	display := desktoptest.StartXvfb(t, 641, 479)
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 641, 479))
	window.Fill(image.Rect(0, 0, 641, 479), teal)
	c := newCapturer(t, display)
	require.NoError(t, c.Wait(soon(t)))
	f := grab(t, c)
	require.Equal(t, []image.Rectangle{image.Rect(0, 0, 641, 479)}, f.Damage)
	require.Equal(t, [2]int{641, 479}, [2]int{f.Width, f.Height})
	require.GreaterOrEqual(t, f.Stride, 4*641)
	require.WithinDuration(t, time.Now(), f.At, 5*time.Second)
	requireColour(t, f, f.Damage[0], teal)
	w, h := c.Size()
	require.Equal(t, [2]int{641, 479}, [2]int{w, h})
}

func TestAStillScreenKeepsWaitWaiting(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 200)
	desktoptest.OpenWindow(t, display, image.Rect(0, 0, 100, 100))
	c := newCapturer(t, display)
	still(t, c)
	require.ErrorIs(t, c.Wait(briefly(t)), context.DeadlineExceeded)
	require.Empty(t, grab(t, c).Damage)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.Wait(cancelled), context.Canceled)
}

func TestPaintWakesWaitAndDamageCoversItAndLittleMore(t *testing.T) {
	display := desktoptest.StartXvfb(t, 1280, 720)
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 1280, 720))
	c := newCapturer(t, display)
	still(t, c)
	for _, part := range []image.Rectangle{
		image.Rect(10, 20, 11, 21),       // one pixel
		image.Rect(100, 100, 300, 250),   // copied by us
		image.Rect(0, 300, 1000, 340),    // whole rows
		image.Rect(1270, 710, 1280, 720), // the corner
	} {
		woken := make(chan error)
		go func() { woken <- c.Wait(soon(t)) }()
		window.Fill(part, green)
		require.NoError(t, <-woken)
		f := grab(t, c)
		require.Equal(t, []image.Rectangle{part}, f.Damage)
		requireColour(t, f, part, green)
		window.Fill(part, red)
		require.NoError(t, c.Wait(soon(t)))
		requireColour(t, grab(t, c), part, red)
		require.ErrorIs(t, c.Wait(briefly(t)), context.DeadlineExceeded, "a change is told once")
	}
}

func TestTheBufferHoldsTheWholeScreenAfterAnyChanges(t *testing.T) {
	const width, height = 512, 384
	display := desktoptest.StartXvfb(t, width, height)
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, width, height))
	c := newCapturer(t, display)
	grab(t, c)
	random := rand.New(rand.NewPCG(1, 2))
	want := image.NewRGBA(image.Rect(0, 0, width, height))
	for range 40 {
		for range 1 + random.IntN(30) {
			x, y := random.IntN(width), random.IntN(height)
			part := image.Rect(x, y, min(width, x+1+random.IntN(120)), min(height, y+1+random.IntN(60)))
			colour := color.RGBA{uint8(random.Uint32()), uint8(random.Uint32()), uint8(random.Uint32()), 255}
			window.Fill(part, colour)
			for y := part.Min.Y; y < part.Max.Y; y++ {
				for x := part.Min.X; x < part.Max.X; x++ {
					want.SetRGBA(x, y, colour)
				}
			}
		}
		f := grab(t, c)
		require.LessOrEqual(t, len(f.Damage), desktop.MaxDamage)
		for y := range height {
			for x := range width {
				if x+y > 0 && at(f, x, y) != want.RGBAAt(x, y) && want.RGBAAt(x, y).A != 0 {
					t.Fatalf("pixel %d,%d is %v, want %v", x, y, at(f, x, y), want.RGBAAt(x, y))
				}
			}
		}
	}
}

func TestTheCursorIsNotInThePicture(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 200)
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 320, 200))
	window.Fill(image.Rect(0, 0, 320, 200), teal)
	window.SetCursor(68) // XC_left_ptr
	c, input := newCapturer(t, display), newInput(t, display)
	still(t, c)
	require.NoError(t, input.Move(150, 100))
	require.Equal(t, desktoptest.Motion, window.Next().Kind)
	require.ErrorIs(t, c.Wait(briefly(t)), context.DeadlineExceeded)
	requireColour(t, grab(t, newCapturer(t, display)), image.Rect(0, 0, 320, 200), teal)
}

func TestAResizeGivesAWholeFrameOfTheNewSize(t *testing.T) {
	display := desktoptest.StartXvfb(t, 1280, 720)
	c := newCapturer(t, display)
	still(t, c)
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 1280, 720))
	window.Fill(image.Rect(0, 0, 1280, 720), teal)
	for _, size := range []image.Point{{800, 600}, {1280, 720}, {641, 359}, {641, 359}, {1024, 700}} {
		still(t, c)
		before := image.Pt(c.Size())
		require.NoError(t, desktop.Resize(display, size.X, size.Y))
		if before != size {
			require.NoError(t, c.Wait(soon(t)))
		}
		f := grab(t, c)
		require.Equal(t, size, image.Pt(f.Width, f.Height))
		require.Equal(t, size, image.Pt(c.Size()))
		require.Len(t, f.Pix, f.Stride*f.Height)
		if before != size {
			require.Equal(t, []image.Rectangle{{Max: size}}, f.Damage)
		}
		still(t, c)
		part := image.Rect(size.X-50, size.Y-20, size.X, size.Y)
		window.Fill(part, red)
		require.NoError(t, c.Wait(soon(t)))
		f = grab(t, c)
		requireColour(t, f, part, red)
		window.Fill(part, teal)
	}
	require.ErrorIs(t, desktop.Resize(display, 1281, 720), desktop.ErrSize)
	require.ErrorIs(t, desktop.Resize(display, 0, 720), desktop.ErrSize)
	require.ErrorIs(t, desktop.Resize(display, 1<<20, 1<<20), desktop.ErrSize)
}

func TestTwoDisplaysDoNotMix(t *testing.T) {
	one, other := desktoptest.StartXvfb(t, 320, 200), desktoptest.StartXvfb(t, 320, 200)
	windowOne := desktoptest.OpenWindow(t, one, image.Rect(0, 0, 320, 200))
	windowOther := desktoptest.OpenWindow(t, other, image.Rect(0, 0, 320, 200))
	captureOne, captureOther := newCapturer(t, one), newCapturer(t, other)
	still(t, captureOne)
	still(t, captureOther)
	windowOne.Fill(image.Rect(0, 0, 10, 10), red)
	require.NoError(t, captureOne.Wait(soon(t)))
	require.ErrorIs(t, captureOther.Wait(briefly(t)), context.DeadlineExceeded)
	require.NoError(t, newInput(t, one).Key('a', true))
	require.Equal(t, "a", windowOne.Next().Text)
	windowOther.Quiet(100 * time.Millisecond)
}

func BenchmarkGrab(b *testing.B) {
	display := desktoptest.StartXvfb(b, 1280, 720)
	window := desktoptest.OpenWindow(b, display, image.Rect(0, 0, 1280, 720))
	c, err := desktop.NewCapturer(display)
	require.NoError(b, err)
	defer c.Close()
	for name, part := range map[string]image.Rectangle{
		"nothing": {}, "letter": image.Rect(10, 10, 20, 30), "paragraph": image.Rect(100, 100, 600, 300), "screen": image.Rect(0, 0, 1280, 720),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				if !part.Empty() {
					window.Fill(part, red)
				}
				b.StartTimer()
				if _, err := c.Grab(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
