package congestion

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
)

// subject is what holds a flow to a rate.
type subject interface {
	Sent(sequence uint16, bytes int, at time.Time)
	Feedback(fb *rtcp.TransportLayerCC, at time.Time)
	Expire(at time.Time)
	State() State
}

// source is a picture as x264 makes it with constant quality under a cap, and sound.
type source struct {
	// wants is the rate of the picture's content at constant quality in bits per second: frames vary around it. 0 is a still page.
	wants func(at time.Duration) float64
	// keyframe is true when one is asked for in the frame at a time.
	keyframe func(frame int) bool
	sound    bool
	random   *rand.Rand
	bucket   float64 // bits that the cap's buffer of half a second has left
}

const (
	frameRate  = 30
	largest    = 1200
	soundBytes = 160
	soundRate  = (soundBytes + 24) * 8 * 50
)

// frame is the bytes of the next frame.
func (s *source) frame(number int, at time.Duration, target float64) int {
	full := target / 2
	s.bucket = min(s.bucket+target/frameRate, full)
	size := 0.0
	if wants := s.wants(at); wants > 0 {
		size = wants / frameRate * math.Exp(s.random.NormFloat64()*0.5-0.125)
		size = min(max(size, 2000*8), 40_000*8)
		// The encoder spreads what is left: it never spends the whole bucket on one frame.
		size = min(size, max(s.bucket/4, target/frameRate/2))
	}
	if s.keyframe != nil && s.keyframe(number) {
		size = max(min(150_000*8, s.bucket*0.8), size)
	}
	s.bucket -= size
	return int(size / 8)
}

// flow is one viewer: its source, its estimator, and Chromium's reports.
type flow struct {
	subject subject
	source  source
	link    *link
	random  *rand.Rand

	feedbackLoss     float64
	sender, receiver hiccups
	drift            float64 // of the viewer's clock
	pace             float64 // how much faster than the target frames leave, in bunches of 4 ms; 0 for at once

	sequence uint16
	frames   int
	blocks   int
	held     []int         // sizes of the picture's packets that wait for their turn
	next     time.Duration // when it comes
	awake    time.Duration // when the sender is scheduled again
	recorder *twcc.Recorder
	arriving []datagram
	reported time.Duration
	some     bool
	returns  []report

	at       []time.Duration
	states   []State
	received []int // bytes at each tick
	got      int
}

type report struct {
	raw []byte
	at  time.Duration
}

var zero = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (f *flow) send(bytes int, now time.Duration) {
	f.subject.Sent(f.sequence, bytes+24, zero.Add(now))
	f.link.enter(datagram{flow: f, sequence: f.sequence, bytes: bytes + 24}, now)
	f.sequence++
}

func (f *flow) sendFrame(bytes int) {
	for ; bytes > 0; bytes -= largest {
		f.held = append(f.held, min(bytes, largest))
	}
}

func (f *flow) sendHeld(now time.Duration, target int) {
	const bunch = 4 * time.Millisecond
	if now < f.next {
		return
	}
	for allowed := 0.0; len(f.held) > 0 && allowed < float64(bunch)/float64(time.Second); {
		f.send(f.held[0], now)
		if f.pace > 0 {
			allowed += float64(f.held[0]*8) / (f.pace * float64(target))
			f.next = now + time.Duration(allowed*float64(time.Second))
		}
		f.held = f.held[1:]
	}
}

// step is a tick of the sender.
func (f *flow) step(now time.Duration) {
	if f.awake = f.sender.delayed(now); f.awake > now {
		return
	}
	for len(f.returns) > 0 && f.returns[0].at <= now {
		packets, err := rtcp.Unmarshal(f.returns[0].raw)
		f.returns = f.returns[1:]
		if err != nil {
			panic(err)
		}
		for _, p := range packets {
			f.subject.Feedback(p.(*rtcp.TransportLayerCC), zero.Add(now))
		}
	}
	for time.Duration(f.frames)*time.Second/frameRate <= now {
		target := float64(f.subject.State().Target)
		if f.source.sound {
			target = max(target-soundRate, target/2)
		}
		f.sendFrame(f.source.frame(f.frames, now, target))
		f.frames++
	}
	f.sendHeld(now, f.subject.State().Target)
	for time.Duration(f.blocks)*20*time.Millisecond <= now {
		if f.source.sound {
			f.send(soundBytes, now)
		}
		f.blocks++
	}
	if now%(100*time.Millisecond) == 0 {
		f.subject.Expire(zero.Add(now))
	}
}

// receive is a tick of the viewer.
func (f *flow) receive(now time.Duration) {
	for len(f.arriving) > 0 && f.receiver.delayed(f.arriving[0].arrives) <= now {
		d := f.arriving[0]
		f.arriving = f.arriving[1:]
		clock := time.Hour + time.Duration(float64(f.receiver.delayed(d.arrives))*(1+f.drift))
		f.recorder.Record(1, d.sequence, clock.Microseconds())
		f.got += d.bytes
		f.some = true
	}
	interval := 50*time.Millisecond + time.Duration(f.random.Int64N(int64(50*time.Millisecond)))
	if !f.some || now-f.reported < interval {
		return
	}
	f.reported, f.some = now, false
	for _, p := range f.recorder.BuildFeedbackPacket() {
		raw, err := p.Marshal()
		if err != nil {
			panic(err)
		}
		if f.random.Float64() >= f.feedbackLoss {
			f.returns = append(f.returns, report{raw, now + f.link.propagation})
		}
	}
}

// simulate runs flows over their link.
func simulate(l *link, duration time.Duration, flows ...*flow) {
	for now := time.Duration(0); now < duration; now += tick {
		for _, f := range flows {
			f.step(now)
		}
		if l.rival != nil {
			l.rival.step(l, now)
		}
		l.run(now+tick, func(d datagram) {
			if d.flow == nil {
				l.rival.arriving = append(l.rival.arriving, d.arrives)
				return
			}
			d.flow.arriving = append(d.flow.arriving, d)
		})
		for _, f := range flows {
			f.receive(now)
			f.at = append(f.at, now)
			f.states = append(f.states, f.subject.State())
			f.received = append(f.received, f.got)
		}
	}
}
