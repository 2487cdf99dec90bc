package desktop

/*
#include <stdlib.h>
#include "x11.h"
*/
import "C"

import (
	"fmt"
	"math"
	"slices"
	"time"
	"unsafe"
)

const (
	// MaxScroll is the largest number of clicks in one call of Scroll, in each direction.
	MaxScroll = 400
	// MaxHeldKeys is how many keys can be down at once.
	MaxHeldKeys = 64
)

// Input moves the pointer and presses buttons and keys by the XTEST extension. It is safe for use by many goroutines, and what
// it sends is flushed at once, without waiting for the server.
type Input struct {
	x *connection
	k *C.keyboard // guarded by x, as is all below

	buttons    [maxButton + 1]bool
	layout     layout
	spares     spares
	seen       time.Time          // the program with the focus has seen all that was sent before
	held       map[uint32]heldKey // by canonical keysym
	owner      [256]uint32        // the canonical keysym that holds a keycode, 0 for none
	correction correction
	last       uint8 // the keycode that correction was made for

	barrierTimeout time.Duration
}

const maxButton = 9

type heldKey struct {
	keysym uint32 // as it was given
	code   uint8  // 0: the layout has no such modifier
}

// correction is how the server's modifiers differ for a while from those that the person holds.
type correction struct {
	add      modifiers // locked
	released []uint8   // keycodes of modifiers let go of, in ascending order
	grouped  bool      // another group is locked
	group    uint8
	before   uint8 // the group to return to
}

// NewInput connects to a display. Caps Lock and Num Lock are switched off, and stay so (see Key).
// Errors: ErrNoServer, ErrNoExtension.
func NewInput(display string) (*Input, error) {
	x, err := open(display)
	if err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	in := &Input{x: x, k: (*C.keyboard)(C.calloc(1, C.sizeof_keyboard)), held: map[uint32]heldKey{}, barrierTimeout: barrierTimeout}
	err = x.do("input", func() error {
		switch C.keyboard_start(in.k, x.c) {
		case C.KEYBOARD_NO_XTEST:
			return fmt.Errorf("%w: XTEST", ErrNoExtension)
		case C.KEYBOARD_NO_XKB:
			return fmt.Errorf("%w: XKEYBOARD", ErrNoExtension)
		}
		if err := in.load(); err != nil {
			return err
		}
		C.keyboard_lock(in.k, 0xff, 0)
		C.connection_sync(x.c)
		return nil
	})
	if err != nil {
		_ = in.Close()
		return nil, err
	}
	return in, nil
}

// load asks the server for its keyboard map.
func (in *Input) load() error {
	var m C.keymap
	if C.keyboard_load(in.k, &m) == 0 {
		return fmt.Errorf("%w: keyboard map", ErrProtocol)
	}
	defer C.free(unsafe.Pointer(m.entries))
	in.layout = layout{ways: map[uint32][]way{}}
	var locks [256]modifiers
	var ours, spare [256]bool
	for code := range 256 {
		in.layout.sets[code], locks[code] = modifiers(m.sets[code]), modifiers(m.locks[code])
		spare[code] = m.spare[code] != 0
	}
	for _, e := range unsafe.Slice(m.entries, int(m.count)) {
		code := uint8(e.code)
		if in.spares.bound(code, uint32(e.keysym)) {
			ours[code] = true
			continue
		}
		in.layout.addWay(uint32(e.keysym), way{
			code: code, group: uint8(e.group), groups: uint8(e.groups), mods: modifiers(e.mods), mask: modifiers(e.mask),
		})
	}
	in.layout.nameModifiers(&locks)
	in.spares.keep(&ours, &spare)
	return nil
}

// events hears what the server said of itself, without waiting.
func (in *Input) events() error {
	changed := C.keyboard_events(in.k, (*C.uint8_t)(unsafe.Pointer(&in.spares.ours[0])))
	if in.x.gone() {
		return ErrServerGone
	}
	if changed != 0 {
		if err := in.load(); err != nil {
			return err
		}
		if in.x.gone() {
			return ErrServerGone
		}
	}
	if modifiers(in.k.locked)&^in.correction.add != 0 {
		C.keyboard_lock(in.k, 0xff, C.int(in.correction.add))
	}
	return nil
}

// send runs f and flushes what it asked for.
func (in *Input) send(what string, f func() error) error {
	return in.x.do(what, func() error {
		err := f()
		if !in.x.gone() {
			C.XFlush(in.x.c.display)
		}
		return err
	})
}

// Move puts the pointer at a pixel of the screen; the server clamps it to the screen's edges.
func (in *Input) Move(x, y int) error {
	return in.send("move the pointer", func() error {
		C.XTestFakeMotionEvent(in.x.c.display, -1, coordinate(x), coordinate(y), C.CurrentTime)
		return nil
	})
}

