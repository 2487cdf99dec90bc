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
	// keyframeEach is what each receiver adds to that time from thirty on: some fifty packets for each of a crowd take a
	// processor longer than a frame's time, and who has to wait for them asks for the next keyframe.
	keyframeEach = 5 * time.Millisecond
	// refineAfter is how long the screen must be quiet before its picture is refined: longer than the gap between two
	// frames of any film.
	refineAfter = 120 * time.Millisecond
	// refineEvery leaves the cap's buffer time to fill again.
	refineEvery = 80 * time.Millisecond
	// maxRefinements bounds what an encoder that never calls a picture settled may spend on it.
	maxRefinements = 12
)

// layerKey tells layers apart: who agrees in it shares an encoder.
type layerKey struct {
	kind codec.VideoKind
	low  bool // the smaller picture
}

// layer is one encoder and what it makes. The picture loop owns it.
type layer struct {
	layerKey
	encoder    *codec.VideoEncoder
	packetiser *packetiser
	profile    codec.Profile
	bitrate    int   // the cap in bits per second
	pace       pacer // of its own frames; the screen's changes are paced before
	receivers  int   // with those who wait for its next keyframe

	changed  bool // the picture has, since its last frame
	fresh    bool // and before that it was still
	movedAt  time.Time
	pressed  time.Time // somebody pressed a button or a key
	debt     debt
	wantKey  bool
	lastKey  time.Time
	refineAt time.Time // zero: nothing to refine
	refined  int

	throughput throughput
	best       int // of its receivers' networks, in bits per second for the picture
}

func newLayer(key layerKey, c clock) (*layer, error) {
	p, err := newPacketiser(key.kind, c)
	if err != nil {
		return nil, err
	}
	return &layer{layerKey: key, packetiser: p, wantKey: true}, nil
}

// open makes the encoder where there is none.
func (l *layer) open(cfg codec.VideoConfig) error {
	if l.encoder != nil {
		return nil
	}
	cfg.Kind, cfg.Profile = l.kind, l.profile
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

// limit moves the cap. Small moves are not worth the encoder's while.
func (l *layer) limit(bitrate int) error {
	if off := bitrate - l.bitrate; max(off, -off) < l.bitrate/25 {
		return nil
	}
	l.bitrate = bitrate
	if l.encoder == nil {
		return nil
	}
	return l.encoder.SetBitrate(bitrate)
}

// keyWait is how long a wanted keyframe must still wait.
func (l *layer) keyWait(now time.Time) time.Duration {
	gap := max(keyframeGap, time.Duration(l.receivers)*keyframeEach)
	return max(0, l.lastKey.Add(gap).Sub(now))
}

func (l *layer) keyDue(now time.Time) bool { return l.wantKey && l.keyWait(now) == 0 }

// change notes that the picture is another one.
func (l *layer) change(at time.Time) {
	l.fresh = at.Sub(l.movedAt) > refineAfter || l.changed && l.fresh
	l.changed, l.movedAt = true, at
}

// changeWait is how long a frame of what has changed must still wait. When the encoder can make no less of it than is too
// much for the cap, there are fewer frames, each of the newest picture; but what answers a press on a still screen never
// waits for that, and what answers one over a film waits less.
func (l *layer) changeWait(now time.Time) time.Duration {
	wait := l.pace.wait(now)
	if l.fresh {
		return wait
	}
	owed := l.debt.wait(now, l.bitrate)
	if now.Sub(l.pressed) < answerFor {
		owed -= debtForAnswers
	}
	return max(wait, owed)
}

func (l *layer) changeDue(now time.Time) bool { return l.changed && l.changeWait(now) == 0 }

func (l *layer) refineDue(now time.Time) bool {
	return !l.changed && !l.refineAt.IsZero() && !now.Before(l.refineAt)
}

// due says that a frame is to be made of the picture that there is.
func (l *layer) due(now time.Time) bool {
	return l.keyDue(now) || l.changeDue(now) || l.refineDue(now)
}

// sleep is how long there is nothing due.
func (l *layer) sleep(now time.Time) time.Duration {
	d := forever
	if l.wantKey {
		d = min(d, l.keyWait(now))
	}
	if l.changed {
		d = min(d, l.changeWait(now))
	} else if !l.refineAt.IsZero() {
		d = min(d, l.refineAt.Sub(now))
	}
	return max(d, 0)
}

// encode makes one frame of the image.
func (l *layer) encode(img *codec.Image, at time.Time, c clock) (*frame, error) {
	key := l.keyDue(at)
	refine := !l.changed && !key
	packet, err := l.encoder.Encode(img, codec.EncodeOptions{Keyframe: key, Refine: refine, PTS: c.since(at)})
	if err != nil {
		return nil, err
	}
	if packet.Key {
		l.wantKey, l.lastKey = false, at
	}
	l.changed, l.fresh = false, false
	l.pace.take(at)
	l.debt.add(at, len(packet.Data), l.bitrate)
	l.planRefinement(at, refine, packet.Settled)
	if len(packet.Data) == 0 {
		return nil, nil
	}
	f := l.packetiser.picture(packet, at)
	l.throughput.add(at, l.weight(f))
	return f, nil
}

// weight is what a frame says of what its layer takes, in bytes. A keyframe that somebody asked for is passing: it shall
// send nobody else to the smaller picture, from where they would ask for the next.
func (l *layer) weight(f *frame) int {
	if f.key {
		return min(f.bytes, int(float64(l.bitrate)/8*keyframeGap.Seconds()))
	}
	return f.bytes
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

// throughput is what a layer took in the last seconds.
type throughput struct {
	slots [throughputSlots]int // bytes
	slot  int64                // the newest
}

const (
	throughputSlot  = 250 * time.Millisecond
	throughputSlots = 20
)

func (t *throughput) advance(at time.Time) {
	slot := at.UnixNano() / int64(throughputSlot)
	for n := min(slot-t.slot, throughputSlots); n > 0; n-- {
		t.slots[(slot-n+1)%throughputSlots] = 0
	}
	t.slot = max(slot, t.slot)
}

func (t *throughput) add(at time.Time, bytes int) {
	t.advance(at)
	t.slots[t.slot%throughputSlots] += bytes
}

// peak is the most that was taken in any of the last seconds, in bits per second.
func (t *throughput) peak(now time.Time) int {
	t.advance(now)
	most, sum := 0, 0
	const second = int64(time.Second / throughputSlot)
	for i := t.slot - throughputSlots + 1; i <= t.slot; i++ {
		sum += t.slots[i%throughputSlots]
		if before := i - second; before > t.slot-throughputSlots {
			sum -= t.slots[before%throughputSlots]
		}
		most = max(most, sum)
	}
	return most * 8
}
