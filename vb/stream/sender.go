package stream

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"turtus/services/wire"
	"turtus/vb/stream/bunch"
)

const (
	// pictureQueue is how many frames may wait, whatever they weigh: what a scheduler's hiccup needs, not a jitter buffer.
	pictureQueue = 16
	// maxWait is for how long, at the estimate, frames may wait behind the one that is being sent.
	maxWait = 100 * time.Millisecond
	// keyWait is how much longer they may behind a keyframe, which is worth many of them.
	keyWait = 150 * time.Millisecond
	// soundQueue is how many blocks of 10 ms may wait. Sound goes before all else, so they only do when nothing moves.
	soundQueue = 8
	// lostQueue is how many packets may wait to be sent again.
	lostQueue = 256
	// linkBuffer is how much a network is thought to hold back.
	linkBuffer = 300 * time.Millisecond
	// forever is a wait for nothing.
	forever = time.Duration(1<<63 - 1)
)

// sender writes to one viewer, so that neither an encoder nor another viewer waits for it. Its goroutine is run, and
// sleeps without a timer while there is nothing to send.
type sender struct {
	video, audio *track
	network      *network
	bunch        *bunch.Bunch // of the sockets
	writeRTCP    func([]rtcp.Packet) error
	// needsKey is called when only a keyframe helps the viewer. It must not wait.
	needsKey func()
	// controls tells whether the viewer drives.
	controls func() bool
	// sent is told how long after its capture a frame's last packet went.
	sent func(time.Duration)

	counters counters
	lostWay  atomic.Bool   // and a keyframe was asked for; the picture's
	layer    atomic.Value  // wire.Layer, that is received
	paths    atomic.Uint32 // how often the viewer was connected
	wake     chan struct{}

	mu        sync.Mutex
	pictures  []*frame
	waiting   int // bytes of pictures
	sounds    []*frame
	lost      []uint16  // the viewer's NACKs
	behind    bool      // frames were dropped, and no keyframe was asked for yet
	broken    bool      // frames were dropped, and none of a keyframe went since: nobody needs what went before
	wantsKey  bool      // the viewer wants a keyframe, and none was asked for yet
	fell      backoff   // since frames were dropped
	requested backoff   // since a keyframe was asked for because the viewer wants it
	quiet     time.Time // when the last frame went
	missed    time.Time // when the viewer last missed packets
	excused   bool      // it asked for a keyframe since, and was taken to be impatient
	probes    bool      // a probe is wanted
	key       bool      // a keyframe is being sent

	// Owned by run.
	out         *transmitter
	pacing      pacing // how fast packets leave
	link        pacing // when the network has carried them, if the estimate is right
	history     history
	repair      repair
	frame       *frame // being sent
	next        int    // of its packets
	sequences   struct{ video, audio, retransmission uint16 }
	retransmits uint32
	playout     playout
	start       uint16 // the first packet of the newest keyframe, or of the history: nobody needs what went before
	turn        bool   // of the frame, after a packet was sent again
	blocked     bool   // there was no path for the last packet
	blockedAt   uint32 // of paths
}

func newSender(video, audio *track, writeRTCP func([]rtcp.Packet) error) *sender {
	s := &sender{
		video: video, audio: audio, network: newNetwork(), writeRTCP: writeRTCP,
		needsKey: func() {}, controls: func() bool { return false }, sent: func(time.Duration) {},
		wake: make(chan struct{}, 1), bunch: new(bunch.Bunch),
	}
	s.out = newTransmitter(s.network.sent)
	s.layer.Store(wire.LayerNone)
	s.sequences.video, s.sequences.audio, s.sequences.retransmission = firstSequence(), firstSequence(), firstSequence()
	return s
}

// firstSequence is in the lower half: who misses the first packets must not have missed that the numbers began again, or it
// would never know the key of what follows (RFC 3711 section 3.3.1).
func firstSequence() uint16 { return uint16(rand.N(1 << 15)) }

func (s *sender) awake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// picture takes a frame without waiting, or says that it can't: then all that waits is dropped, and only a keyframe helps.
func (s *sender) picture(f *frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.key {
		s.clear()
		s.behind, s.broken, s.wantsKey = false, false, false
	} else if len(s.pictures) > 0 {
		limit := maxWait
		if s.key {
			limit += keyWait
		}
		if len(s.pictures) >= pictureQueue || span(s.waiting+f.bytes, s.estimate()) > limit {
			s.fallBehind(time.Now())
			s.awake()
			return false
		}
	}
	s.pictures = append(s.pictures, f)
	s.waiting += f.bytes
	s.awake()
	return true
}

func (s *sender) clear() {
	clear(s.pictures)
	s.pictures, s.waiting = s.pictures[:0], 0
}

