package stream

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"turtus/vb/codec"
	"turtus/vb/sound"
)

const (
	soundBlock = 20 * time.Millisecond
	// silenceTail is how much silence is still sent: the encoder comes to rest and a decoder has nothing to conceal.
	silenceTail = 400 * time.Millisecond
	// soundDrift is how far the count of samples may leave the clock of capture before it is set right.
	soundDrift = 60 * time.Millisecond
)

// audio records and encodes the sound for whoever listens. Its goroutine is run.
type audio struct {
	source func() sound.Config
	clock  clock
	logger *slog.Logger
	health *health
	demand *demand

	mu        sync.Mutex
	receivers map[*sender]struct{}
}

func newAudio(cfg Config, c clock, h *health) *audio {
	return &audio{source: cfg.Sound, clock: c, logger: cfg.Logger, health: h, demand: newDemand(), receivers: make(map[*sender]struct{})}
}

func (a *audio) subscribe(s *sender) {
	a.mu.Lock()
	a.receivers[s] = struct{}{}
	a.mu.Unlock()
	a.demand.add(1)
}

func (a *audio) unsubscribe(s *sender) {
	a.mu.Lock()
	_, there := a.receivers[s]
	delete(a.receivers, s)
	a.mu.Unlock()
	if there {
		a.demand.add(-1)
	}
}

func (a *audio) deliver(f *frame) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for s := range a.receivers {
		s.sound(f)
	}
}

func (a *audio) run(ctx context.Context) {
	a.demand.while(ctx, a.play, func(err error) {
		a.health.set(partSound, err)
		if err != nil {
			a.logger.Warn("the sound stopped, trying again", "error", err)
		}
	})
}

// play streams until the context ends or the sound server is gone.
func (a *audio) play(ctx context.Context) error {
	cfg := a.source()
	if cfg.Server == "" {
		return ErrNoSound
	}
	cfg.FrameDuration = soundBlock
	recorder, err := sound.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer recorder.Close()
	encoder, err := codec.NewOpusEncoder(codec.OpusConfig{FrameDuration: soundBlock})
	if err != nil {
		return err
	}
	defer encoder.Close()
	a.health.set(partSound, nil)

	samples := make([]int16, encoder.FrameSamples())
	line := soundLine{clock: a.clock}
	for {
		at, err := recorder.Read(ctx, samples)
		if err != nil {
			return err
		}
		timestamp, marker, send := line.next(at, sound.Silent(samples))
		if !send {
			continue
		}
		packet, err := encoder.Encode(samples)
		if err != nil {
			return err
		}
		a.deliver(&frame{
			payloads: [][]byte{packet}, timestamp: timestamp, at: at,
			key: true, marker: marker, bytes: len(packet),
		})
	}
}

// soundLine gives blocks of sound their timestamps: without gap or overlap while sound goes on, whatever the jitter of
// the recording, and by the clock after silence.
type soundLine struct {
	clock    clock
	running  bool
	expected uint32
	quiet    time.Duration // how long there has been silence
}

// next tells a block's timestamp, whether it is the first after silence, and whether to send it at all.
func (l *soundLine) next(at time.Time, silent bool) (timestamp uint32, marker, send bool) {
	const block = uint32(soundBlock * audioRate / time.Second)
	if !silent {
		l.quiet = 0
	} else if l.quiet += soundBlock; l.quiet > silenceTail || !l.running {
		l.running = false
		return 0, false, false
	}
	captured := l.clock.timestamp(at, audioRate)
	marker = !l.running
	const drift = int32(soundDrift * audioRate / time.Second)
	if off := int32(captured - l.expected); marker || off > drift || off < -drift {
		// Never backwards by more than what drifted; after a gap always ahead of what went before.
		l.expected = captured
	}
	l.running = true
	timestamp = l.expected
	l.expected += block
	return timestamp, marker, true
}
