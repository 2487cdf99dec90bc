package stream

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"turtus/services/wire"
	"turtus/vb/desktop"
)

const (
	// gateQueue is how many frames of the holder may wait for the X server; then its data channel does.
	gateQueue = 128
	// activityEvery bounds how often the hub is told that the controller does something.
	activityEvery = 3 * time.Second
	// notch is one click of a wheel in a wheel frame.
	notch = 120
)

// ControlHolder is who may drive and the number of that right. The zero value is nobody.
type ControlHolder struct {
	Peer  PeerID
	Epoch uint32
}

// grant is one uninterrupted right to drive. A change of control or the end of the holder's session makes a new one, and
// what was admitted under an older one is dropped.
type grant struct {
	ControlHolder
	moved          bool   // a move was taken
	sequence       uint32 // the newest move's
	wheelX, wheelY int    // parts of a click not yet turned
}

type admitted struct {
	grant *grant
	input wire.Input
	from  *viewer
}

// gate is the only user of mouse and keyboard. It decides whose input reaches the screen, in one goroutine, run, so that
// a change of control comes between two frames and never in one.
type gate struct {
	display  func() string
	clicks   int // of the wheel, in a notch
	size     func() (width, height int)
	rate     func() int                // viewers are told no more often a second where the controller points
	applied  func(ControlHolder)       // a change of control is in force
	pointed  func(by PeerID, x, y int) // where the controller's pointer is, 0 to 65535
	activity func(epoch uint32)
	answer   func(at time.Time) // something was pressed or let go, to which the screen will answer
	// The clipboard is the controller's: paste has what it wants pasted, forget is told before another one may drive.
	paste  func(text string)
	forget func()
	// skip has what was copied until now told to nobody.
	skip func()
	// pressed: the one whose clipboard it is has, so that something may be copied.
	pressed atomic.Bool
	health  *health
	logger  *slog.Logger

	current atomic.Pointer[grant]
	frames  chan admitted
	wake    chan struct{}

	mu    sync.Mutex
	next  *grant    // not yet in force
	moves *admitted // the newest move not yet made

	// Owned by run.
	input      *desktop.Input
	retry      time.Time
	broken     bool // the X server was lost, or has not been found
	lastActive time.Time
	lastTold   time.Time
	untold     bool
	x, y       int
	clipboard  PeerID // whose it is
}

func newGate(cfg Config, h *health, size func() (int, int)) *gate {
	g := &gate{
		display: cfg.Display, clicks: cfg.WheelClicks, size: size, activity: cfg.Activity, answer: func(time.Time) {}, health: h, logger: cfg.Logger,
		frames: make(chan admitted, gateQueue), wake: make(chan struct{}, 1),
	}
	g.current.Store(&grant{})
	return g
}

func (g *gate) poke() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// setControl changes who may drive. From here on nobody may, until everything held is let go and applied was told.
func (g *gate) setControl(to ControlHolder) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.holder() == to {
		return // told again, as by each snapshot: whoever drives goes on
	}
	g.next = &grant{ControlHolder: to}
	g.poke()
}

// holder is who may drive, or soon will. Called with the lock.
func (g *gate) holder() ControlHolder {
	if g.next != nil {
		return g.next.ControlHolder
	}
	return g.current.Load().ControlHolder
}

// leave says that a peer's session ended: what it held is let go. It keeps the right to drive, for it may come back.
func (g *gate) leave(peer PeerID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if holder := g.holder(); holder.Peer == peer && peer != "" {
		g.next = &grant{ControlHolder: holder}
		g.poke()
	}
}

var (
	errNotHeld  = wire.Errorf(wire.ErrorCodeControlNotHeld, "somebody else has control, or it has changed hands since")
	errOldFrame = errors.New("an older move")
	errNoPlace  = errors.New("the X server is behind")
)

// admit takes a frame of a viewer's session, or says why not. While the X server is behind it waits, or refuses. A move
// replaces one that was not made yet.
func (g *gate) admit(ctx context.Context, from *viewer, in wire.Input, wait bool) error {
	// In this order: a session closes before the grant that ends it is made.
	current := g.current.Load()
	if from.ctx.Err() != nil || current.Peer == "" || current.Peer != from.peer || current.Epoch != in.Epoch {
		return errNotHeld
	}
	frame := admitted{current, in, from}
	if in.Op == wire.InputMove {
		g.mu.Lock()
		if current.moved && int32(in.Sequence-current.sequence) <= 0 {
			g.mu.Unlock()
			return errOldFrame
		}
		current.moved, current.sequence = true, in.Sequence
		g.moves = &frame
		g.mu.Unlock()
		g.poke()
		return nil
	}
	select {
	case g.frames <- frame:
		return nil
	default:
	}
	if !wait {
		return errNoPlace
	}
	select {
	case g.frames <- frame:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) run(ctx context.Context) {
	defer g.close()
	tell := time.NewTimer(time.Hour)
	defer tell.Stop()
	reopen := time.NewTimer(time.Hour)
	defer reopen.Stop()
	for {
		g.change()
		g.move()
		if g.untold {
			tell.Reset(time.Until(g.lastTold.Add(g.pointerEvery())))
		}
		if g.broken {
			reopen.Reset(time.Until(g.retry))
		}
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		case frame := <-g.frames:
			// A change that came while this frame waited goes first.
			g.change()
			g.move()
			g.apply(frame)
		case <-tell.C:
			g.tellPointer(time.Now())
		case <-reopen.C:
			g.open(time.Now())
		}
	}
}

