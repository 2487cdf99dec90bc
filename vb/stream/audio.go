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
	soundBlock = 10 * time.Millisecond
	// silenceTail is how much silence is still sent: the encoder comes to rest and a decoder has nothing to conceal.
	silenceTail = 400 * time.Millisecond
	// soundSlack is how far the count of samples may leave the clock of capture before the next blocks are stretched.
	soundSlack = 500 * time.Microsecond
	// soundDrift is how far it may get before there is a gap or an overlap instead: sound was lost.
	soundDrift = 10 * time.Millisecond
)

// lossSteps are the losses in percent that the encoder is told of, so that it changes seldom. More than the last would
// take too much from those who lose nothing.
var lossSteps = [...]int{5, 10, 20}

// audio records and encodes the sound for whoever listens. Its goroutine is run.
type audio struct {
	source func() sound.Config
	clock  clock
	logger *slog.Logger
	health *health
	demand *demand

	mu        sync.Mutex
	receivers map[*sender]int // with the share of the sound that each loses, in percent
}

func newAudio(cfg Config, c clock, h *health) *audio {
	return &audio{source: cfg.Sound, clock: c, logger: cfg.Logger, health: h, demand: newDemand(), receivers: make(map[*sender]int)}
}

func (a *audio) subscribe(s *sender) {
	a.mu.Lock()
	a.receivers[s] = 0
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

// lost tells what share of the sound does not reach a receiver, in percent.
func (a *audio) lost(s *sender, percent int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, there := a.receivers[s]; there {
		a.receivers[s] = percent
	}
}

// expectedLoss is what the encoder is to be told: the worst of all receivers, in steps.
func (a *audio) expectedLoss() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	worst := 0
	for _, percent := range a.receivers {
		worst = max(worst, percent)
	}
	for _, step := range lossSteps {
		if worst <= step {
			return step
		}
	}
	return lossSteps[len(lossSteps)-1]
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
	encoder, err := codec.NewOpusEncoder(codec.OpusConfig{FrameDuration: soundBlock, ExpectedLoss: a.expectedLoss()})
	if err != nil {
		return err
	}
	defer encoder.Close()
	a.health.set(partSound, nil)

	block := make([]int16, encoder.FrameSamples())
	samples := make([]int16, len(block)+sound.Channels)
	line := soundLine{clock: a.clock}
	for {
		recorded := samples[:len(block)+line.correction*sound.Channels]
		at, err := recorder.Read(ctx, recorded)
		if err != nil {
			return err
		}
		at = at.Add(-encoder.Delay()) // what a decoder makes of the block begins that much earlier
		timestamp, marker, send := line.next(at, sound.Silent(recorded))
		if !send {
			continue
		}
		if err := encoder.SetLoss(a.expectedLoss()); err != nil {
			return err
		}
		sound.Stretch(block, recorded)
		packet, err := encoder.Encode(block)
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
// the recording, and by the clock after silence. That both hold for hours is up to the correction.
type soundLine struct {
	clock    clock
	running  bool
	expected uint32
	quiet    time.Duration // how long there has been silence
	// correction is how many frames more than a packet holds the next block must have; fewer when negative. A sound
	// clock is never quite as fast as the clock: a null sink's gains up to 36 millionths by rounding, which is 130 ms an hour.
	correction int
}

// next tells a block's timestamp, whether it is the first after silence, and whether to send it at all.
func (l *soundLine) next(at time.Time, silent bool) (timestamp uint32, marker, send bool) {
	l.correction = 0
	if !silent {
		l.quiet = 0
	} else if l.quiet += soundBlock; l.quiet > silenceTail || !l.running {
		l.running = false
		return 0, false, false
	}
	const (
		block = uint32(soundBlock * audioRate / time.Second)
		drift = int32(soundDrift * audioRate / time.Second)
		slack = int32(soundSlack * audioRate / time.Second)
	)
	captured := l.clock.timestamp(at, audioRate)
	marker = !l.running
	off := int32(captured - l.expected)
	if marker || off > drift || off < -drift {
		// Never backwards by more than what was lost; after a gap always ahead of what went before.
		l.expected, off = captured, 0
	}
	switch {
	case off > slack: // the samples come too slowly
		l.correction = -1
	case off < -slack:
		l.correction = 1
	}
	l.running = true
	timestamp = l.expected
	l.expected += block
	return timestamp, marker, true
}
