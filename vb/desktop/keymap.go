package desktop

import (
	"math/bits"
)

// modifiers are the eight real ones of X (Shift, Lock, Control, Mod1 to Mod5), as a set.
type modifiers uint8

const (
	modShift   modifiers = 1
	modControl modifiers = 4
)

// way is one way to a keysym: the keycode, while exactly mods of the modifiers in mask are on, in a group of groups.
type way struct {
	code          uint8
	group, groups uint8
	mods, mask    modifiers
}

// layout is the server's keyboard: what each keycode gives under which modifiers.
type layout struct {
	ways map[uint32][]way // by canonical keysym
	sets [256]modifiers   // what a keycode turns on while it is down

	level3, numLock, shortcut modifiers // AltGr; Num Lock; Alt, Control, Super and the like
}

// addWay is called for keycodes in ascending order.
func (l *layout) addWay(keysym uint32, w way) {
	keysym = canonical(keysym)
	l.ways[keysym] = append(l.ways[keysym], w)
}

// nameModifiers finds out what the modifiers mean, once all ways and sets are there.
func (l *layout) nameModifiers(locks *[256]modifiers) {
	of := func(keysym uint32, table *[256]modifiers) (found modifiers) {
		for _, w := range l.ways[keysym] {
			if w.mods == 0 {
				found |= table[w.code]
			}
		}
		return found
	}
	l.level3 = of(ksISOLevel3Shift, &l.sets)
	l.numLock = of(ksNumLock, locks)
	l.shortcut = modControl
	for keysym := uint32(ksMetaL); keysym <= ksHyperR; keysym++ {
		l.shortcut |= of(keysym, &l.sets)
	}
	l.shortcut &^= modShift | l.level3
}

// step is what it takes to type a keysym in a given state.
type step struct {
	code    uint8
	add     modifiers // to be switched on meanwhile
	remove  modifiers // held, to be let go of meanwhile
	group   uint8     // to be in this group meanwhile
	inGroup bool      // is already
}

// find looks for the best way to a keysym while the modifiers in held are down. See Input.Key for the rules.
func (l *layout) find(keysym uint32, held modifiers, group uint8) (step, bool) {
	keysym = canonical(keysym)
	ways := l.ways[keysym]
	other, letter := otherCase(keysym)
	correct := textual(keysym)
	altGr := l.level3 != 0 && held&l.level3 != 0
	if letter && held&l.shortcut != 0 && !altGr {
		correct = false
		if len(ways) == 0 {
			ways = l.ways[other]
		}
	}
	best, cost := step{}, -1
	for _, w := range ways {
		s := step{code: w.code, group: w.group, inGroup: w.groups <= 1 || group%w.groups == w.group}
		s.add, s.remove = w.mods&^held, held&w.mask&^w.mods
		if correct && altGr {
			// Windows says Control and Alt for AltGr; what it made is text.
			s.remove |= held & l.shortcut &^ w.mods
		}
		price := l.price(s)
		if !correct {
			s.add, s.remove = 0, 0
		}
		if cost < 0 || price < cost {
			best, cost = s, price
		}
	}
	return best, cost >= 0
}

// price prefers what a program sees least of: nothing; a modifier more; a key let go and pressed again; another group.
func (l *layout) price(s step) int {
	price := 16 * bits.OnesCount8(uint8(s.remove))
	for _, m := range []struct {
		mask  modifiers
		price int
	}{{l.numLock, 1}, {modShift, 2}, {l.level3, 3}, {^(l.numLock | modShift | l.level3), 8}} {
		price += m.price * bits.OnesCount8(uint8(s.add&m.mask))
	}
	if !s.inGroup {
		price += 64
	}
	return price
}
