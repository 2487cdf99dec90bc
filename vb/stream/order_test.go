package stream

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/vb/desktop/desktoptest"
)

// doubtful is a page that trusts no network: of each frame on the channel input it sends copies before, after, or not at all.
type doubtful struct {
	*page
	random *rand.Rand
	sent   uint32
}

func (d *doubtful) send(in wire.Input) {
	d.t.Helper()
	again := func() {
		for range d.random.IntN(2) {
			d.page.send(copied(in, d.sent))
		}
	}
	again()
	d.page.send(in)
	again()
	d.sent++
}

// copied is the copy of a frame before which number others went.
func copied(in wire.Input, number uint32) wire.Input {
	in.Copy, in.Number = true, number
	return in
}

// taken has an order take frames, which it knows by their keysyms.
type taken struct {
	order
	keysyms []uint32
	refuses bool
}

func (o *taken) take(in wire.Input) bool {
	if o.refuses {
		return false
	}
	o.keysyms = append(o.keysyms, in.Keysym)
	return true
}

func (o *taken) frame(number uint32) {
	o.order.frame(func() { o.take(wire.Input{Keysym: number}) }, o.take)
}

func (o *taken) copy(number uint32) { o.order.copy(copied(wire.Input{Keysym: number}, number), o.take) }

func TestWhicheverComesFirstOfAFrameAndItsCopiesIsTaken(t *testing.T) {
	o := &taken{}
	o.copy(0)
	require.Equal(t, []uint32{0}, o.keysyms, "the copy waits for nothing")
	o.frame(0)
	o.copy(0)
	o.frame(1)
	o.copy(1)
	require.Equal(t, []uint32{0, 1}, o.keysyms)
	o.copy(3)
	o.copy(4)
	require.Equal(t, []uint32{0, 1}, o.keysyms, "one before them is missing")
	o.copy(2)
	require.Equal(t, []uint32{0, 1, 2, 3, 4}, o.keysyms)
	o.copy(6)
	for number := uint32(2); number < 7; number++ {
		o.frame(number)
	}
	require.Equal(t, []uint32{0, 1, 2, 3, 4, 5, 6}, o.keysyms)
}

func TestACopyThatIsRefusedIsNotTakenForTheFrame(t *testing.T) {
	o := &taken{refuses: true}
	o.copy(0)
	o.copy(1)
	o.refuses = false
	o.frame(0)
	o.frame(1)
	require.Equal(t, []uint32{0, 1}, o.keysyms)
}

func TestCopiesFarAheadAreDropped(t *testing.T) {
	o := &taken{}
	for number := range uint32(10 * earlyCopies) {
		o.copy(number + 1)
	}
	o.frame(0)
	require.Len(t, o.keysyms, earlyCopies)
	o.copy(1 << 31)
	o.copy(1<<32 - 1)
	require.Len(t, o.keysyms, earlyCopies)
}

func TestOverAnyNetworkEachFrameIsTakenOnceAndInOrder(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		o := &taken{order: order{came: 1<<32 - 50, next: 1<<32 - 50}} // the number wraps around
		var want []uint32
		frames := o.came
		for number := o.came; len(want) < 200; number++ {
			want = append(want, number)
			for range random.IntN(3) {
				o.copy(number - uint32(random.IntN(5)))
			}
			o.refuses = random.IntN(9) == 0 // the X server is behind, which a frame waits for
			o.copy(number)
			o.refuses = false
			for random.IntN(4) > 0 && int32(number-frames) >= 0 {
				o.frame(frames)
				frames++
			}
		}
		for last := want[len(want)-1]; int32(last-frames) >= 0; frames++ {
			o.frame(frames)
		}
		require.Equal(t, want, o.keysyms, "seed %d", seed)
	}
}

func TestAClickThatIsLostIsMadeByItsCopy(t *testing.T) {
	r, window, ann, _ := stage(t)
	r.give(1, ann)
	down := wire.Input{Op: wire.InputButton, Epoch: 1, Button: 1, Down: true, X: 32768, Y: 16384}
	ann.send(copied(down, 0))
	press := until(window, desktoptest.ButtonPress)
	assert.Equal(t, 160, press.X)
	assert.Equal(t, 60, press.Y)
	ann.send(copied(key(1, keyA, true), 2))
	ann.send(down)
	window.Quiet(50 * time.Millisecond)
	up := down
	up.Down = false
	ann.send(up)
	until(window, desktoptest.ButtonRelease)
	assert.Equal(t, "a", until(window, desktoptest.KeyPress).Text, "it had to wait for the button")
}

func TestCopiesOfOthersAreRefusedAsTheirFramesAre(t *testing.T) {
	r, window, ann, ben := stage(t)
	r.give(7, ann, ben)
	ben.send(copied(key(7, keyA, true), 0))
	ann.send(copied(key(6, keyA, true), 0))
	window.Quiet(50 * time.Millisecond)
	ben.send(key(7, keyA, true))
	assert.Equal(t, wire.ErrorCodeControlNotHeld, ben.refusal())
	ann.send(copied(key(7, keyShift, true), 0))
	assert.EqualValues(t, keyShift, until(window, desktoptest.KeyPress).Keysym)
	ann.send(key(7, keyShift, true))
	require.NoError(t, ann.channel(wire.ChannelInput).Send(wire.AppendInput(nil, copied(key(7, keyA, true), 1))))
	assert.Equal(t, wire.ErrorCodeInvalidField, ann.refusal(), "a copy on the channel that it is to help")
}
