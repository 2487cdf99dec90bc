package desktop

import "unicode"

//go:generate go run gen_keysyms.go

// Keysyms with a part in decisions (keysymdef.h).
const (
	unicodeKeysym = 0x01000000

	ksISOLevel3Shift = 0xfe03
	ksISOLeftTab     = 0xfe20
	ksTab            = 0xff09
	ksNumLock        = 0xff7f
	ksShiftL         = 0xffe1
	ksShiftLock      = 0xffe6
	ksCapsLock       = 0xffe5
	ksControlL       = 0xffe3
	ksMetaL          = 0xffe7
	ksAltL           = 0xffe9
	ksSuperL         = 0xffeb
	ksHyperR         = 0xffee
	ksVoidSymbol     = 0xffffff
)

// character is the one that a keysym types, if it is a character's.
func character(keysym uint32) (rune, bool) {
	switch {
	case keysym >= 0x20 && keysym <= 0x7e, keysym >= 0xa0 && keysym <= 0xff:
		return rune(keysym), true
	case keysym >= unicodeKeysym && keysym <= unicodeKeysym+unicode.MaxRune:
		return rune(keysym - unicodeKeysym), true
	}
	char, ok := legacyKeysyms[keysym]
	return char, ok
}

// canonical gives one name to keysyms that mean the same: Cyrillic_zhe and U0436, adiaeresis and U00E4.
func canonical(keysym uint32) uint32 {
	if char, ok := character(keysym); ok {
		return charKeysym(char)
	}
	return keysym
}

func charKeysym(char rune) uint32 {
	if char >= 0x20 && char <= 0x7e || char >= 0xa0 && char <= 0xff {
		return uint32(char)
	}
	return unicodeKeysym + uint32(char)
}

// validKeysym tells whether a key can carry it (X11 protocol: 29 bits).
func validKeysym(keysym uint32) bool {
	if keysym >= unicodeKeysym && keysym < unicodeKeysym+0x1000000 {
		char := rune(keysym - unicodeKeysym)
		return char >= 0x20 && char <= unicode.MaxRune && (char < 0xd800 || char > 0xdfff) && (char < 0x7f || char > 0x9f)
	}
	return keysym >= 0x20 && keysym < 1<<29 && keysym != ksVoidSymbol
}

// textual keysyms are text or a part of it (dead keys, the keypad's digits): what counts is what comes out. Of the others
// (Return, Left, F5) it counts which key it was: Shift+Tab is Tab with Shift.
func textual(keysym uint32) bool {
	_, is := character(keysym)
	return is || keysym >= 0xfe50 && keysym <= 0xfe93 || keysym >= 0xffaa && keysym <= 0xffbd || keysym == 0xff80
}

// otherCase is the other case of a letter.
func otherCase(keysym uint32) (uint32, bool) {
	char, ok := character(keysym)
	if !ok {
		return 0, false
	}
	if lower := unicode.ToLower(char); lower != char {
		return charKeysym(lower), true
	}
	if upper := unicode.ToUpper(char); upper != char {
		return charKeysym(upper), true
	}
	return 0, false
}

// modifier keysyms get no spare keycode: bound to one they would do nothing, or the wrong thing.
func modifier(keysym uint32) bool {
	return keysym >= ksShiftL && keysym <= ksHyperR || keysym >= 0xfe01 && keysym <= 0xfe13 || keysym == 0xff7e || keysym == ksNumLock
}

// ignored keysyms are locks: the person's own keyboard has applied them already.
func ignored(keysym uint32) bool {
	return keysym == ksCapsLock || keysym == ksShiftLock || keysym == ksNumLock
}

// alias is what to press where a layout lacks a key: the left one of a pair.
func alias(keysym uint32) (uint32, bool) {
	switch {
	case keysym == ksISOLeftTab:
		return ksTab, true
	case keysym == ksCapsLock || keysym == ksShiftLock:
		return 0, false
	case keysym > ksShiftL && keysym <= ksHyperR && keysym%2 == 0: // Shift_R, Control_R, Meta_R, Alt_R, Super_R, Hyper_R
		return keysym - 1, true
	}
	return 0, false
}
