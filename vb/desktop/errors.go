package desktop

import "errors"

// Errors of this package, to be told apart by errors.Is. They come wrapped with what was being done.
var (
	// ErrClosed: the Capturer, Input or CursorWatcher was closed.
	ErrClosed = errors.New("desktop: closed")
	// ErrNoServer: nothing answers under the display's name, or it refuses us (no or wrong cookie).
	ErrNoServer = errors.New("desktop: cannot connect to the X server")
	// ErrServerGone: the connection broke; the X server died. Open anew when it is back.
	ErrServerGone = errors.New("desktop: the X server is gone")
	// ErrNoExtension: the X server lacks an extension that is needed; the text names it.
	ErrNoExtension = errors.New("desktop: X extension missing")
	// ErrPixelFormat: the root window is not 32 bits a pixel in the byte order B, G, R, X (start Xvfb with a depth of 24).
	ErrPixelFormat = errors.New("desktop: unsupported pixel format")
	// ErrSharedMemory: the machine refuses a shared memory segment of the screen's size (kernel.shmmax, memory limit).
	ErrSharedMemory = errors.New("desktop: no shared memory")
	// ErrProtocol: the X server refused a request; the text has its error code.
	ErrProtocol = errors.New("desktop: X request failed")
	// ErrBadButton: a pointer button outside 1..9.
	ErrBadButton = errors.New("desktop: no such button")
	// ErrBadScroll: more clicks at once than MaxScroll.
	ErrBadScroll = errors.New("desktop: too many scroll clicks")
	// ErrBadKeysym: not a keysym that a key can carry (0, VoidSymbol, a Unicode keysym beyond U+10FFFF or of a surrogate).
	ErrBadKeysym = errors.New("desktop: no such keysym")
	// ErrTooManyKeys: more keys at once than MaxHeldKeys, or every spare keycode is held.
	ErrTooManyKeys = errors.New("desktop: too many keys held")
	// ErrClipboard: a text longer than MaxClipboard.
	ErrClipboard = errors.New("desktop: too much for the clipboard")
	// ErrSize: a screen size that this X server cannot take. Xvfb: nothing larger than it was started with.
	ErrSize = errors.New("desktop: screen size not possible")
)
