package stream

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notebook takes packets as pion does, and notes them.
type notebook struct {
	sink
	pathless bool
	streams  []uint32
}

func (w *notebook) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	if w.pathless {
		return 0, nil
	}
	w.streams = append(w.streams, h.SSRC)
	return w.sink.WriteRTP(h, payload)
}

// noted is a sender whose packets are noted: 1 is the picture's stream, 2 that of its retransmissions, 3 the sound's.
func noted() (*sender, *notebook, func(*agreement)) {
	c, w := newClock(time.Now()), &notebook{}
	mid := func() string { return "" }
	video, audio := &track{rate: videoRate, mid: mid, clock: c}, &track{rate: audioRate, mid: mid, clock: c}
	s := newSender(video, audio, func([]rtcp.Packet) error { return nil })
	agree := func(change *agreement) { video.agreed.Store(change) }
	a := &agreement{writer: w, mimeType: webrtc.MimeTypeH264, ssrc: 1, transport: 3}
	a.retransmission.ssrc = 2
	agree(a)
	audio.agreed.Store(&agreement{writer: w, ssrc: 3})
	return s, w, agree
}

// now sends a frame at once.
func (s *sender) now(f *frame, at time.Time) {
	f.at, s.frame, s.next = at, f, 0
	for s.frame != nil {
		s.sendPicture(at)
	}
	s.pacing, s.link, s.repair = pacing{}, pacing{}, repair{}
}

func keyframe(n int) *frame {
	f := packets(n)
	f.key, f.at = true, time.Now()
	return f
}

func lose(sequence uint16) []rtcp.NackPair { return []rtcp.NackPair{{PacketID: sequence}} }

func TestPacketsAreRepairedHoweverLongAgoTheKeyframeWas(t *testing.T) {
	for _, since := range []int{0, 10, 32_767, 32_768, 70_000} {
		s, _, _ := noted()
		long := time.Now().Add(-time.Minute)
		s.now(keyframe(1), long)
		for range since {
			s.now(packets(1), long)
		}
		s.nack(lose(s.sequences.video - 1))
		s.step()
		assert.EqualValues(t, 1, s.counters.retransmissions.Load(), "%d packets after the keyframe", since)
	}
}

func TestWhatWentBeforeAKeyframeIsNotRepaired(t *testing.T) {
	s, _, _ := noted()
	long := time.Now().Add(-time.Minute)
	s.now(packets(1), long)
	s.now(keyframe(1), long)
	s.nack(lose(s.sequences.video - 2))
	s.step()
	assert.Zero(t, s.counters.retransmissions.Load())
}

func TestAKeyframeUnderWayIsRepairedThoughWhatFollowsIsDropped(t *testing.T) {
	s, _, _ := noted()
	s.picture(keyframe(40))
	s.take(true)
	s.sendPicture(time.Now().Add(-time.Minute))
	s.nack(lose(s.start))
	for s.picture(packets(2)) {
	}
	assert.Equal(t, []uint16{s.start}, s.lost)
	s.nack(lose(s.start))
	assert.Len(t, s.lost, 2)
}

func TestWithoutRFC4588NothingIsEncryptedTwice(t *testing.T) {
	s, w, agree := noted()
	agree(&agreement{writer: w, mimeType: webrtc.MimeTypeH264, ssrc: 1, transport: 3})
	long := time.Now().Add(-time.Minute)
	s.now(keyframe(probePackets), long)
	s.frame, s.next = keyframe(1), 0
	s.sendPicture(long)
	assert.Equal(t, forever, s.repair.wait(long), "no tail is repeated")
	s.nack(lose(s.start))
	s.probe()
	s.step()
	assert.Len(t, w.streams, probePackets+1)
}

func TestPacketsWithoutANumberUseNone(t *testing.T) {
	s, w, _ := noted()
	before := s.out.number
	s.sendSound(packets(1), time.Now())
	assert.Equal(t, []uint32{3}, w.streams)
	assert.Equal(t, before, s.out.number)
	s.now(keyframe(1), time.Now())
	assert.Equal(t, before+1, s.out.number)
	w.pathless = true
	s.now(packets(1), time.Now())
	assert.Equal(t, before+1, s.out.number, "what was not written has no number")
}

func TestWithoutAPathNoKeyframeIsAskedForUntilThereIsOne(t *testing.T) {
	for name, comes := range map[string]func(*sender){
		"connected":    func(s *sender) { s.connected() },
		"sound passes": func(s *sender) { s.sound(packets(1)) },
	} {
		t.Run(name, func(t *testing.T) {
			s, w, _ := noted()
			asked := 0
			s.needsKey = func() { asked++ }
			w.pathless = true
			require.True(t, s.picture(keyframe(3)))
			assert.Equal(t, forever, s.step())
			s.keyframeRequested(time.Now())
			s.sound(packets(1))
			assert.Equal(t, forever, s.step())
			assert.Zero(t, asked)
			w.pathless = false
			comes(s)
			s.link = pacing{}
			for s.step() != forever {
				s.link = pacing{}
			}
			assert.Equal(t, 1, asked)
		})
	}
}

