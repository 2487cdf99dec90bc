package desktop

/*
#include <stdlib.h>
#include "x11.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
	"unsafe"
)

// MaxClipboard is the longest text in bytes that a Clipboard hands over, either way.
const MaxClipboard = C.CLIPBOARD_MAX

// copyTimeout is how long a program may take to hand over what it says was copied.
const copyTimeout = 5 * time.Second

// Clipboard is the display's selection CLIPBOARD, as text: it tells what programs copy, and is what they paste. Run serves
// and must be running; the other methods may be called from any goroutine meanwhile.
type Clipboard struct {
	x       *connection
	b       *C.clipboard // guarded by x
	timeout time.Duration
}

// NewClipboard connects to a display. Errors: ErrNoServer, ErrNoExtension.
func NewClipboard(display string) (*Clipboard, error) {
	x, err := open(display)
	if err != nil {
		return nil, fmt.Errorf("clipboard: %w", err)
	}
	b := &Clipboard{x: x, b: (*C.clipboard)(C.calloc(1, C.sizeof_clipboard)), timeout: copyTimeout}
	err = x.do("clipboard", func() error {
		if C.clipboard_start(b.b, x.c) == 0 {
			return fmt.Errorf("%w: XFIXES", ErrNoExtension)
		}
		return nil
	})
	if err != nil {
		_ = b.Close()
		return nil, err
	}
	return b, nil
}

// Run gives programs the text that was Set, and tells what they copy from now on. What is longer than MaxClipboard, is no
// text, or is not handed over in time is not told; when much is copied at once, the newest is. copied must not call the
// Clipboard, which is locked meanwhile. Errors: the context's, ErrServerGone, ErrClosed.
func (b *Clipboard) Run(ctx context.Context, copied func(text string)) error {
	var deadline time.Time // of the transfer in progress; zero: there is none
	var asked C.uint
	for {
		wait, cancel := ctx, func() {}
		if !deadline.IsZero() {
			wait, cancel = context.WithDeadline(ctx, deadline)
		}
		err := b.x.wait(wait, "serve the clipboard", func() bool {
			C.clipboard_events(b.b)
			if b.b.complete != 0 {
				b.b.complete = 0
				text := C.GoStringN(&b.b.got[0], b.b.got_length)
				if utf8.ValidString(text) {
					copied(text)
				}
			}
			switch {
			case b.b.state == C.CLIPBOARD_IDLE && !deadline.IsZero():
				deadline = time.Time{}
				return true
			case b.b.state != C.CLIPBOARD_IDLE && b.b.asked != asked:
				asked, deadline = b.b.asked, time.Now().Add(b.timeout)
				return true
			}
			return false
		})
		cancel()
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			deadline = time.Time{}
			err = b.x.do("give up a copy", func() error {
				C.clipboard_abandon(b.b)
				return nil
			})
		}
		if err != nil {
			return err
		}
	}
}

// Set makes a text what programs paste. When it returns, a key pressed after finds it so. A text that is longer than
// MaxClipboard is ErrClipboard.
func (b *Clipboard) Set(text string) error {
	if len(text) > MaxClipboard {
		return fmt.Errorf("%w: %d bytes", ErrClipboard, len(text))
	}
	defer b.x.interrupt() // while we waited for the server, Run's events came to us
	return b.x.do("set the clipboard", func() error {
		data := C.CString(text)
		defer C.free(unsafe.Pointer(data))
		if C.clipboard_own(b.b, data, C.int(len(text))) == 0 && !b.x.gone() {
			return fmt.Errorf("%w: another program keeps the clipboard", ErrProtocol)
		}
		return nil
	})
}

// Forget takes back what was Set, and leaves untold what was copied before.
func (b *Clipboard) Forget() error {
	defer b.x.interrupt()
	return b.x.do("forget the clipboard", func() error {
		b.skip()
		C.clipboard_disown(b.b)
		return nil
	})
}

// Skip leaves untold what was copied before.
func (b *Clipboard) Skip() error {
	defer b.x.interrupt()
	return b.x.do("skip what was copied", func() error {
		b.skip()
		return nil
	})
}

func (b *Clipboard) skip() {
	C.connection_sync(b.x.c)
	C.clipboard_events(b.b)
	C.clipboard_abandon(b.b)
}

// Close ends a Run in progress and disconnects; what was Set is lost.
func (b *Clipboard) Close() error {
	return b.x.close(func(bool) {
		C.free(unsafe.Pointer(b.b))
		b.b = nil
	})
}
