package desktop_test

import (
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/vb/desktop"
	"turtus/vb/desktop/desktoptest"
)

// Keysyms of keysymdef.h.
const (
	shiftL, shiftR, controlL, altL, superL = 0xffe1, 0xffe2, 0xffe3, 0xffe9, 0xffeb

	altR, level3, capsLock, numLock = 0xffea, 0xfe03, 0xffe5, 0xff7f
	tab, leftTab, enter, left       = 0xff09, 0xfe20, 0xff0d, 0xff51
	kp7, kpHome, deadAcute          = 0xffb7, 0xff95, 0xfe51

	shiftMask, lockMask, controlMask, altMask, superMask = 1, 2, 4, 8, 64
)

// desk is a display with an Input and a program that has the keyboard.
type desk struct {
	t      *testing.T
	in     *desktop.Input
	window *desktoptest.Window
}

func newDesk(t *testing.T, layout ...string) *desk {
	t.Helper()
	display := desktoptest.StartXvfb(t, 320, 200)
	if len(layout) > 0 {
		desktoptest.SetLayout(t, display, layout...)
	}
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 320, 200))
	return &desk{t: t, in: newInput(t, display), window: window}
}

func (d *desk) down(keysyms ...uint32) {
	d.t.Helper()
	for _, keysym := range keysyms {
		require.NoError(d.t, d.in.Key(keysym, true))
	}
}

func (d *desk) up(keysyms ...uint32) {
	d.t.Helper()
	for _, keysym := range keysyms {
		require.NoError(d.t, d.in.Key(keysym, false))
	}
}

func (d *desk) tap(keysym uint32) {
	d.t.Helper()
	d.down(keysym)
	d.up(keysym)
}

// types taps keysyms and then Return, while the program reads, and returns the text that it got.
func (d *desk) types(keysyms []uint32) (text string) {
	d.t.Helper()
	end := make(chan error, 1)
	go func() {
		for _, keysym := range append(keysyms, enter) {
			if err := errors.Join(d.in.Key(keysym, true), d.in.Key(keysym, false)); err != nil {
				end <- err
				return
			}
		}
		end <- nil
	}()
	defer func() { require.NoError(d.t, <-end) }()
	return d.line()
}

// read returns the text that the program got up to a Return, which it presses.
func (d *desk) read() string {
	d.t.Helper()
	d.tap(enter)
	return d.line()
}

func (d *desk) line() (text string) {
	d.t.Helper()
	for {
		e := d.window.Next()
		if e.Kind == desktoptest.KeyPress && e.Keysym == enter {
			require.Equal(d.t, desktoptest.KeyRelease, d.window.Next().Kind)
			return text
		}
		text += e.Text
	}
}

// pressed returns the next key press that is not a modifier's.
func (d *desk) pressed() desktoptest.Event {
	d.t.Helper()
	for {
		e := d.window.Next()
		if e.Kind == desktoptest.KeyPress && (e.Keysym < shiftL || e.Keysym > 0xffee) && e.Keysym != level3 {
			return e
		}
	}
}

// state is the server's after all that was sent to it.
func (d *desk) state() (codes []int, pointer image.Point, state uint) {
	d.t.Helper()
	require.NoError(d.t, desktop.Sync(d.in))
	return d.window.Down()
}

func (d *desk) requireNothingDown() {
	d.t.Helper()
	codes, _, state := d.state()
	require.Empty(d.t, codes)
	require.Zero(d.t, state)
	keys, buttons := d.in.Held()
	require.Empty(d.t, keys)
	require.Empty(d.t, buttons)
}

func keysyms(text string) (all []uint32) {
	for _, char := range text {
		if char < 0x100 {
			all = append(all, uint32(char))
		} else {
			all = append(all, 0x01000000+uint32(char))
		}
	}
	return all
}

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
	d := newDesk(t)
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

func TestReleaseAllLeavesNothingHeld(t *testing.T) {
	d := newDesk(t, "de")
	d.down(shiftL, controlL, level3, 'a', '7', 0x01000000+0x1f600, left)
	for button := 1; button <= 9; button++ {
		require.NoError(t, d.in.Button(button, true))
	}
	keys, buttons := d.in.Held()
	require.Len(t, keys, 7)
	require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, buttons)
	require.NoError(t, d.in.ReleaseAll())
	d.requireNothingDown()
	require.NoError(t, d.in.ReleaseAll())
	d.requireNothingDown()
}

func TestReleaseAllFreesWhatAnotherLeftBehind(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 200)
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 320, 200))
	one, other := newInput(t, display), newInput(t, display)
	require.NoError(t, one.Key('a', true))
	require.NoError(t, one.Button(1, true))
	window.Next()
	require.NoError(t, other.ReleaseAll())
	codes, _, state := window.Down()
	require.Empty(t, codes)
	require.Zero(t, state)
}

func TestMoreSymbolsThanSpareKeycodesComeOutRight(t *testing.T) {
	d := newDesk(t)
	var text string
	for char := rune(0x4e00); char < 0x4e00+120; char++ {
		text += string(char)
	}
	require.Equal(t, text, d.types(keysyms(text)))
}

