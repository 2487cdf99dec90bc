package stream

import (
	"image"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/vb/desktop/desktoptest"
)

const (
	keyA     = 0x61
	keyShift = 0xffe1
)

// stage is a room with a program that gets the input, and two pages.
func stage(t *testing.T) (r *room, window *desktoptest.Window, ann, ben *page) {
	t.Helper()
	display := desktoptest.StartXvfb(t, 320, 240)
	window = desktoptest.OpenWindow(t, display, whole)
	r = newRoom(t, display, nil)
	ann, ben = r.open("ann", "s1"), r.open("ben", "s2")
	for _, p := range []*page{ann, ben} {
		p.channel(wire.ChannelEvents)
		p.channel(wire.ChannelInput)
		p.channel(wire.ChannelPointer)
	}
	return r, window, ann, ben
}

func (r *room) give(epoch uint32, to *page, others ...*page) {
	r.t.Helper()
	r.SetControl(ControlHolder{Peer: to.peer, Epoch: epoch})
	require.True(r.t, to.control(epoch), "the holder is told")
	for _, p := range others {
		require.False(r.t, p.control(epoch), "the others are told")
	}
}

func key(epoch, keysym uint32, down bool) wire.Input {
	return wire.Input{Op: wire.InputKey, Epoch: epoch, Keysym: keysym, Down: down}
}

// until passes over what comes before.
func until(w *desktoptest.Window, kind desktoptest.Kind) desktoptest.Event {
	for {
		if e := w.Next(); e.Kind == kind {
			return e
		}
	}
}

func TestTheControllersInputReachesTheScreen(t *testing.T) {
	r, window, ann, _ := stage(t)
	r.give(1, ann)
	ann.send(wire.Input{Op: wire.InputButton, Epoch: 1, Button: 1, Down: true, X: 32768, Y: 16384})
	press := until(window, desktoptest.ButtonPress)
	assert.EqualValues(t, 1, press.Code)
	assert.Equal(t, image.Pt(160, 60), image.Pt(press.X, press.Y))
	ann.send(wire.Input{Op: wire.InputButton, Epoch: 1, Button: 1, X: 65535, Y: 65535})
	release := until(window, desktoptest.ButtonRelease)
	assert.Equal(t, image.Pt(319, 239), image.Pt(release.X, release.Y))
	ann.send(wire.Input{Op: wire.InputWheel, Epoch: 1, DY: 60})
	ann.send(wire.Input{Op: wire.InputWheel, Epoch: 1, DY: 60})
	assert.EqualValues(t, 5, until(window, desktoptest.ButtonPress).Code, "two halves are a notch")
	ann.send(key(1, keyA, true))
	assert.Equal(t, "a", until(window, desktoptest.KeyPress).Text)
	ann.send(key(1, keyA, false))
	until(window, desktoptest.KeyRelease)
	assert.EqualValues(t, 1, <-r.activity)
}

func TestMovesReachTheScreenAndTheOthers(t *testing.T) {
	r, window, ann, ben := stage(t)
	r.give(1, ann)
	ann.send(wire.Input{Op: wire.InputMove, Epoch: 1, X: 32768, Y: 32768, Sequence: 5})
	move := until(window, desktoptest.Motion)
	assert.Equal(t, image.Pt(160, 120), image.Pt(move.X, move.Y))
	pointer, err := wire.Decode[wire.PointerEvent](ben.event(wire.EventPointer))
	require.NoError(t, err)
	assert.Equal(t, wire.PointerEvent{X: 32768, Y: 32768}, pointer)

	ann.send(wire.Input{Op: wire.InputMove, Epoch: 1, X: 0, Y: 0, Sequence: 4})
	ann.send(wire.Input{Op: wire.InputMove, Epoch: 1, X: 65535, Y: 0, Sequence: 6})
	move = until(window, desktoptest.Motion)
	assert.Equal(t, image.Pt(319, 0), image.Pt(move.X, move.Y), "an older move is dropped")
}