func coordinate(v int) C.int { return C.int(max(0, min(v, math.MaxInt16))) }

// Button presses or releases a pointer button, 1 to 9 (1 left, 2 middle, 3 right, 4 to 7 wheel, 8 back, 9 forward).
// A press of a held button and a release of a free one do nothing.
func (in *Input) Button(button int, down bool) error {
	if button < 1 || button > maxButton {
		return fmt.Errorf("%w: %d", ErrBadButton, button)
	}
	return in.send("press a button", func() error {
		if in.buttons[button] != down {
			in.restore()
			in.fakeButton(button, down)
			in.buttons[button] = down
		}
		return nil
	})
}

// Scroll turns the wheel by clicks: dx to the right (button 7; negative: left, 6), dy down (5; negative: up, 4).
func (in *Input) Scroll(dx, dy int) error {
	if dx < -MaxScroll || dx > MaxScroll || dy < -MaxScroll || dy > MaxScroll {
		return fmt.Errorf("%w: %d, %d", ErrBadScroll, dx, dy)
	}
	return in.send("scroll", func() error {
		in.restore()
		in.turn(dy, 4, 5)
		in.turn(dx, 6, 7)
		return nil
	})
}

func (in *Input) turn(clicks, negative, positive int) {
	button := positive
	if clicks < 0 {
		button, clicks = negative, -clicks
	}
	for range clicks {
		in.fakeButton(button, true)
		in.fakeButton(button, false)
	}
}

// Key presses or releases the key of an X keysym (keysymdef.h; 0x01000000 + code point for any Unicode character), whatever
// the server's keyboard layout.
//
// A keysym says what the person's own keyboard produced. Where the server's layout has it under other modifiers than those
// held, Shift, AltGr and group are corrected until the key is released or another one needs something else, so that its
// repeats are right too. Letters while Control, Alt or Super is held keep the modifiers as they are: shortcuts are what was
// pressed. While AltGr (ISO_Level3_Shift) is held too, Control and Alt do not count: Windows says so for AltGr. What the
// layout lacks is bound to a spare keycode. Caps_Lock, Shift_Lock and Num_Lock are accepted and ignored: keysyms come with
// the locks of the person's own keyboard already applied.
//
// A held key repeats by the server; a second press of it does nothing. A release frees the keycode that the press took. A
// release of a keysym that is not held frees the key that is held for its other case or its other level (Shift let go of
// before the letter), or does nothing.
func (in *Input) Key(keysym uint32, down bool) error {
	if !validKeysym(keysym) {
		return fmt.Errorf("%w: %#x", ErrBadKeysym, keysym)
	}
	if ignored(keysym) {
		return nil
	}
	return in.send("press a key", func() error {
		if err := in.events(); err != nil {
			return err
		}
		if down {
			return in.press(keysym)
		}
		in.release(keysym)
		return nil
	})
}

func (in *Input) press(keysym uint32) error {
	name := canonical(keysym)
	if _, is := in.held[name]; is {
		return nil
	}
	if len(in.held) >= MaxHeldKeys {
		return ErrTooManyKeys
	}
	group := uint8(in.k.group)
	if in.correction.grouped {
		group = in.correction.before
	}
	s, found := in.layout.find(keysym, in.modifiers(), group)
	if other, is := alias(keysym); is && !found {
		s, found = in.layout.find(other, in.modifiers(), group)
	}
	if !found && modifier(keysym) {
		in.held[name] = heldKey{keysym, 0}
		return nil
	}
	if !found {
		code, err := in.bind(keysym)
		if err != nil {
			return err
		}
		s = step{code: code, inGroup: true}
		if held := in.modifiers(); held&in.layout.level3 != 0 {
			s.remove = held & in.layout.shortcut
		}
	}
	if in.owner[s.code] != 0 {
		in.drop(in.owner[s.code])
	}
	in.correct(s, group)
	in.fakeKey(s.code, true)
	in.held[name] = heldKey{keysym, s.code}
	in.owner[s.code], in.last = name, s.code
	return nil
}

func (in *Input) release(keysym uint32) {
	name := canonical(keysym)
	if _, is := in.held[name]; is {
		in.drop(name)
		return
	}
	if other, is := otherCase(keysym); is {
		if _, is := in.held[other]; is {
			in.drop(other)
			return
		}
	}
	for _, w := range in.layout.ways[name] {
		if in.owner[w.code] != 0 {
			in.drop(in.owner[w.code])
			return
		}
	}
}

