package desktop

import "errors"

const (
	// MaxScroll is the largest number of clicks in one call of Scroll, in each direction.
	MaxScroll = 64
	// MaxHeldKeys is how many keys can be down at once.
	MaxHeldKeys = 64
)

// Input moves the pointer and presses buttons and keys by the XTEST extension. It is safe for use by many goroutines, and what
// it sends is flushed at once, without waiting for the server.
type Input struct{}

// NewInput connects to a display. Caps Lock and Num Lock are switched off, and stay so (see Key).
// Errors: ErrNoServer, ErrNoExtension.
func NewInput(display string) (*Input, error) { return nil, errors.ErrUnsupported }

// Move puts the pointer at a pixel of the screen; the server clamps it to the screen's edges.
func (in *Input) Move(x, y int) error { return errors.ErrUnsupported }

// Button presses or releases a pointer button, 1 to 9 (1 left, 2 middle, 3 right, 4 to 7 wheel, 8 back, 9 forward).
// A press of a held button and a release of a free one do nothing.
func (in *Input) Button(button int, down bool) error { return errors.ErrUnsupported }

// Scroll turns the wheel by clicks: dx to the right (button 7; negative: left, 6), dy down (5; negative: up, 4).
func (in *Input) Scroll(dx, dy int) error { return errors.ErrUnsupported }

// Key presses or releases the key of an X keysym (keysymdef.h; 0x01000000 + code point for any Unicode character), whatever
// the server's keyboard layout.
//
// A keysym says what the person's own keyboard produced. Where the server's layout has it under other modifiers than those
// held, Shift, AltGr and group are corrected for as long as this key is the last one pressed, so that its repeats are right
// too. Letters while Control, Alt or Super is held keep the modifiers as they are: shortcuts are what was pressed. What the
// layout lacks is bound to a spare keycode. Caps_Lock and Num_Lock are accepted and ignored: keysyms come with the locks of
// the person's own keyboard already applied.
//
// A held key repeats by the server; a second press of it does nothing. A release frees the keycode that the press took, and
// a release of a keysym that is not held frees the key held for its other case, or does nothing.
func (in *Input) Key(keysym uint32, down bool) error { return errors.ErrUnsupported }

// ReleaseAll lets go of every key and button, also of those that the server believes to be held by anyone else. It asks the
// server, and returns when it is done there.
func (in *Input) ReleaseAll() error { return errors.ErrUnsupported }

// Held tells which keysyms and buttons are down now, each in ascending order.
func (in *Input) Held() (keys []uint32, buttons []int) { return nil, nil }

// Close releases all, gives back the spare keycodes, and disconnects.
func (in *Input) Close() error { return errors.ErrUnsupported }
