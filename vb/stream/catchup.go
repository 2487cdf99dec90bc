package stream

import "time"

// This file decides when a keyframe is made for one viewer, which all the others of its layer get too.

const (
	// behindAtMost is the longest pause before a viewer that falls behind again and again gets its next keyframe.
	behindAtMost = 5 * time.Second
	// requestAtMost is the longest pause between two keyframes for a viewer that asks again and again. It is the shorter one:
	// a viewer asks whose picture stands still.
	requestAtMost = 2 * time.Second
	// impatience is how long after the last frame a page may ask for a keyframe out of impatience alone. libwebrtc does, three
	// seconds after a frame, if it had a packet of the picture within five (VideoReceiveStream2, HandleFrameBufferTimeout): on
	// a still page each keyframe would bring about the next one for ever.
	impatience = 2500 * time.Millisecond
)

// backoff is a pause that is twice as long each time, and short again after a quiet that is longer than it can become.
type backoff struct {
	from  time.Time
	pause time.Duration
}

func (r *backoff) begin(now time.Time, most time.Duration) {
	if now.Sub(r.from) > r.pause+most {
		r.pause = 0
	}
	r.from, r.pause = now, min(max(2*r.pause, keyframeGap), most)
}

func (r *backoff) wait(now time.Time) time.Duration { return max(0, r.from.Add(r.pause).Sub(now)) }

// fallBehind drops what waits. What has gone is still of use while it is a keyframe's.
func (s *sender) fallBehind(now time.Time) {
	s.clear()
	s.behind = true
	if !s.key {
		s.broken, s.lost = true, s.lost[:0]
	}
	s.counters.dropped.Add(1)
	s.fell.begin(now, behindAtMost)
}

// keyframeRequested notes that the viewer asks for a keyframe.
func (s *sender) keyframeRequested(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters.requests.Add(1)
	if s.impatient(now) {
		return
	}
	s.wantsKey = true
	s.awake()
}

// impatient tells whether a viewer that asks for a keyframe misses nothing but motion: nothing was sent for long, and no
// packet of it was missed. Once in each quiet it is taken for that; who asks again is in need. It needs the lock.
func (s *sender) impatient(now time.Time) bool {
	if s.excused || s.behind || s.broken || s.quiet.IsZero() || len(s.pictures) > 0 {
		return false
	}
	s.excused = now.Sub(s.quiet) > impatience && now.Sub(s.missed) > impatience
	return s.excused
}

// connected notes that there is a path, perhaps another one.
func (s *sender) connected() {
	s.paths.Add(1)
	s.awake()
}

// catchUp asks for the keyframe that the viewer needs, when all has gone. After frames were dropped that is when the network
// has probably carried it, and without a path never: what is made meanwhile would be lost.
func (s *sender) catchUp(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.behind && !s.wantsKey || s.blocked && s.blockedAt == s.paths.Load() {
		return forever
	}
	wait := forever
	if s.behind {
		wait = max(s.link.empty.Sub(now), s.fell.wait(now))
	}
	if s.wantsKey {
		wait = min(wait, s.requested.wait(now))
	}
	if wait > 0 {
		return wait
	}
	if s.wantsKey {
		s.requested.begin(now, requestAtMost)
	}
	s.behind, s.wantsKey = false, false
	s.needsKey()
	return forever
}
