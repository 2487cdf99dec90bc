package desktoptest

/*
#include <stdlib.h>
#include "selection.h"
*/
import "C"

import (
	"testing"
	"unsafe"
)

// Selection is a program that copies and pastes by the selection CLIPBOARD. It is for one goroutine.
type Selection struct {
	t testing.TB
	s *C.selection
}

const patienceMS = C.int(patience / 1e6)

// OpenSelection connects a program to a display. It ends with the test, or by Die.
func OpenSelection(t testing.TB, display string) *Selection {
	t.Helper()
	name := C.CString(display)
	defer C.free(unsafe.Pointer(name))
	s := &Selection{t: t, s: C.selection_open(name)}
	if s.s == nil {
		t.Fatalf("cannot open display %q", display)
	}
	t.Cleanup(s.Die)
	return s
}

// Die ends the program, whatever it has promised.
func (s *Selection) Die() {
	if s.s != nil {
		C.selection_close(s.s)
		s.s = nil
	}
}

// Copy becomes the owner of the clipboard. What was copied is told by Answer, to each who asks.
func (s *Selection) Copy() {
	s.t.Helper()
	if C.selection_own(s.s) == 0 {
		s.t.Fatal("the program does not become the clipboard's owner")
	}
}

// Asked returns when somebody wants to paste.
func (s *Selection) Asked() {
	s.t.Helper()
	if C.selection_requested(s.s, patienceMS) == 0 {
		s.t.Fatal("nobody asks for what was copied")
	}
}

// Answer gives who Asked a text of a type, as "UTF8_STRING".
func (s *Selection) Answer(kind, text string) {
	name, data := C.CString(kind), C.CString(text)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(data))
	C.selection_answer(s.s, name, data, C.int(len(text)))
}

// AnswerInParts gives it by the type INCR, and tells whether it was taken to the end.
func (s *Selection) AnswerInParts(text string, size int) bool {
	data := C.CString(text)
	defer C.free(unsafe.Pointer(data))
	return C.selection_answer_incr(s.s, data, C.int(len(text)), C.int(size), patienceMS) != 0
}

// Abandoned returns when who Asked does not want it any more.
func (s *Selection) Abandoned() {
	s.t.Helper()
	if C.selection_abandoned(s.s, patienceMS) == 0 {
		s.t.Fatal("who asked for it still waits")
	}
}

// Lost returns when somebody else has copied something.
func (s *Selection) Lost() {
	s.t.Helper()
	if C.selection_lost(s.s, patienceMS) == 0 {
		s.t.Fatal("nobody else has become the clipboard's owner")
	}
}

// Paste asks for the clipboard as a target, as "UTF8_STRING"; false: there is nothing of the kind.
func (s *Selection) Paste(target string) ([]byte, bool) {
	s.t.Helper()
	name := C.CString(target)
	defer C.free(unsafe.Pointer(name))
	var data *C.uchar
	var bytes C.ulong
	switch C.selection_convert(s.s, name, &data, &bytes, patienceMS) {
	case 0:
		return nil, false
	case 1:
		defer C.XFree(unsafe.Pointer(data))
		return C.GoBytes(unsafe.Pointer(data), C.int(bytes)), true
	}
	s.t.Fatal("nobody answers a paste")
	return nil, false
}

// AskAndDie ends the program while it waits for what it pastes.
func (s *Selection) AskAndDie(target string) {
	name := C.CString(target)
	defer C.free(unsafe.Pointer(name))
	C.selection_ask(s.s, name)
	s.Die()
}