// change brings the next grant into force.
func (g *gate) change() {
	g.mu.Lock()
	next := g.next
	if next != nil {
		// Nobody may drive while things are let go.
		g.current.Store(&grant{})
		g.moves = nil
	}
	g.mu.Unlock()
	if next == nil {
		return
	}
	if g.input != nil {
		g.note(g.input.ReleaseAll())
	} else if next.Peer != "" {
		g.open(time.Now())
	}
	if next.Peer != g.clipboard {
		g.pressed.Store(false)
		g.forget()
		g.clipboard = next.Peer
	}
	g.mu.Lock()
	if g.next == next {
		g.next = nil
	}
	g.current.Store(next)
	g.mu.Unlock()
	g.applied(next.ControlHolder)
}

func (g *gate) move() {
	g.mu.Lock()
	frame := g.moves
	g.moves = nil
	g.mu.Unlock()
	if frame != nil {
		g.apply(*frame)
	}
}

// apply does what a frame says, if it still may.
func (g *gate) apply(frame admitted) {
	if frame.grant != g.current.Load() {
		return
	}
	now := time.Now()
	if !g.open(now) {
		return
	}
	err := g.do(frame)
	switch {
	case err == nil:
	case errors.Is(err, desktop.ErrBadKeysym), errors.Is(err, desktop.ErrTooManyKeys), errors.Is(err, desktop.ErrBadButton):
		frame.from.refuse(wire.Errorf(wire.ErrorCodeInvalidField, "%v", err))
	default:
		g.note(err)
	}
	if now.Sub(g.lastActive) >= activityEvery {
		g.lastActive = now
		g.activity(frame.grant.Epoch)
	}
}

func (g *gate) do(frame admitted) error {
	in := frame.input
	switch in.Op {
	case wire.InputMove:
		return g.pointAt(in)
	case wire.InputButton:
		if err := g.pointAt(in); err != nil {
			return err
		}
		g.press(in.Down)
		g.answer(time.Now())
		return g.input.Button(int(in.Button), in.Down)
	case wire.InputWheel:
		if err := g.pointAt(in); err != nil {
			return err
		}
		click := notch / g.clicks
		if g.input.Modified() {
			click = notch
		}
		dx, dy := frame.grant.wheel(in, click)
		if dx == 0 && dy == 0 {
			return nil
		}
		return g.input.Scroll(dx, dy)
	case wire.InputKey:
		g.press(in.Down)
		g.answer(time.Now())
		return g.input.Key(in.Keysym, in.Down)
	case wire.InputRelease:
		return g.input.ReleaseAll()
	case wire.InputClipboard:
		g.paste(in.Text)
	}
	return nil
}

// press notes that the controller can have copied something from now on.
func (g *gate) press(down bool) {
	if down && !g.pressed.Load() {
		g.skip()
		g.pressed.Store(true)
	}
}

// wheel turns parts of a notch into whole clicks, and keeps the rest for next time.
func (gr *grant) wheel(in wire.Input, click int) (dx, dy int) {
	x, y := gr.wheelX+int(in.DX), gr.wheelY+int(in.DY)
	gr.wheelX, gr.wheelY = x%click, y%click
	limit := func(clicks int) int { return min(max(clicks, -desktop.MaxScroll), desktop.MaxScroll) }
	return limit(x / click), limit(y / click)
}

func (g *gate) pointAt(in wire.Input) error {
	g.x, g.y = int(in.X), int(in.Y)
	g.untold = true
	g.tellPointer(time.Now())
	width, height := g.size()
	return g.input.Move(pixel(in.X, width), pixel(in.Y, height))
}

// pixel is the place of 0 to 65535 on a side of so many pixels.
func pixel(v uint16, side int) int {
	return min((int(v)*side+65535/2)/65535, side-1)
}

func (g *gate) pointerEvery() time.Duration { return time.Second / time.Duration(g.rate()) }

func (g *gate) tellPointer(now time.Time) {
	if !g.untold || now.Sub(g.lastTold) < g.pointerEvery() {
		return
	}
	g.untold, g.lastTold = false, now
	g.pointed(g.current.Load().Peer, g.x, g.y)
}

// open connects to the display where that is not done, not more often than every retryAfter.
func (g *gate) open(now time.Time) bool {
	if g.input != nil {
		return true
	}
	if now.Before(g.retry) {
		return false
	}
	g.retry = now.Add(retryAfter)
	display := g.display()
	if display == "" {
		g.broken = true
		g.health.set(partInput, ErrNoDisplay)
		return false
	}
	input, err := desktop.NewInput(display)
	if err != nil {
		g.note(err)
		return false
	}
	// What a crash of ours may have left.
	if err := input.ReleaseAll(); err != nil {
		_ = input.Close()
		g.note(err)
		return false
	}
	g.input, g.broken = input, false
	g.health.set(partInput, nil)
	return true
}

// note deals with what went wrong between us and the X server: run opens anew.
func (g *gate) note(err error) {
	if err == nil {
		return
	}
	if !g.broken { // once, not at each try
		g.logger.Warn("mouse and keyboard do not work, trying again", "error", err)
	}
	g.broken = true
	g.health.set(partInput, err)
	if g.input != nil {
		_ = g.input.Close()
		g.input = nil
	}
}

func (g *gate) close() {
	if g.input != nil {
		if err := g.input.ReleaseAll(); err != nil {
			g.logger.Debug("release at the end", "error", err)
		}
		_ = g.input.Close()
		g.input = nil
	}
}
