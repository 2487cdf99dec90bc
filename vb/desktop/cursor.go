package desktop

import (
	"context"
	"errors"
)

// CursorImage is a picture of the pointer. The hot spot is the pixel that points, from the top left corner.
type CursorImage struct {
	Serial        uint64 // the server's number for this image; the same number, the same image
	Width, Height int
	HotX, HotY    int
	RGBA          []byte // 4 bytes a pixel, colour not premultiplied by alpha (as an HTML canvas wants it); rows without gaps
}

// CursorWatcher tells each change of the cursor's image, by the XFIXES extension. One goroutine calls Next.
type CursorWatcher struct{}

// NewCursorWatcher connects to a display. Errors: ErrNoServer, ErrNoExtension.
func NewCursorWatcher(display string) (*CursorWatcher, error) { return nil, errors.ErrUnsupported }

// Next returns the present cursor at the first call, and waits for another one after that. Several changes since the last
// call are one: the newest. Errors: the context's, ErrServerGone, ErrClosed.
func (w *CursorWatcher) Next(ctx context.Context) (CursorImage, error) {
	return CursorImage{}, errors.ErrUnsupported
}

// Position asks the server where the pointer is; also while a Next waits.
func (w *CursorWatcher) Position() (x, y int, err error) { return 0, 0, errors.ErrUnsupported }

// Close ends a Next in progress and disconnects.
func (w *CursorWatcher) Close() error { return errors.ErrUnsupported }
