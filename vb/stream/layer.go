package stream

import (
	"fmt"
	"time"

	"turtus/vb/codec"
)

const (
	// keyframeGap is the least time between two keyframes of a layer: a keyframe is worth some twenty other frames, and
	// requests that come while one is under way mean that one.
	keyframeGap = 150 * time.Millisecond
	// refineAfter is how long the screen must be quiet before its picture is refined: longer than the gap between two
	// frames of any film.
	refineAfter = 120 * time.Millisecond
	// refineEvery leaves the cap's buffer time to fill again.
	refineEvery = 80 * time.Millisecond
	// maxRefinements bounds what an encoder that never calls a picture settled may spend on it.
	maxRefinements = 12
)

// layer is one encoder and those who receive what it makes. The picture loop owns it.
type layer struct {
	kind       codec.VideoKind
	encoder    *codec.VideoEncoder
	packetiser *packetiser
	receivers  map[*sender]bool // true: has what the next frame builds upon; false: waits for a keyframe

	wantKey  bool
	lastKey  time.Time
	refineAt time.Time // zero: nothing to refine
	refined  int
}

func newLayer(kind codec.VideoKind, c clock) (*layer, error) {
	p, err := newPacketiser(kind, c)
	if err != nil {
		return nil, err
	}
	return &layer{kind: kind, packetiser: p, receivers: make(map[*sender]bool), wantKey: true}, nil
}

// open makes the encoder where there is none.
func (l *layer) open(cfg codec.VideoConfig) error {
	if l.encoder != nil {
		return nil
	}
	cfg.Kind = l.kind
	encoder, err := codec.NewVideoEncoder(cfg)
	if err != nil {
		return fmt.Errorf("start an encoder: %w", err)
	}
	l.encoder, l.wantKey = encoder, true
	return nil
}

func (l *layer) close() {
	if l.encoder != nil {
		l.encoder.Close()
		l.encoder = nil
	}
}

// join lets a receiver in at the next keyframe, which it brings about.
func (l *layer) join(s *sender) {
	l.receivers[s] = false
	l.wantKey = true
}

// keyWait is how long a wanted keyframe must still wait.
func (l *layer) keyWait(now time.Time) time.Duration {
	return max(0, l.lastKey.Add(keyframeGap).Sub(now))
}

func (l *layer) keyDue(now time.Time) bool { return l.wantKey && l.keyWait(now) == 0 }

func (l *layer) refineDue(now time.Time) bool { return !l.refineAt.IsZero() && !now.Before(l.refineAt) }

// encode makes one frame of the image.
func (l *layer) encode(img *codec.Image, at time.Time, c clock, refine bool) (*frame, error) {
	key := l.keyDue(at)
	packet, err := l.encoder.Encode(img, codec.EncodeOptions{Keyframe: key, Refine: refine && !key, PTS: c.since(at)})
	if err != nil {
		return nil, err
	}
	if packet.Key {
		l.wantKey, l.lastKey = false, at
	}
	l.planRefinement(at, refine && !key, packet.Settled)
	if len(packet.Data) == 0 {
		return nil, nil
	}
	return l.packetiser.picture(packet, at), nil
}

func (l *layer) planRefinement(at time.Time, refined, settled bool) {
	switch {
	case !refined:
		l.refined, l.refineAt = 0, at.Add(refineAfter)
	case settled || l.refined+1 >= maxRefinements:
		l.refineAt = time.Time{}
	default:
		l.refined++
		l.refineAt = at.Add(refineEvery)
	}
}

// deliver hands a frame to all who can use it. Whoever is too slow to take it waits for the next keyframe, which its
// sender asks for as soon as it has caught up.
func (l *layer) deliver(f *frame) {
	for s, ready := range l.receivers {
		if ready || f.key {
			l.receivers[s] = s.picture(f)
		}
	}
}