// drop lets go of a held key.
func (in *Input) drop(name uint32) {
	code := in.held[name].code
	delete(in.held, name)
	if code == 0 {
		return
	}
	in.owner[code] = 0
	in.spares.used(code)
	if i := slices.Index(in.correction.released, code); i >= 0 {
		in.correction.released = slices.Delete(in.correction.released, i, i+1) // is up already
	} else {
		in.fakeKey(code, false)
	}
	if code == in.last {
		in.restore()
	}
}

// modifiers are those that the person holds.
func (in *Input) modifiers() (held modifiers) {
	for _, key := range in.held {
		held |= in.layout.sets[key.code]
	}
	return held
}

// correct makes the server's modifiers what a step needs.
func (in *Input) correct(s step, group uint8) {
	want := correction{add: s.add, grouped: !s.inGroup}
	if want.grouped {
		want.group, want.before = s.group, group
	}
	for code, owner := range in.owner {
		if owner != 0 && in.layout.sets[code]&s.remove != 0 {
			want.released = append(want.released, uint8(code))
		}
	}
	now := &in.correction
	if want.add == now.add && want.grouped == now.grouped && want.group == now.group && slices.Equal(want.released, now.released) {
		return
	}
	in.restore()
	for _, code := range want.released {
		in.fakeKey(code, false)
	}
	if want.add != 0 {
		C.keyboard_lock(in.k, C.int(want.add), C.int(want.add))
	}
	if want.grouped {
		C.keyboard_lock_group(in.k, C.int(want.group))
	}
	in.correction = want
}

// restore gives the server the modifiers that the person holds.
func (in *Input) restore() {
	was := in.correction
	in.correction = correction{}
	if was.grouped {
		C.keyboard_lock_group(in.k, C.int(was.before))
	}
	if was.add != 0 {
		C.keyboard_lock(in.k, C.int(was.add), 0)
	}
	for _, code := range was.released {
		in.fakeKey(code, true)
	}
}

// ReleaseAll lets go of every key and button, also of those that the server believes to be held by anyone else. It asks the
// server, and returns when it is done there.
func (in *Input) ReleaseAll() error {
	return in.x.do("release all keys and buttons", in.releaseAll)
}

func (in *Input) releaseAll() error {
	in.correction.released = nil
	in.restore()
	for code, owner := range in.owner {
		if owner != 0 {
			in.fakeKey(uint8(code), false)
			in.spares.used(uint8(code))
		}
	}
	in.owner = [256]uint32{}
	clear(in.held)
	for button := range in.buttons {
		if in.buttons[button] {
			in.fakeButton(button, false)
		}
	}
	in.buttons = [maxButton + 1]bool{}

	var codes [32]byte
	var state C.uint
	if C.keyboard_down(in.k, (*C.uint8_t)(unsafe.Pointer(&codes[0])), &state) != 0 && !in.x.gone() {
		for code := range 256 {
			if codes[code/8]>>(code%8)&1 != 0 {
				in.fakeKey(uint8(code), false)
			}
		}
		for button := 1; button <= 5; button++ { // the state has no more
			if state>>(7+button)&1 != 0 {
				in.fakeButton(button, false)
			}
		}
	}
	if in.x.gone() {
		return ErrServerGone
	}
	C.keyboard_lock(in.k, 0xff, 0)
	C.connection_sync(in.x.c)
	return nil
}

// Modified tells whether a modifier is held that gives a click of the wheel another meaning: anything but AltGr.
func (in *Input) Modified() bool {
	in.x.mu.Lock()
	defer in.x.mu.Unlock()
	return in.modifiers()&^in.layout.level3 != 0
}

// Held tells which keysyms and buttons are down now, each in ascending order.
func (in *Input) Held() (keys []uint32, buttons []int) {
	in.x.mu.Lock()
	defer in.x.mu.Unlock()
	for _, key := range in.held {
		keys = append(keys, key.keysym)
	}
	slices.Sort(keys)
	for button, down := range in.buttons {
		if down {
			buttons = append(buttons, button)
		}
	}
	return keys, buttons
}

// Close releases all, gives back the spare keycodes, and disconnects.
func (in *Input) Close() error {
	return in.x.close(func(alive bool) {
		if alive && in.k.c != nil && in.releaseAll() == nil && !in.x.gone() {
			for _, code := range in.spares.clear() {
				C.keyboard_bind(in.k, C.int(code), 0)
			}
			C.connection_sync(in.x.c)
		}
		C.free(unsafe.Pointer(in.k))
		in.k = nil
	})
}

func (in *Input) fakeKey(code uint8, down bool) {
	C.XTestFakeKeyEvent(in.x.c.display, C.uint(code), boolean(down), C.CurrentTime)
}

func (in *Input) fakeButton(button int, down bool) {
	C.XTestFakeButtonEvent(in.x.c.display, C.uint(button), boolean(down), C.CurrentTime)
}

func boolean(b bool) C.int {
	if b {
		return 1
	}
	return 0
}