func TestOthersAreRefusedAndChangeNothing(t *testing.T) {
	r, window, ann, ben := stage(t)
	r.give(7, ann)
	for _, in := range []wire.Input{
		key(7, keyA, true), {Op: wire.InputButton, Epoch: 7, Button: 1, Down: true}, {Op: wire.InputRelease, Epoch: 7},
	} {
		ben.send(in)
		assert.Equal(t, wire.ErrorCodeControlNotHeld, ben.refusal())
	}
	ann.send(key(6, keyA, true))
	assert.Equal(t, wire.ErrorCodeControlNotHeld, ann.refusal(), "an epoch that is over")
	ann.send(key(8, keyA, true))
	assert.Equal(t, wire.ErrorCodeControlNotHeld, ann.refusal(), "an epoch that has not begun")
	ann.send(key(7, keyShift, true))
	press := until(window, desktoptest.KeyPress)
	assert.EqualValues(t, keyShift, press.Keysym, "the first key that the program sees is the holder's")
	codes, _, state := window.Down()
	assert.Len(t, codes, 1)
	assert.Zero(t, state&0x1f00, "no button is down")
}

func TestOnHandOverNothingStaysPressed(t *testing.T) {
	r, window, ann, ben := stage(t)
	r.give(1, ann, ben)
	ann.send(key(1, keyShift, true))
	ann.send(wire.Input{Op: wire.InputButton, Epoch: 1, Button: 1, Down: true})
	until(window, desktoptest.KeyPress)
	until(window, desktoptest.ButtonPress)

	r.give(2, ben, ann)
	codes, _, state := window.Down()
	assert.Empty(t, codes)
	assert.Zero(t, state&0x1f00)
	ben.send(key(2, keyA, true))
	assert.Equal(t, "a", until(window, desktoptest.KeyPress).Text, "and no Shift of the one before")
}

func TestOnDisconnectNothingStaysPressed(t *testing.T) {
	for name, end := range map[string]func(*room, *page){
		"stopped":      func(r *room, p *page) { r.Stop(p.peer, p.session) },
		"left":         func(r *room, p *page) { r.Left(p.peer) },
		"replaced":     func(r *room, p *page) { r.Request(p.peer, "another", nil) },
		"closed there": func(_ *room, p *page) { p.close() },
	} {
		t.Run(name, func(t *testing.T) {
			r, window, ann, _ := stage(t)
			r.give(1, ann)
			ann.send(key(1, keyA, true))
			until(window, desktoptest.KeyPress)
			end(r, ann)
			r.until(func() bool { codes, _, _ := window.Down(); return len(codes) == 0 })
		})
	}
}

// cable is a network that can be pulled out: nothing passes, and nobody is told.
type cable struct {
	net.PacketConn
	out atomic.Bool
}

func newCable(t *testing.T) *cable {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &cable{PacketConn: conn}
}

func (c *cable) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.out.Load() {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

func (c *cable) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil || !c.out.Load() {
			return n, from, err
		}
	}
}

func TestNothingStaysPressedWhileTheHoldersNetworkIsDead(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	window := desktoptest.OpenWindow(t, display, whole)
	r := newRoom(t, display, nil)
	network := newCable(t)
	r.network = network
	ann := r.open("ann", "s1")
	r.give(1, ann)
	ann.send(key(1, keyShift, true))
	until(window, desktoptest.KeyPress)

	network.out.Store(true)
	until(window, desktoptest.KeyRelease)
	require.Equal(t, 1, r.Viewers(), "its session waits for the network")

	network.out.Store(false)
	require.True(t, ann.control(1), "it is told again that it may drive, as nobody could for a moment")
	ann.send(key(1, keyA, true))
	assert.Equal(t, "a", until(window, desktoptest.KeyPress).Text, "it drives on")
}

func TestTheHoldersSeatKeepsItsRightOverANewSession(t *testing.T) {
	r, window, ann, _ := stage(t)
	r.give(3, ann)
	again := r.open("ann", "s9")
	require.True(t, again.control(3))
	again.send(key(3, keyA, true))
	assert.Equal(t, "a", until(window, desktoptest.KeyPress).Text)
}

func TestTheSameControlToldAgainLetsNothingGo(t *testing.T) {
	r, window, ann, _ := stage(t)
	r.give(1, ann)
	ann.send(wire.Input{Op: wire.InputButton, Epoch: 1, Button: 1, Down: true})
	until(window, desktoptest.ButtonPress)
	r.SetControl(ControlHolder{Peer: "ann", Epoch: 1})
	ann.send(key(1, keyA, true))
	assert.NotZero(t, until(window, desktoptest.KeyPress).State&0x100, "the button is still down")
}

