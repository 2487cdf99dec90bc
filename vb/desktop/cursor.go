package desktop

/*
#include "x11.h"
*/
import "C"

import (
	"context"
	"fmt"
	"unsafe"
)

// CursorImage is a picture of the pointer. The hot spot is the pixel that points, from the top left corner.
type CursorImage struct {
	Serial        uint64 // the server's number for this image; the same number, the same image
	Width, Height int
	HotX, HotY    int
	RGBA          []byte // 4 bytes a pixel, colour not premultiplied by alpha (as an HTML canvas wants it); rows without gaps
}

// CursorWatcher tells each change of the cursor's image, by the XFIXES extension. One goroutine calls Next.
type CursorWatcher struct {
	x     *connection
	event C.int
	begun bool
	last  uint64
}

// NewCursorWatcher connects to a display. Errors: ErrNoServer, ErrNoExtension.
func NewCursorWatcher(display string) (*CursorWatcher, error) {
	x, err := open(display)
	if err != nil {
		return nil, fmt.Errorf("watch the cursor: %w", err)
	}
	w := &CursorWatcher{x: x}
	err = x.do("watch the cursor", func() error {
		if C.cursor_start(x.c, &w.event) == 0 {
			return fmt.Errorf("%w: XFIXES", ErrNoExtension)
		}
		return nil
	})
	if err != nil {
		_ = w.Close()
		return nil, err
	}
	return w, nil
}

// Next returns the present cursor at the first call, and waits for another one after that. Several changes since the last
// call are one: the newest. Errors: the context's, ErrServerGone, ErrClosed.
func (w *CursorWatcher) Next(ctx context.Context) (CursorImage, error) {
	var cursor CursorImage
	err := w.x.wait(ctx, "wait for a cursor", func() bool {
		if C.cursor_events(w.x.c, w.event) == 0 && w.begun {
			return false
		}
		if w.x.gone() {
			return false
		}
		answer := C.XFixesGetCursorImage(w.x.c.display)
		if answer == nil {
			return false
		}
		defer C.XFree(unsafe.Pointer(answer))
		serial := uint64(answer.cursor_serial)
		if w.begun && serial == w.last {
			return false
		}
		w.begun, w.last = true, serial
		cursor = CursorImage{
			Serial: serial,
			Width:  int(answer.width), Height: int(answer.height),
			HotX: int(answer.xhot), HotY: int(answer.yhot),
		}
		cursor.RGBA = straighten(unsafe.Slice((*uint64)(unsafe.Pointer(answer.pixels)), cursor.Width*cursor.Height))
		return true
	})
	return cursor, err
}

// straighten turns pixels of premultiplied ARGB, one in each C long, into bytes of RGBA with colours at full strength.
func straighten(pixels []uint64) []byte {
	out := make([]byte, 0, 4*len(pixels))
	for _, p := range pixels {
		a := p >> 24 & 0xff
		if a == 0 {
			out = append(out, 0, 0, 0, 0)
			continue
		}
		full := func(v uint64) byte { return byte(min((v&0xff*255+a/2)/a, 255)) }
		out = append(out, full(p>>16), full(p>>8), full(p), byte(a))
	}
	return out
}

// Close ends a Next in progress and disconnects.
func (w *CursorWatcher) Close() error { return w.x.close(nil) }
