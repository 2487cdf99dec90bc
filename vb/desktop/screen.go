package desktop

import (
	"context"
	"errors"
)

// Ready waits until the X server of a display answers and lets us in. It returns the context's error when it ends before, and
// ErrNoServer at once when the server answers but refuses us.
func Ready(ctx context.Context, display string) error { return errors.ErrUnsupported }

// Resize sets the screen's size by RANDR; Capturers see it with their next Grab. Xvfb takes any size up to the one it was
// started with. Errors: ErrSize, ErrNoServer, ErrNoExtension, ErrProtocol.
func Resize(display string, width, height int) error { return errors.ErrUnsupported }
