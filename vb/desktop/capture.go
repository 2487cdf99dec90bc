package desktop

/*
#include <stdlib.h>
#include "x11.h"
*/
import "C"

import (
	"context"
	"fmt"
	"image"
	"sync/atomic"
	"time"
	"unsafe"
)

// Frame is the screen as it was at At. It belongs to its Capturer and is valid until the next Grab or Close.
type Frame struct {
	Pix           []byte            // the whole screen: B, G, R and an unused byte for each pixel, rows Stride bytes apart
	Stride        int               // bytes from a row to the next
	Width, Height int               // in pixels; change when the screen is resized
	Damage        []image.Rectangle // what may differ from the frame before, at most MaxDamage; all of it at first and after a resize; empty: nothing
	At            time.Time         // just before copying began: the picture shows nothing older
}

// Capturer copies the root window by MIT-SHM, and only what the DAMAGE extension reports as changed. The cursor is not part
// of the picture. One goroutine calls Wait and Grab; Size and Close are free to all.
type Capturer struct {
	x     *connection
	c     *C.capture
	frame Frame

	changed bool // something to grab, as told by the server
	stale   bool // the whole screen is to be copied: at first, after a resize, after a failure
	resized bool
	copies  []image.Rectangle // reused
	size    atomic.Uint64     // width << 32 | height
}

// NewCapturer connects to a display. Errors: ErrNoServer, ErrNoExtension, ErrPixelFormat.
func NewCapturer(display string) (*Capturer, error) {
	x, err := open(display)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	c := &Capturer{x: x, c: (*C.capture)(C.calloc(1, C.sizeof_capture)), changed: true, stale: true}
	err = x.do("capture", func() error { return captureError(C.capture_start(c.c, x.c)) })
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	c.measure()
	return c, nil
}

func captureError(status C.int) error {
	switch status {
	case C.CAPTURE_OK:
		return nil
	case C.CAPTURE_NO_SHM:
		return fmt.Errorf("%w: MIT-SHM (the X server must share our memory: same machine, same IPC namespace)", ErrNoExtension)
	case C.CAPTURE_NO_DAMAGE:
		return fmt.Errorf("%w: DAMAGE", ErrNoExtension)
	case C.CAPTURE_NO_XFIXES:
		return fmt.Errorf("%w: XFIXES 2", ErrNoExtension)
	case C.CAPTURE_NO_RANDR:
		return fmt.Errorf("%w: RANDR", ErrNoExtension)
	case C.CAPTURE_FORMAT:
		return ErrPixelFormat
	case C.CAPTURE_MEMORY:
		return ErrSharedMemory
	}
	return ErrProtocol
}

// measure takes over the segment after it was made or made anew.
func (c *Capturer) measure() {
	f := &c.frame
	f.Width, f.Height, f.Stride = int(c.c.width), int(c.c.height), int(c.c.image.bytes_per_line)
	f.Pix = unsafe.Slice((*byte)(unsafe.Pointer(c.c.image.data)), f.Stride*f.Height)
	c.size.Store(uint64(f.Width)<<32 | uint64(f.Height))
}

// Wait blocks until something on the screen has changed since the last Grab, the first time not at all. It costs nothing
// meanwhile, also on the server, which tells of the first change only. Errors: the context's, ErrServerGone, ErrClosed.
func (c *Capturer) Wait(ctx context.Context) error {
	return c.x.wait(ctx, "wait for a change of the screen", func() bool {
		c.events()
		return c.changed
	})
}

func (c *Capturer) events() {
	seen := C.capture_events(c.c)
	if seen&C.CAPTURE_RESIZED != 0 {
		c.resized = true
	}
	if seen != 0 {
		c.changed = true
	}
}

// Grab copies what has changed since the last Grab and returns the whole screen; it never waits for a change.
// Errors: ErrServerGone, ErrClosed, ErrProtocol.
func (c *Capturer) Grab() (*Frame, error) {
	err := c.x.do("grab the screen", func() error {
		c.events()
		// A resize between our asking for the size and copying makes the server refuse; its event has come by then.
		for attempt := 0; ; attempt++ {
			err := c.grab()
			if err == nil || attempt == 3 || c.x.gone() {
				return err
			}
			c.resized, c.stale = true, true
			_ = c.x.takeError()
		}
	})
	if err != nil {
		return nil, err
	}
	return &c.frame, nil
}

func (c *Capturer) grab() error {
	f := &c.frame
	f.Damage = f.Damage[:0]
	if c.resized {
		f.Pix = nil // the segment may go
		if err := captureError(C.capture_resize(c.c)); err != nil {
			return err
		}
		c.measure()
		c.resized, c.stale = false, true
	}
	f.At = time.Now()
	if !c.changed && !c.stale {
		return nil
	}
	screen := image.Rect(0, 0, f.Width, f.Height)
	var n C.int
	list := C.capture_subtract(c.c, &n)
	if list != nil {
		for _, r := range unsafe.Slice(list, int(n)) {
			part := image.Rect(int(r.x), int(r.y), int(r.x)+int(r.width), int(r.y)+int(r.height)).Intersect(screen)
			if !part.Empty() && !c.stale {
				f.Damage = addRectangle(f.Damage, part, MaxDamage, damageSlack)
			}
		}
		C.XFree(unsafe.Pointer(list))
	}
	if c.stale {
		f.Damage = append(f.Damage, screen)
	}
	c.copies = c.copies[:0]
	for _, r := range f.Damage {
		c.copies = addRectangle(c.copies, r, MaxDamage, copySlack)
	}
	for _, r := range c.copies {
		if C.capture_copy(c.c, C.int(r.Min.X), C.int(r.Min.Y), C.int(r.Dx()), C.int(r.Dy())) == 0 {
			return fmt.Errorf("%w: copy %v", ErrProtocol, r)
		}
	}
	c.changed, c.stale = false, false
	// What came while we copied, sorted by the server's serial into old news and new.
	c.events()
	return nil
}

// Size is the screen's size in pixels as of the last Grab.
func (c *Capturer) Size() (width, height int) {
	size := c.size.Load()
	return int(size >> 32), int(size & 0xffffffff)
}

// Close ends a Wait in progress and frees connection and memory: no Frame may be read after.
func (c *Capturer) Close() error {
	return c.x.close(func(bool) {
		if c.c.c != nil {
			C.capture_stop(c.c)
		}
		C.free(unsafe.Pointer(c.c))
		c.c, c.frame.Pix = nil, nil
	})
}
