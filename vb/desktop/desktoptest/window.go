package desktoptest

/*
#cgo LDFLAGS: -lX11
#include <stdlib.h>
#include "window.h"
*/
import "C"

import (
	"image"
	"image/color"
	"os/exec"
	"testing"
	"time"
	"unsafe"
)

// patience is how long Next waits for what must come.
const patience = 10 * time.Second

// Kind is what happened to a Window.
type Kind int

// The kinds of Event, as X numbers them.
const (
	KeyPress      Kind = C.KeyPress
	KeyRelease    Kind = C.KeyRelease
	ButtonPress   Kind = C.ButtonPress
	ButtonRelease Kind = C.ButtonRelease
	Motion        Kind = C.MotionNotify
)

// Event is what a program on the display got to see.
type Event struct {
	Kind   Kind
	Code   uint   // keycode or button; 0 for text that several keys made
	State  uint   // modifiers and buttons before the event
	Keysym uint32 // of a key, as GTK would see it
	Text   string // that a key press typed, or Xlib composed from dead keys
	X, Y   int    // in the window
}

// Window is a program with one window, which has the keyboard. It is for one goroutine.
type Window struct {
	t testing.TB
	w *C.window
}

// OpenWindow puts a black window on a display's screen and returns when it is shown and has the keyboard. It closes with the test.
func OpenWindow(t testing.TB, display string, at image.Rectangle) *Window {
	t.Helper()
	name := C.CString(display)
	defer C.free(unsafe.Pointer(name))
	w := C.window_open(name, C.int(at.Min.X), C.int(at.Min.Y), C.int(at.Dx()), C.int(at.Dy()))
	if w == nil {
		t.Fatalf("cannot open a window on display %q", display)
	}
	t.Cleanup(func() { C.window_close(w) })
	return &Window{t: t, w: w}
}

// Fill paints a rectangle of the window and returns when it is done.
func (w *Window) Fill(r image.Rectangle, c color.RGBA) {
	rgb := C.ulong(c.R)<<16 | C.ulong(c.G)<<8 | C.ulong(c.B)
	C.window_fill(w.w, rgb, C.int(r.Min.X), C.int(r.Min.Y), C.int(r.Dx()), C.int(r.Dy()))
}

// SetCursor gives the window one of the cursors of X's cursor font (X11/cursorfont.h).
func (w *Window) SetCursor(shape uint) { C.window_cursor(w.w, C.uint(shape)) }

// Next returns the next event; the test fails when none comes.
func (w *Window) Next() Event {
	w.t.Helper()
	event, ok := w.within(patience)
	if !ok {
		w.t.Fatal("the window got no event")
	}
	return event
}

// Quiet fails the test when an event comes within d.
func (w *Window) Quiet(d time.Duration) {
	w.t.Helper()
	if event, ok := w.within(d); ok {
		w.t.Fatalf("the window got an event that it should not: %+v", event)
	}
}

func (w *Window) within(d time.Duration) (Event, bool) {
	var e C.window_event
	if C.window_next(w.w, &e, C.int(d.Milliseconds())) == 0 {
		return Event{}, false
	}
	return Event{
		Kind: Kind(e._type), Code: uint(e.code), State: uint(e.state), Keysym: uint32(e.keysym), Text: C.GoString(&e.text[0]),
		X: int(e.x), Y: int(e.y),
	}, true
}

// Down asks the server which keycodes are down, where the pointer is, and which modifiers and buttons are on.
func (w *Window) Down() (codes []int, pointer image.Point, state uint) {
	var keys [32]C.char
	var x, y C.int
	mask := C.window_state(w.w, &keys[0], &x, &y)
	for code := range 256 {
		if keys[code/8]>>(code%8)&1 != 0 {
			codes = append(codes, code)
		}
	}
	return codes, image.Pt(int(x), int(y)), uint(mask)
}

// Lock locks modifiers (X numbers: 1 Shift, 2 Lock, ...) as Caps Lock does.
func (w *Window) Lock(modifiers uint) { C.window_lock(w.w, C.uint(modifiers)) }

// SetLayout gives a display a keyboard layout, as setxkbmap names it ("de", "us,ru", "fr").
func SetLayout(t testing.TB, display string, options ...string) {
	t.Helper()
	out, err := exec.Command("setxkbmap", append([]string{"-display", display}, options...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("setxkbmap (on Debian and Ubuntu: apt-get install x11-xkb-utils): %v: %s", err, out)
	}
}
