package stream

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"turtus/vb/codec"
	"turtus/vb/desktop"
)

// picture captures the screen and encodes it for whoever watches. Everything it has is owned by the goroutine of run;
// others reach it through do.
type picture struct {
	display   func() string
	frameRate int
	bitrate   int // 0: by size
	clock     clock
	logger    *slog.Logger
	onResize  func(width, height int)
	health    *health
	metrics   *metrics

	commands chan func()
	lostWay  chan struct{} // somebody did
	presses  chan time.Time
	members  map[*sender]*member
	layers   map[layerKey]*layer
	image    *codec.Image
	small    small
	pacer    pacer
	adapted  time.Time // when layers and caps last followed the networks
	adaptAt  time.Time // when they shall again; zero: when frames go

	size    atomic.Uint64 // width << 32 | height
	running atomic.Int32  // encoders
	encoded atomic.Uint64 // frames
}

func newPicture(cfg Config, c clock, h *health, m *metrics, onResize func(width, height int)) *picture {
	p := &picture{
		display: cfg.Display, frameRate: cfg.FrameRate, bitrate: cfg.Bitrate, clock: c, logger: cfg.Logger,
		onResize: onResize, health: h, metrics: m,
		commands: make(chan func()), lostWay: make(chan struct{}, 1), presses: make(chan time.Time, 1),
		layers: make(map[layerKey]*layer), members: make(map[*sender]*member),
		pacer: pacer{interval: time.Second / time.Duration(cfg.FrameRate)},
	}
	p.setSize(cfg.Width, cfg.Height)
	return p
}

func (p *picture) setSize(width, height int) { p.size.Store(uint64(width)<<32 | uint64(height)) }

// Size is the screen's size in pixels as last seen.
func (p *picture) Size() (width, height int) {
	size := p.size.Load()
	return int(size >> 32), int(size & 0xffffffff)
}

// do has the picture's goroutine call f. It returns when f is taken on, or the context ended.
func (p *picture) do(ctx context.Context, f func()) {
	select {
	case p.commands <- f:
	case <-ctx.Done():
	}
}

// press notes that the controller pressed something, which the screen will answer. It does not wait.
func (p *picture) press(at time.Time) {
	select {
	case p.presses <- at:
	default:
	}
}

func (p *picture) run(ctx context.Context) {
	defer p.reset()
	for ctx.Err() == nil {
		if len(p.layers) == 0 {
			p.health.set(partPicture, nil)
			select {
			case <-ctx.Done():
			case f := <-p.commands:
				f()
			}
			continue
		}
		if err := p.show(ctx); err != nil && ctx.Err() == nil {
			p.health.set(partPicture, err)
			p.logger.Warn("the picture stopped, trying again", "error", err)
			p.pause(ctx, retryAfter)
		}
		p.reset()
	}
}

// pause waits and goes on serving commands.
func (p *picture) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case f := <-p.commands:
			f()
		}
	}
}

func (p *picture) reset() {
	for _, l := range p.layers {
		p.closeEncoder(l)
		l.wantKey = true
	}
	p.small.close()
	if p.image != nil {
		p.image.Close()
		p.image = nil
	}
}

func (p *picture) closeEncoder(l *layer) {
	if l.encoder != nil {
		l.close()
		p.running.Add(-1)
		p.metrics.caps.Delete(l.labels())
	}
}

// show streams until nobody watches any more (nil), the context ends or the screen is gone.
func (p *picture) show(ctx context.Context) error {
	display := p.display()
	if display == "" {
		return ErrNoDisplay
	}
	screen, err := desktop.NewCapturer(display)
	if err != nil {
		return err
	}
	w := watch(ctx, screen)
	defer func() {
		w.end()
		_ = screen.Close()
	}()
	p.health.set(partPicture, nil)
	p.metrics.capture.Set(1)
	defer p.metrics.capture.Set(0)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	changed := false
	for len(p.layers) > 0 {
		now := time.Now()
		switch {
		case changed && p.pacer.wait(now) == 0:
			if err := p.update(screen); err != nil {
				return err
			}
			changed = false
			w.again()
			continue
		case p.image != nil && p.due(now):
			if err := p.repeat(now); err != nil {
				return err
			}
			continue
		case !p.adaptAt.IsZero() && !now.Before(p.adaptAt):
			p.adapt(now)
			continue
		}
		timer.Reset(p.sleep(now, changed))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f := <-p.commands:
			f()
		case <-p.lostWay:
			p.serveRequests(time.Now())
		case at := <-p.presses:
			p.pacer.press(at)
			for _, l := range p.layers {
				l.pressed = at
			}
		case err := <-w.changed:
			if err != nil {
				return err
			}
			changed = true
		case <-timer.C:
		}
	}
	return nil
}

// due says that a frame shall be made although the screen has not changed since the last capture.
func (p *picture) due(now time.Time) bool {
	for _, l := range p.layers {
		if l.due(now) {
			return true
		}
	}
	return false
}