func TestWhoFallsBehindAgainAndAgainWaitsLonger(t *testing.T) {
	s, _, _ := noted()
	now := time.Now()
	var pauses []time.Duration
	for range 9 {
		s.fallBehind(now)
		pauses = append(pauses, s.fell.pause)
		now = now.Add(s.fell.pause + 300*time.Millisecond) // its keyframe came, and was too much again
	}
	ms := time.Millisecond
	assert.Equal(t, []time.Duration{150 * ms, 300 * ms, 600 * ms, 1200 * ms, 2400 * ms, 4800 * ms, behindAtMost, behindAtMost, behindAtMost}, pauses)
	s.fallBehind(now.Add(2*behindAtMost + time.Second))
	assert.Equal(t, keyframeGap, s.fell.pause, "quiet makes up for it")
}

func TestWhoPleadsAgainAndAgainIsHeardMoreRarely(t *testing.T) {
	s, _, _ := noted()
	asked := 0
	s.needsKey = func() { asked++ }
	now := time.Now()
	for range 1000 { // ten seconds
		s.keyframeRequested(now)
		s.catchUp(now)
		now = now.Add(10 * time.Millisecond)
	}
	assert.Equal(t, 8, asked, "at 0, 0.15, 0.45, 1.05, 2.25, 4.25, 6.25, 8.25 seconds")
	s.keyframeRequested(time.Now())
	s.picture(keyframe(1))
	assert.False(t, s.wantsKey, "the one that comes anyway will do")
	s.keyframeRequested(now.Add(time.Minute))
	s.catchUp(now.Add(time.Minute))
	assert.Equal(t, 9, asked)
	assert.Equal(t, keyframeGap, s.requested.pause)
}

func TestAStillPictureBringsNoKeyframeToWhoIsOnlyImpatient(t *testing.T) {
	s, _, _ := noted()
	asked := 0
	s.needsKey = func() { asked++ }
	now := time.Now()
	request := func(after time.Duration) int {
		s.keyframeRequested(now.Add(after))
		s.catchUp(now.Add(after))
		return asked
	}
	s.now(keyframe(3), now)
	assert.Equal(t, 0, request(3*time.Second), "three seconds after the last frame")
	assert.Equal(t, 1, request(6*time.Second), "asked again: it is in need")

	now = now.Add(time.Minute)
	s.now(packets(1), now)
	assert.Equal(t, 1, request(3*time.Second), "another quiet")

	now = now.Add(time.Minute)
	s.now(packets(1), now)
	assert.Equal(t, 2, request(time.Second), "soon after a frame: it could not be decoded")

	now = now.Add(time.Minute)
	s.now(packets(1), now)
	s.missed = now.Add(time.Second)
	assert.Equal(t, 3, request(3*time.Second), "packets were missed")
}

func TestReportsGoWhileFramesWait(t *testing.T) {
	s, _, _ := noted()
	reports := 0
	s.writeRTCP = func(p []rtcp.Packet) error {
		reports += len(p)
		return nil
	}
	s.network.reports.Add(1)
	s.network.target.Store(1_000_000)
	s.picture(keyframe(1))
	s.picture(packets(1))
	s.sound(packets(200))
	require.Less(t, s.step(), forever)
	assert.Positive(t, s.pacing.wait(time.Now(), s.pace()))
	assert.Equal(t, 1, reports)
}

func TestAReportAfterALongStillnessIsRight(t *testing.T) {
	s, _, _ := noted()
	now := time.Now()
	for _, ago := range []time.Duration{time.Hour, 30 * time.Hour, 1000 * time.Hour} {
		at := now.Add(-ago)
		s.video.reported, s.video.last = time.Time{}, &frame{at: at, timestamp: s.video.clock.timestamp(at, videoRate)}
		off := int32(s.video.report(now).RTPTime - s.video.clock.timestamp(now, videoRate))
		assert.LessOrEqual(t, max(off, -off), int32(1), ago)
	}
}

func TestWithTheAgreementGoesTheFrameUnderWay(t *testing.T) {
	s, _, agree := noted()
	s.picture(keyframe(3))
	s.take(true)
	require.True(t, s.key)
	agree(nil)
	s.sendPicture(time.Now())
	assert.Nil(t, s.frame)
	assert.False(t, s.key)
}
