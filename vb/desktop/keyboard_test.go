package desktop_test

import (
	"fmt"
	"image"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/vb/desktop"
	"turtus/vb/desktop/desktoptest"
)

func TestEveryLayoutTypesWhatWasMeant(t *testing.T) {
	const text = `aZ09 !"#$%&'()*+,-./:;<=>?@[\]^_{|}~` + "`" + `äÖßéñÇ€жЖщієדاαΩ日本語한글😀→ł`
	for _, layout := range [][]string{{"us"}, {"de"}, {"fr"}, {"ru"}, {"us,ru"}, {"us", "-variant", "dvorak"}, {"jp"}, {"us", "-variant", "intl"}} {
		for _, with := range [][]uint32{nil, {shiftL}, {level3}, {level3, shiftR}, {controlL, level3}} {
			t.Run(fmt.Sprintf("%v with %x", layout, with), func(t *testing.T) {
				d := newDesk(t, layout...)
				d.down(with...)
				require.Equal(t, text, d.types(keysyms(text)))
				d.up(with...)
				d.requireNothingDown()
			})
		}
	}
}

func TestOlderKeysymsMeanTheSameAsUnicode(t *testing.T) {
	d := newDesk(t, "ru")
	d.tap(0x06d6)     // Cyrillic_zhe
	d.tap(0x01000436) // U0436
	d.tap(0x010000e4) // U00E4 for adiaeresis
	d.tap(0x20ac)     // EuroSign
	require.Equal(t, "жжä€", d.read())
}

func TestDeadKeysCompose(t *testing.T) {
	for _, layout := range []string{"us", "de"} { // one lacks the key, the other has it
		display := desktoptest.StartXvfb(t, 320, 200)
		desktoptest.SetLayout(t, display, layout)
		d := &desk{t: t, in: newInput(t, display)}
		d.tap(deadAcute) // so that Xlib, which composes, finds it in its first map
		require.NoError(t, desktop.Sync(d.in))
		d.window = desktoptest.OpenWindow(t, display, image.Rect(0, 0, 320, 200))
		d.tap(deadAcute)
		d.tap('e')
		require.Equal(t, "é", d.read())
	}
}

func TestModifiersAreAsHeldAfterACorrection(t *testing.T) {
	d := newDesk(t, "us")
	before, _, _ := d.window.Down()
	require.Empty(t, before)
	d.down(shiftL)
	held, _, state := d.state()
	require.Len(t, held, 1)
	require.EqualValues(t, shiftMask, state)
	d.tap('7') // the person's Shift+7 is another symbol, or their 7 needs Shift
	require.EqualValues(t, '7', d.pressed().Keysym)
	after, _, state := d.state()
	require.Equal(t, held, after)
	require.EqualValues(t, shiftMask, state)
	d.up(shiftL)
	d.tap('A') // without Shift: Caps Lock on the person's side
	e := d.pressed()
	require.EqualValues(t, 'A', e.Keysym)
	require.EqualValues(t, shiftMask, e.State)
	d.requireNothingDown()

	d.down('?')
	d.down(shiftL) // the correction ends when something else begins
	d.up('?')
	d.tap('a' - 32)
	require.EqualValues(t, '?', d.pressed().Keysym)
	require.EqualValues(t, 'A', d.pressed().Keysym)
	d.up(shiftL)
	d.requireNothingDown()

	d.down(shiftL)
	d.down('7')
	d.up(shiftL, '7') // let go of while it is let go of already
	d.requireNothingDown()
}

func TestAClickDuringACorrectionHasTheModifiersThatAreHeld(t *testing.T) {
	d := newDesk(t, "us")
	require.NoError(t, d.in.Move(20, 20))
	d.down('?')
	require.NoError(t, d.in.Button(1, true))
	for {
		if e := d.window.Next(); e.Kind == desktoptest.ButtonPress {
			require.Zero(t, e.State)
			break
		}
	}
}