// sleep is how long there is nothing to do unless somebody speaks.
func (p *picture) sleep(now time.Time, changed bool) time.Duration {
	d := time.Hour
	if changed {
		d = min(d, p.pacer.wait(now))
	}
	if !p.adaptAt.IsZero() {
		d = min(d, max(p.adaptAt.Sub(now), 0))
	}
	if p.image == nil {
		return d
	}
	for _, l := range p.layers {
		d = min(d, l.sleep(now))
	}
	return d
}

// update captures what has changed and sends it to all.
func (p *picture) update(screen *desktop.Capturer) error {
	f, err := screen.Grab()
	if err != nil {
		return err
	}
	if err := p.resize(f.Width, f.Height); err != nil {
		return err
	}
	if len(f.Damage) == 0 {
		return nil
	}
	err = p.image.Convert(codec.Picture{Pix: f.Pix, Stride: f.Stride, Width: f.Width, Height: f.Height, Damage: f.Damage})
	if err != nil {
		return err
	}
	if p.small.image != nil {
		if err := p.small.follow(p.image, f.Damage); err != nil {
			return err
		}
	}
	p.pacer.take(f.At)
	p.metrics.captures.Inc()
	var some []*layer
	for _, l := range p.layers {
		l.change(f.At)
		if l.changeDue(f.At) || l.keyDue(f.At) {
			some = append(some, l)
		}
	}
	return p.encode(some, f.At)
}

// repeat sends the picture as it is: to newcomers, better than before, or later than to others.
func (p *picture) repeat(now time.Time) error {
	var some []*layer
	for _, l := range p.layers {
		if l.due(now) {
			some = append(some, l)
		}
	}
	return p.encode(some, now)
}

func (p *picture) resize(width, height int) error {
	// Where pages point is meant on what they see, whatever the screen was said to be.
	if w, h := p.Size(); w != width || h != height {
		p.setSize(width, height)
		p.onResize(width, height)
	}
	if p.image != nil {
		if w, h := p.image.Size(); w == width && h == height {
			return nil
		}
	}
	p.reset()
	img, err := codec.NewImage(width, height)
	if err != nil {
		return err
	}
	p.image = img
	return nil
}

// encode makes a frame for each of the layers, side by side when there are several, and delivers them.
func (p *picture) encode(layers []*layer, at time.Time) error {
	made, errs := make([]*frame, len(layers)), make([]error, len(layers))
	one := func(i int, l *layer) {
		img := p.image
		if l.low {
			img = p.small.image
		}
		start := time.Now()
		if made[i], errs[i] = l.encode(img, at, p.clock); made[i] != nil {
			p.encoded.Add(1)
		}
		p.metrics.encoded(l, made[i], time.Since(start))
	}
	for _, l := range layers {
		p.follow(l, l.keyDue(at))
		if err := p.openEncoder(l); err != nil {
			return err
		}
	}
	if len(layers) == 1 {
		one(0, layers[0])
	} else {
		var group sync.WaitGroup
		for i, l := range layers {
			group.Go(func() { one(i, l) })
		}
		group.Wait()
	}
	frames := make(map[*layer]*frame, len(layers))
	for i, l := range layers {
		if made[i] != nil {
			frames[l] = made[i]
		}
	}
	p.deliver(frames)
	if next := p.adapted.Add(adaptEvery); p.adaptAt.IsZero() || next.Before(p.adaptAt) {
		p.adaptAt = next
	}
	return errors.Join(errs...)
}

// openEncoder makes sure that a layer has what it needs.
func (p *picture) openEncoder(l *layer) error {
	if l.low && p.small.image == nil {
		if err := p.small.follow(p.image, nil); err != nil {
			return err
		}
	}
	if l.encoder != nil {
		return nil
	}
	img := p.image
	if l.low {
		img = p.small.image
	}
	width, height := img.Size()
	err := l.open(codec.VideoConfig{
		Width: width, Height: height, FrameRate: p.frameRate, Bitrate: l.bitrate, Threads: min(max(runtime.NumCPU()/2, 1), 4),
	})
	if err == nil {
		p.running.Add(1)
		p.metrics.caps.With(l.labels()).Set(float64(l.bitrate))
	}
	return err
}

// maxBitrate bounds a layer's cap where none is set by hand.
const maxBitrate = 16_000_000

// defaultBitrate is the cap in bits per second: 4 Mbit/s at 720p30, in proportion to what moves.
func defaultBitrate(width, height, frameRate int) int {
	const bitsPerPixel = 0.145
	return min(max(int(float64(width*height*frameRate)*bitsPerPixel), 500_000), maxBitrate)
}

// watcher waits for changes of the screen in a goroutine of its own: again, changed, again, ...
type watcher struct {
	changed chan error
	ask     chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}
}

func watch(ctx context.Context, screen *desktop.Capturer) *watcher {
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{changed: make(chan error, 1), ask: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for {
			w.changed <- screen.Wait(ctx)
			select {
			case <-w.ask:
			case <-ctx.Done():
				return
			}
		}
	}()
	return w
}

// again starts the next wait; only after changed has spoken.
func (w *watcher) again() { w.ask <- struct{}{} }

func (w *watcher) end() {
	w.cancel()
	<-w.done
}
