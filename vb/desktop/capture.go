package desktop

import (
	"context"
	"errors"
	"image"
	"time"
)

// Frame is the screen as it was at At. It belongs to its Capturer and is valid until the next Grab or Close.
type Frame struct {
	Pix           []byte            // the whole screen: B, G, R and an unused byte for each pixel, rows Stride bytes apart
	Stride        int               // bytes from a row to the next
	Width, Height int               // in pixels; change when the screen is resized
	Damage        []image.Rectangle // what may differ from the frame before, at most MaxDamage; all of it at first and after a resize; empty: nothing
	At            time.Time         // just before copying began: the picture shows nothing older
}

// MaxDamage is the largest number of rectangles a Frame reports; more are merged.
const MaxDamage = 16

// Capturer copies the root window by MIT-SHM, and only what the DAMAGE extension reports as changed. The cursor is not part
// of the picture. One goroutine calls Wait and Grab; Size and Close are free to all.
type Capturer struct{}

// NewCapturer connects to a display. Errors: ErrNoServer, ErrNoExtension, ErrPixelFormat.
func NewCapturer(display string) (*Capturer, error) { return nil, errors.ErrUnsupported }

// Wait blocks until something on the screen has changed since the last Grab, the first time not at all. It costs nothing
// meanwhile, also on the server, which tells of the first change only. Errors: the context's, ErrServerGone, ErrClosed.
func (c *Capturer) Wait(ctx context.Context) error { return errors.ErrUnsupported }

// Grab copies what has changed since the last Grab and returns the whole screen; it never waits for a change.
// Errors: ErrServerGone, ErrClosed, ErrProtocol.
func (c *Capturer) Grab() (*Frame, error) { return nil, errors.ErrUnsupported }

// Size is the screen's size in pixels as of the last Wait or Grab.
func (c *Capturer) Size() (width, height int) { return 0, 0 }

// Close ends a Wait in progress and frees connection and memory: no Frame may be read after.
func (c *Capturer) Close() error { return errors.ErrUnsupported }
