package desktop_test

import (
	"errors"
	"image"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/vb/desktop"
	"turtus/vb/desktop/desktoptest"
)

// Keysyms of keysymdef.h.
const (
	shiftL, shiftR, controlL, altL, superL = 0xffe1, 0xffe2, 0xffe3, 0xffe9, 0xffeb

	altR, level3, capsLock, numLock = 0xffea, 0xfe03, 0xffe5, 0xff7f
	tab, leftTab, enter, left       = 0xff09, 0xfe20, 0xff0d, 0xff51
	kp7, kpHome, deadAcute          = 0xffb7, 0xff95, 0xfe51

	shiftMask, lockMask, controlMask, altMask, superMask = 1, 2, 4, 8, 64
)

// desk is a display with an Input and a program that has the keyboard.
type desk struct {
	t      *testing.T
	in     *desktop.Input
	window *desktoptest.Window
}

// newDesk has a server whose keys don't repeat: on a busy machine a tap may take as long as it takes them to begin.
func newDesk(t *testing.T, layout ...string) *desk {
	t.Helper()
	return newDeskOn(t, desktoptest.StartServer(t, 320, 200, "-r").Display, layout...)
}

func newDeskOn(t *testing.T, display string, layout ...string) *desk {
	t.Helper()
	if len(layout) > 0 {
		desktoptest.SetLayout(t, display, layout...)
	}
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 320, 200))
	return &desk{t: t, in: newInput(t, display), window: window}
}

func (d *desk) down(keysyms ...uint32) {
	d.t.Helper()
	for _, keysym := range keysyms {
		require.NoError(d.t, d.in.Key(keysym, true))
	}
}

func (d *desk) up(keysyms ...uint32) {
	d.t.Helper()
	for _, keysym := range keysyms {
		require.NoError(d.t, d.in.Key(keysym, false))
	}
}

func (d *desk) tap(keysym uint32) {
	d.t.Helper()
	d.down(keysym)
	d.up(keysym)
}

// types taps keysyms and then Return, while the program reads, and returns the text that it got.
func (d *desk) types(keysyms []uint32) (text string) {
	d.t.Helper()
	end := make(chan error, 1)
	go func() {
		for _, keysym := range append(keysyms, enter) {
			if err := errors.Join(d.in.Key(keysym, true), d.in.Key(keysym, false)); err != nil {
				end <- err
				return
			}
		}
		end <- nil
	}()
	defer func() { require.NoError(d.t, <-end) }()
	return d.line()
}

// read returns the text that the program got up to a Return, which it presses.
func (d *desk) read() string {
	d.t.Helper()
	d.tap(enter)
	return d.line()
}

func (d *desk) line() (text string) {
	d.t.Helper()
	for {
		e := d.window.Next()
		if e.Kind == desktoptest.KeyPress && e.Keysym == enter {
			require.Equal(d.t, desktoptest.KeyRelease, d.window.Next().Kind)
			return text
		}
		text += e.Text
	}
}

// pressed returns the next key press that is not a modifier's.
func (d *desk) pressed() desktoptest.Event {
	d.t.Helper()
	for {
		e := d.window.Next()
		if e.Kind == desktoptest.KeyPress && (e.Keysym < shiftL || e.Keysym > 0xffee) && e.Keysym != level3 {
			return e
		}
	}
}

// state is the server's after all that was sent to it.
func (d *desk) state() (codes []int, pointer image.Point, state uint) {
	d.t.Helper()
	require.NoError(d.t, desktop.Sync(d.in))
	return d.window.Down()
}

func (d *desk) requireNothingDown() {
	d.t.Helper()
	codes, _, state := d.state()
	require.Empty(d.t, codes)
	require.Zero(d.t, state)
	keys, buttons := d.in.Held()
	require.Empty(d.t, keys)
	require.Empty(d.t, buttons)
}

func keysyms(text string) (all []uint32) {
	for _, char := range text {
		if char < 0x100 {
			all = append(all, uint32(char))
		} else {
			all = append(all, 0x01000000+uint32(char))
		}
	}
	return all
}
