package desktop_test

import (
	"image"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/vb/desktop"
	"turtus/vb/desktop/desktoptest"
)

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