// pop takes the first out of a short queue and keeps the queue's memory.
func pop[T any](queue *[]T) T {
	first := (*queue)[0]
	n := copy(*queue, (*queue)[1:])
	clear((*queue)[n:])
	*queue = (*queue)[:n]
	return first
}

// leave drops what waits: no picture is wanted any more.
func (s *sender) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	s.behind, s.broken, s.wantsKey, s.lost = false, false, false, s.lost[:0]
}

// probe has packets of the past sent in one burst: how fast they arrive says what the network carries.
func (s *sender) probe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.probes = true
	s.awake()
}

// sound takes a block without waiting. When too many wait the oldest goes: the viewer's decoder conceals 10 ms.
func (s *sender) sound(f *frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sounds) >= soundQueue {
		pop(&s.sounds)
	}
	s.sounds = append(s.sounds, f)
	s.awake()
}

// nack takes the numbers of packets of the picture that did not arrive.
func (s *sender) nack(pairs []rtcp.NackPair) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missed = time.Now()
	for i := range pairs {
		pairs[i].Range(func(sequence uint16) bool {
			s.counters.nacks.Add(1)
			if len(s.lost) < lostQueue && !s.broken {
				s.lost = append(s.lost, sequence)
			}
			return true
		})
	}
	s.awake()
}

// estimate is what may be sent in bits per second, and a bold guess before the viewer reported.
func (s *sender) estimate() int {
	if !s.network.heard() {
		return firstRate
	}
	return s.network.rate()
}

// pace is how fast packets leave, in bits per second.
func (s *sender) pace() int {
	if !s.network.heard() {
		return firstRate
	}
	factor := paceFactor
	if s.network.full.Load() {
		factor = paceFull
	}
	return int(factor * float64(s.network.rate()))
}

// run sends until the context ends.
func (s *sender) run(ctx context.Context) {
	timer := time.NewTimer(forever)
	defer timer.Stop()
	for ctx.Err() == nil {
		wait := s.step()
		var over <-chan time.Time
		if wait < forever {
			timer.Reset(wait)
			over = timer.C
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-over:
		}
	}
}

// step sends all that may go now and returns how long the rest must wait.
func (s *sender) step() time.Duration {
	s.bunch.Begin()
	defer s.bunch.End()
	s.burst()
	now, sent := time.Now(), false
	defer func() {
		if sent {
			s.report(now)
		}
	}()
	for {
		now = time.Now()
		wait := s.pacing.wait(now, s.pace())
		sound, lost, again := s.take(wait == 0)
		if sound != nil {
			s.sendSound(sound, now)
			sent = true
			continue
		}
		switch {
		case again:
			s.turn = true
			if p := s.history.get(lost); p != nil && int16(lost-s.start) >= 0 && s.history.asked(p, now, s.network.gap()) {
				s.resend(lost, now, &s.counters.retransmissions)
				s.repair.again(lost, len(p.frame.payloads[p.index]), s.network.lossy(), s.network.state(), now)
			}
		case wait == 0 && s.repeat(now):
		case s.frame != nil && wait == 0:
			s.sendPicture(now)
			sent = true
		case wait > 0:
			return wait
		default:
			return min(s.catchUp(now), s.repair.wait(now))
		}
	}
}

// take is what goes next when there is room for the picture, and begins a frame when none is under way.
func (s *sender) take(room bool) (sound *frame, lost uint16, again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sounds) > 0 {
		return pop(&s.sounds), 0, false
	}
	if s.frame == nil && len(s.pictures) > 0 {
		s.frame, s.next = pop(&s.pictures), 0
		s.waiting -= s.frame.bytes
		s.key = s.frame.key
	}
	// By turns: a flood of NACKs shall not keep back what could end it.
	if len(s.lost) > 0 && room && !(s.turn && s.frame != nil) {
		return nil, pop(&s.lost), true
	}
	return nil, 0, false
}

// burst sends packets of the past at once when a probe is wanted.
func (s *sender) burst() {
	s.mu.Lock()
	wanted := s.probes
	s.probes = false
	s.mu.Unlock()
	if !wanted {
		return
	}
	now := time.Now()
	for _, sequence := range s.repair.probe(&s.history, s.sequences.video, now) {
		s.resend(sequence, now, &s.counters.duplicates)
	}
}

func (s *sender) sendSound(f *frame, now time.Time) {
	a := s.audio.agreed.Load()
	if a == nil {
		return
	}
	for i, payload := range f.payloads {
		o := outgoing{
			ssrc: a.ssrc, payloadType: a.payloadType, sequence: s.sequences.audio, timestamp: f.timestamp,
			marker: f.marker && i == len(f.payloads)-1,
		}
		if s.audio.packets.Load() < midPackets {
			o.mid = s.audio.mid()
		}
		bytes, err := s.out.write(a, o, payload, now)
		if err != nil {
			return
		}
		s.sequences.audio++
		s.count(s.audio, bytes, len(payload), now)
	}
	s.audio.frames.Add(1)
	s.audio.last = f
}

