package desktop

/*
#include "x11.h"
*/
import "C"

import (
	"slices"
	"time"
	"unsafe"
)

// A program looks a key press up in the map that the server has when the program comes to it, not in the one that was there
// when the key was pressed. A keycode used since must therefore not be bound anew before the program has come to it. X does
// not tell, but a program that answers pings (_NET_WM_PING: all of GTK and Qt) answers in the order of its events.
const (
	// barrierTimeout is how long an answer is waited for.
	barrierTimeout = time.Second
	// rebindAfter is how long a keycode keeps its symbol where nobody can be asked.
	rebindAfter = 150 * time.Millisecond
)

// spares are the keycodes to which the server's layout gives no meaning, and what we gave them instead: to each the symbol
// used longest ago is the first to go.
type spares struct {
	list []spare    // least recently used first
	ours [256]uint8 // 1 for the keycodes in list, for C
}

type spare struct {
	code   uint8
	keysym uint32 // 0 for none
	used   time.Time
}

// keep takes over a new map: of the keycodes we bound those still bound, and all that are free.
func (s *spares) keep(ours, free *[256]bool) {
	s.list = slices.DeleteFunc(s.list, func(one spare) bool { return !ours[one.code] })
	fresh := s.list
	s.list = nil
	s.ours = [256]uint8{}
	for code := range 256 {
		if free[code] {
			s.list = append(s.list, spare{code: uint8(code)})
		}
	}
	s.list = append(s.list, fresh...)
	for _, one := range s.list {
		s.ours[one.code] = 1
	}
}

// bound tells whether a keycode is one that we gave this keysym.
func (s *spares) bound(code uint8, keysym uint32) bool {
	return slices.ContainsFunc(s.list, func(one spare) bool { return one.code == code && one.keysym == keysym && keysym != 0 })
}

// find returns the keycode bound to a keysym.
func (s *spares) find(keysym uint32) (uint8, bool) {
	i := slices.IndexFunc(s.list, func(one spare) bool { return one.keysym == keysym })
	if i < 0 {
		return 0, false
	}
	return s.list[i].code, true
}

// take gives a keysym the keycode that was used longest ago and is not held, and says when that was.
func (s *spares) take(keysym uint32, held func(code uint8) bool) (code uint8, used time.Time, ok bool) {
	for i := range s.list {
		if !held(s.list[i].code) {
			s.list[i].keysym = keysym
			return s.list[i].code, s.list[i].used, true
		}
	}
	return 0, time.Time{}, false
}

// used notes that a keycode was pressed or released now.
func (s *spares) used(code uint8) {
	i := slices.IndexFunc(s.list, func(one spare) bool { return one.code == code })
	if i < 0 {
		return
	}
	one := s.list[i]
	one.used = time.Now()
	s.list = append(slices.Delete(s.list, i, i+1), one)
}

// clear forgets all symbols and returns the keycodes that had one.
func (s *spares) clear() (codes []uint8) {
	for i := range s.list {
		if s.list[i].keysym != 0 {
			codes = append(codes, s.list[i].code)
			s.list[i].keysym = 0
		}
	}
	return codes
}

// bind finds or makes a keycode for a keysym that the layout lacks. Every program hears of the new map before it hears of the
// key, as both come from here in this order. It waits, and input with it, only when more different keysyms of that kind come
// than there are spare keycodes (some twenty) before the program has come to the first of them.
func (in *Input) bind(keysym uint32) (uint8, error) {
	keysym = canonical(keysym)
	code, is := in.spares.find(keysym)
	if !is {
		var used time.Time
		code, used, is = in.spares.take(keysym, func(code uint8) bool { return in.owner[code] != 0 })
		if !is {
			return 0, ErrTooManyKeys
		}
		if used.After(in.seen) {
			in.awaitProgram(used)
		}
		if in.x.gone() {
			return 0, ErrServerGone
		}
		C.keyboard_bind(in.k, C.int(code), C.uint32_t(keysym))
	}
	in.spares.used(code)
	return code, nil
}

// awaitProgram returns when the program that has the focus has presumably seen what happened until then.
func (in *Input) awaitProgram(then time.Time) {
	now := time.Now()
	ours := (*C.uint8_t)(unsafe.Pointer(&in.spares.ours[0]))
	if C.keyboard_barrier(in.k, ours, C.int(in.barrierTimeout.Milliseconds())) == C.BARRIER_NOBODY {
		time.Sleep(time.Until(then.Add(rebindAfter)))
		in.seen = then
		return
	}
	in.seen = now // also when it hangs: it is asked once for all that it has missed
}