func TestShortcutsReachProgramsAsPressed(t *testing.T) {
	for _, c := range []struct {
		name   string
		held   []uint32
		keysym uint32
		want   uint32
		state  uint
	}{
		{"Ctrl+a", []uint32{controlL}, 'a', 'a', controlMask},
		{"Ctrl+a with Caps Lock at home", []uint32{controlL}, 'A', 'a', controlMask},
		{"Ctrl+Shift+T", []uint32{controlL, shiftL}, 'T', 'T', controlMask | shiftMask},
		{"Ctrl+Shift+T as a page may say it", []uint32{controlL, shiftL}, 't', 'T', controlMask | shiftMask},
		{"Alt+Left", []uint32{altL}, left, left, altMask},
		{"Super+l", []uint32{superL}, 'l', 'l', superMask},
		{"Ctrl+plus", []uint32{controlL, shiftL}, '+', '+', controlMask | shiftMask},
		{"Shift+Tab", []uint32{shiftL}, tab, leftTab, shiftMask},
		{"Shift+Tab by its other name", []uint32{shiftL}, leftTab, leftTab, shiftMask},
		{"Shift+Left", []uint32{shiftL}, left, left, shiftMask},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			d.down(c.held...)
			d.tap(c.keysym)
			e := d.pressed()
			require.Equal(t, fmt.Sprintf("%x %x", c.want, c.state), fmt.Sprintf("%x %x", e.Keysym, e.State))
			d.up(c.held...)
			d.requireNothingDown()
		})
	}
}

func TestARightModifierThatTheLayoutLacksIsTheLeftOne(t *testing.T) {
	d := newDesk(t, "de") // has AltGr there
	d.down(altR)
	d.tap('x')
	e := d.pressed()
	require.EqualValues(t, 'x', e.Keysym)
	require.EqualValues(t, altMask, e.State)
	d.up(altR)
	d.requireNothingDown()
}

func TestLocksOfTheServerDoNotDouble(t *testing.T) {
	d := newDesk(t)
	d.tap(capsLock)
	d.tap(numLock)
	for _, keysym := range []uint32{'A', 'a', '1', kp7} {
		d.tap(keysym)
		require.Equal(t, keysym, d.pressed().Keysym)
	}
	d.tap(kpHome)
	require.EqualValues(t, kpHome, d.pressed().Keysym)
	d.requireNothingDown()
}

func TestALockThatSomebodyElseSetIsUndone(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 200)
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 320, 200))
	window.Lock(lockMask)
	d := &desk{t: t, in: newInput(t, display), window: window}
	d.tap('a')
	require.EqualValues(t, 'a', d.pressed().Keysym)
	window.Lock(lockMask)
	d.tap('b') // hears of it at the latest now
	d.tap('c')
	d.pressed()
	e := d.pressed()
	require.EqualValues(t, 'c', e.Keysym)
	require.Zero(t, e.State&lockMask)
}

func TestAHeldKeyRepeats(t *testing.T) {
	d := newDeskOn(t, desktoptest.StartXvfb(t, 320, 200))
	for _, keysym := range []uint32{'k', '?', 0x01000000 + 'ж'} { // plain, corrected, on a spare keycode
		d.down(keysym)
		first := d.pressed()
		d.down(keysym) // a page that sends its own repeats
		for range 3 {
			e := d.window.Next()
			require.Equal(t, desktoptest.KeyPress, e.Kind)
			require.Equal(t, first.Keysym, e.Keysym)
			require.Equal(t, first.Text, e.Text)
		}
		d.up(keysym)
		for d.window.Next().Kind != desktoptest.KeyRelease {
		}
		d.window.Quiet(100 * time.Millisecond)
	}
	d.requireNothingDown()
}

func TestAReleaseFindsItsKeyWhateverHappenedSince(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 200)
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 320, 200))
	d := &desk{t: t, in: newInput(t, display), window: window}
	d.down(shiftL, 'A')
	d.up(shiftL)
	d.up('a') // Shift went first: the page names the key anew
	d.requireNothingDown()
	d.down(shiftL, '!')
	d.up(shiftL)
	d.up('1')
	d.requireNothingDown()

	d.down('z', '@', 0x01000000+'ж')
	desktoptest.SetLayout(t, display, "de")
	d.up('z', '@', 0x01000000+'ж')
	d.requireNothingDown()
	d.tap('z')
	d.tap('@')
	d.tap(0x01000000 + 'ж')
	d.read()
	for _, keysym := range keysyms("yz@ж") {
		d.tap(keysym)
	}
	require.Equal(t, "yz@ж", d.read())
	d.up('q') // never pressed
	d.requireNothingDown()
}

func TestTwoKeysymsOfOneKeycodeDoNotStick(t *testing.T) {
	d := newDesk(t)
	d.down('a', 'A')
	d.up('a', 'A')
	d.requireNothingDown()
}

func TestMoreSymbolsThanSpareKeycodesComeOutRight(t *testing.T) {
	d := newDesk(t)
	var text string
	for char := rune(0x4e00); char < 0x4e00+120; char++ {
		text += string(char)
	}
	require.Equal(t, text, d.types(keysyms(text)))
}