func TestPixelsOfThePlane(t *testing.T) {
	for _, c := range []struct {
		v    uint16
		side int
		want int
	}{{0, 1280, 0}, {65535, 1280, 1279}, {32768, 1280, 640}, {65535, 1, 0}} {
		assert.Equal(t, c.want, pixel(c.v, c.side))
	}
	for px := range 1280 {
		sent := uint16(float64(px)/1280*65535 + 0.5)
		assert.Equal(t, px, pixel(sent, 1280), "what a page rounds comes back")
	}
}

func TestMovesThatWaitAreOne(t *testing.T) {
	g := newGate(Config{}, nil, nil)
	g.current.Store(&grant{ControlHolder: ControlHolder{Peer: "ann", Epoch: 1}})
	from := &viewer{peer: "ann", ctx: t.Context()}
	for sequence := range uint32(1000) {
		require.NoError(t, g.admit(t.Context(), from, wire.Input{Op: wire.InputMove, Epoch: 1, X: uint16(sequence), Sequence: sequence + 1}, false))
	}
	assert.EqualValues(t, 999, g.moves.input.X, "the newest")
	assert.Empty(t, g.frames, "and none in the queue of keys and buttons")
}

func TestThePointerIsToldNoMoreOftenThanFramesAreSent(t *testing.T) {
	var told [][2]int
	rate := 50
	g := newGate(Config{}, nil, nil)
	g.rate, g.pointed = func() int { return rate }, func(_ PeerID, x, y int) { told = append(told, [2]int{x, y}) }
	begin := time.Now()
	for i := range 100 { // one each millisecond
		g.x, g.untold = i, true
		g.tellPointer(begin.Add(time.Duration(i) * time.Millisecond))
	}
	assert.Equal(t, [][2]int{{0, 0}, {20, 0}, {40, 0}, {60, 0}, {80, 0}}, told)
	assert.True(t, g.untold, "the last is told when it is time")
	rate = 10
	g.tellPointer(begin.Add(179 * time.Millisecond))
	assert.Len(t, told, 5)
	g.tellPointer(begin.Add(180 * time.Millisecond))
	assert.Len(t, told, 6)
}

func TestPartsOfANotchAddUp(t *testing.T) {
	g := &grant{}
	total := 0
	for range 30 {
		_, dy := g.wheel(wire.Input{DY: -17}, notch)
		total += dy
	}
	assert.Equal(t, -30*17/notch, total)
}

func TestAWheelOfManyClicksTurnsFinely(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	window := desktoptest.OpenWindow(t, display, whole)
	r := newRoom(t, display, func(cfg *Config) { cfg.WheelClicks = 20 })
	ann := r.open("ann", "s1")
	r.give(1, ann)
	// clicks turns the wheel, and counts what the program sees of it before a key.
	clicks := func(button uint, wheel wire.Input) (n int) {
		wheel.Op, wheel.Epoch = wire.InputWheel, 1
		ann.send(wheel)
		ann.send(key(1, keyA, true))
		for e := window.Next(); e.Kind != desktoptest.KeyPress; e = window.Next() {
			if e.Kind == desktoptest.ButtonPress {
				assert.Equal(t, button, e.Code)
				n++
			}
		}
		ann.send(key(1, keyA, false))
		until(window, desktoptest.KeyRelease)
		return n
	}
	assert.Equal(t, 20, clicks(5, wire.Input{DY: notch}), "a mouse's notch")
	assert.Equal(t, 2, clicks(4, wire.Input{DY: -notch / 8}), "a part of one")
	assert.Equal(t, 1, clicks(4, wire.Input{DY: -3}), "with what was left of it")
	assert.Equal(t, 20, clicks(6, wire.Input{DX: -notch}))
	const keyControl = 0xffe3
	ann.send(key(1, keyControl, true))
	until(window, desktoptest.KeyPress)
	assert.Equal(t, 1, clicks(5, wire.Input{DY: notch}), "one step of the zoom")
}