// sendPicture sends the next packet of the frame.
func (s *sender) sendPicture(now time.Time) {
	f, i := s.frame, s.next
	a := s.video.agreed.Load()
	if a == nil {
		s.dropped(false)
		return
	}
	last := i == len(f.payloads)-1
	o := outgoing{
		ssrc: a.ssrc, payloadType: a.payloadType, sequence: s.sequences.video, timestamp: f.timestamp, marker: f.marker && last,
	}
	if i == 0 {
		// It is said again with each, for packets get lost and the page keeps the last word.
		loss := s.network.lossy()
		if a.retransmission.ssrc == 0 {
			loss = 0 // what is missing will not come
		}
		o.delay = s.playout.next(s.controls(), loss, s.network.state().RTT, now)
		if f.key {
			s.start = o.sequence
		}
	}
	if s.video.packets.Load() < midPackets {
		o.mid = s.video.mid()
	}
	paths := s.paths.Load()
	bytes, err := s.out.write(a, o, f.payloads[i], now)
	if errors.Is(err, errNotReady) {
		// Nothing of it will be seen, nor of what builds on it.
		s.blocked, s.blockedAt = true, paths
		s.dropped(true)
		return
	}
	// Any other failure is a packet lost, to be asked for again.
	s.history.put(s.sequences.video, f, i, now)
	s.sequences.video++
	if s.sequences.video-s.start > historySize {
		s.start = s.sequences.video - historySize
	}
	s.count(s.video, bytes, len(f.payloads[i]), now)
	s.turn = false
	s.next++
	if last {
		s.finish(a, now)
	}
}

// dropped ends the frame that was being sent, of which no more will go.
func (s *sender) dropped(behind bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frame, s.key = nil, false
	s.behind = s.behind || behind
}

// finish ends the frame that is being sent.
func (s *sender) finish(a *agreement, now time.Time) {
	f := s.frame
	s.video.frames.Add(1)
	s.video.last = f
	s.counters.delays.add(now.Sub(f.at))
	s.sent(now.Sub(f.at))
	if a.retransmission.ssrc != 0 {
		first := s.sequences.video - uint16(len(f.payloads))
		s.repair.sent(f, first, s.network.lossy(), s.network.state(), now)
	}
	s.mu.Lock()
	s.frame, s.key = nil, false
	s.quiet, s.excused = now, false
	s.mu.Unlock()
}

func (s *sender) count(t *track, bytes, octets int, now time.Time) {
	t.packets.Add(1)
	t.octets.Add(uint32(octets))
	s.took(bytes, now)
}

func (s *sender) took(bytes int, now time.Time) {
	s.blocked = false
	s.pacing.took(now, bytes, s.pace())
	s.link.took(now, bytes, s.estimate())
	if most := now.Add(linkBuffer); s.link.empty.After(most) {
		s.link.empty = most // what is more than that has been dropped on the way
	}
	s.counters.bytes.Add(uint64(bytes))
}

// resend sends a packet of the past once more: by RFC 4588, for SRTP must not encrypt two different packets of one number,
// and they would differ in their transport-wide ones. A viewer without that asks for a keyframe when it must.
func (s *sender) resend(sequence uint16, now time.Time, counter *atomic.Uint64) {
	a, p := s.video.agreed.Load(), s.history.get(sequence)
	if a == nil || a.retransmission.ssrc == 0 || p == nil {
		return
	}
	p.sent = now.Sub(s.history.start)
	f := p.frame
	o := outgoing{
		ssrc: a.retransmission.ssrc, payloadType: a.retransmission.payloadType, sequence: s.sequences.retransmission,
		timestamp: f.timestamp, marker: f.marker && int(p.index) == len(f.payloads)-1,
	}
	s.sequences.retransmission++
	if s.retransmits++; s.retransmits <= midPackets {
		o.mid = s.video.mid()
	}
	bytes, err := s.out.write(a, o, s.out.retransmission(sequence, f.payloads[p.index]), now)
	if err != nil {
		return
	}
	counter.Add(1)
	s.took(bytes, now)
}

func (s *sender) report(now time.Time) {
	var reports []rtcp.Packet
	for _, t := range []*track{s.video, s.audio} {
		if report := t.report(now); report != nil {
			reports = append(reports, report)
		}
	}
	if reports != nil {
		_ = s.writeRTCP(reports) // the next one comes in a second, and a closed connection ends the session by itself
	}
}