func TestPointerGoesClicksAndScrolls(t *testing.T) {
	d := newDesk(t)
	require.NoError(t, d.in.Move(100, 50))
	e := d.window.Next()
	require.Equal(t, desktoptest.Motion, e.Kind)
	require.Equal(t, image.Pt(100, 50), image.Pt(e.X, e.Y))
	for button := 1; button <= 9; button++ {
		require.NoError(t, d.in.Button(button, true))
		require.NoError(t, d.in.Button(button, true), "twice is once")
		require.NoError(t, d.in.Button(button, false))
		require.NoError(t, d.in.Button(button, false))
		for _, kind := range []desktoptest.Kind{desktoptest.ButtonPress, desktoptest.ButtonRelease} {
			e := d.window.Next()
			require.Equal(t, kind, e.Kind)
			require.EqualValues(t, button, e.Code)
		}
	}
	require.NoError(t, d.in.Scroll(-1, 2))
	require.NoError(t, d.in.Scroll(1, -1))
	for _, button := range []uint{5, 5, 6, 4, 7} {
		require.Equal(t, button, d.window.Next().Code)
		require.Equal(t, desktoptest.ButtonRelease, d.window.Next().Kind)
	}
	for _, p := range []image.Point{{-5, -5}, {1 << 30, 1 << 30}, {-1 << 40, 7}} {
		require.NoError(t, d.in.Move(p.X, p.Y))
	}
	_, pointer, _ := d.state()
	require.Equal(t, 0, pointer.X)
	require.ErrorIs(t, d.in.Button(0, true), desktop.ErrBadButton)
	require.ErrorIs(t, d.in.Button(10, true), desktop.ErrBadButton)
	require.ErrorIs(t, d.in.Scroll(0, 1<<20), desktop.ErrBadScroll)
}

func TestWhatIsNoKeysymIsRefusedAndChangesNothing(t *testing.T) {
	d := newDesk(t)
	for _, keysym := range []uint32{0, 0x1f, 0xffffff, 0x01000000, 0x0100d800, 0x01110000, 0x01ffffff, 1 << 29, 0xffffffff} {
		require.ErrorIs(t, d.in.Key(keysym, true), desktop.ErrBadKeysym, "%#x", keysym)
		require.ErrorIs(t, d.in.Key(keysym, false), desktop.ErrBadKeysym, "%#x", keysym)
	}
	d.requireNothingDown()
	var err error
	for char := uint32(0x4e00); err == nil; char++ {
		err = d.in.Key(0x01000000+char, true)
	}
	require.ErrorIs(t, err, desktop.ErrTooManyKeys)
	require.NoError(t, d.in.ReleaseAll())
	d.requireNothingDown()
}

func TestCloseGivesTheKeyboardBack(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 200)
	window := desktoptest.OpenWindow(t, display, image.Rect(0, 0, 320, 200))
	for range 5 { // a spare keycode lost each time would be missed in the end
		in, err := desktop.NewInput(display)
		require.NoError(t, err)
		for _, keysym := range keysyms("日本語漢字") {
			require.NoError(t, in.Key(keysym, true))
		}
		require.NoError(t, in.Close())
		codes, _, state := window.Down()
		require.Empty(t, codes)
		require.Zero(t, state)
	}
	d := &desk{t: t, in: newInput(t, display), window: window}
	d.read()
	d.tap(0x01000000 + '日')
	require.Equal(t, "日", d.read())
}

func BenchmarkKey(b *testing.B) {
	in, err := desktop.NewInput(desktoptest.StartXvfb(b, 320, 200))
	require.NoError(b, err)
	defer in.Close()
	for b.Loop() {
		_ = in.Key('a', true)
		_ = in.Key('a', false)
	}
}

func BenchmarkMove(b *testing.B) {
	in, err := desktop.NewInput(desktoptest.StartXvfb(b, 320, 200))
	require.NoError(b, err)
	defer in.Close()
	for b.Loop() {
		_ = in.Move(b.N%320, 7)
	}
}

func TestAnyInputByManyEndsWithNothingHeld(t *testing.T) {
	d := newDesk(t, "de")
	pool := append(keysyms("aA1!@q?7€{жé"), shiftL, shiftR, controlL, altL, altR, level3, superL, tab, enter, left, kp7, capsLock, deadAcute)
	var hands sync.WaitGroup
	for hand := range 4 {
		hands.Go(func() {
			random := rand.New(rand.NewPCG(5, uint64(hand)))
			for range 2500 {
				switch random.IntN(8) {
				case 0:
					assert.NoError(t, d.in.Button(1+random.IntN(9), random.IntN(2) == 0))
				case 1:
					assert.NoError(t, d.in.Move(random.IntN(320), random.IntN(200)))
				default:
					assert.NoError(t, d.in.Key(pool[random.IntN(len(pool))], random.IntN(2) == 0))
				}
			}
		})
	}
	hands.Wait()
	keys, buttons := d.in.Held()
	for _, keysym := range keys {
		d.up(keysym)
	}
	for _, button := range buttons {
		require.NoError(t, d.in.Button(button, false))
	}
	d.requireNothingDown()
	d.down(shiftL, 'a', '7')
	require.NoError(t, d.in.ReleaseAll())
	d.requireNothingDown()
}
