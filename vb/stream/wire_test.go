package stream

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/vb/codec"
	"turtus/vb/desktop/desktoptest"
	"turtus/vb/sound"
	"turtus/vb/sound/soundtest"
)

// This file tests what travels: ports, extensions, reports, retransmission, and who is too slow for it.

// freePort is a port, free over UDP and TCP, of those that no system gives out by itself.
func freePort(t testing.TB) int {
	t.Helper()
	for {
		port := 10_000 + rand.IntN(20_000)
		conn, err := net.ListenUDP("udp", &net.UDPAddr{Port: port})
		if err != nil {
			continue
		}
		require.NoError(t, conn.Close())
		if listener, err := net.Listen("tcp", ":"+strconv.Itoa(port)); err == nil {
			require.NoError(t, listener.Close())
			return port
		}
	}
}

func TestOnePortServesAllViewers(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	port := freePort(t)
	r := newRoom(t, display, func(cfg *Config) { cfg.UDPPort = port })
	for _, p := range []*page{r.open("ann", "s1"), r.open("ben", "s2")} {
		p.decoder().decode(p.next())
		for _, line := range strings.Split(p.pc.RemoteDescription().SDP, "\r\n") {
			if strings.HasPrefix(line, "a=candidate:") {
				assert.Contains(t, line, " "+strconv.Itoa(port)+" typ host")
			}
		}
	}
}

func TestTheOfferIsWhatPagesNeed(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	p := newRoom(t, display, nil).open("ann", "s1")
	p.decoder().decode(p.next())
	p.mu.Lock()
	offer := p.offers[0]
	p.mu.Unlock()
	for _, want := range []string{
		"profile-level-id=42e01f", "packetization-mode=1", "level-asymmetry-allowed=1", "useinbandfec=1", "sprop-stereo=1",
		"stereo=1", "minptime=10", "nack pli", "ccm fir", "transport-cc", playoutDelayURI, "urn:ietf:params:rtp-hdrext:sdes:mid", "a=sendonly", "apt=102",
		"a=ssrc-group:FID ", "transport-wide-cc-extensions-01",
	} {
		assert.Contains(t, offer, want)
	}
	assert.Less(t, strings.Index(offer, "H264/90000"), strings.Index(offer, "VP8/90000"))
}

func TestOnlyTheControllersFramesAreShownWithoutDelay(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	window := desktoptest.OpenWindow(t, display, whole)
	r := newRoom(t, display, nil)
	p := r.open("ann", "s1")
	d := p.decoder()
	first := p.next()
	d.decode(first)
	id := uint8(0)
	for _, e := range p.pc.GetReceivers()[0].GetParameters().HeaderExtensions {
		if e.URI == playoutDelayURI {
			id = uint8(e.ID)
		}
	}
	require.NotZero(t, id)
	assert.Nil(t, first.packets[0].GetExtension(id))
	// shown is what the next frames say, when they all say the same.
	colour := red
	says := func(want []byte) {
		t.Helper()
		for n := 0; ; n++ {
			require.Less(t, n, 1000)
			colour.R, colour.G = colour.G, colour.R
			window.Fill(whole, colour)
			f := p.next()
			d.decode(f)
			if assert.ObjectsAreEqual(want, f.packets[0].GetExtension(id)) {
				return
			}
		}
	}
	r.SetControl(ControlHolder{Peer: "ann", Epoch: 1})
	says([]byte{0, 0, 0})
	r.SetControl(ControlHolder{Peer: "ben", Epoch: 2})
	says([]byte{0, relaxedDelay >> 8, relaxedDelay & 0xff})
}

func TestALostPacketIsSentAgain(t *testing.T) {
	p := newRoom(t, desktoptest.StartXvfb(t, 320, 240), nil).open("ann", "s1")
	first := p.next()
	track := <-p.track
	nack := &rtcp.TransportLayerNack{
		MediaSSRC: uint32(track.SSRC()), Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{first.packets[0].SequenceNumber}),
	}
	require.Eventually(t, func() bool {
		require.NoError(t, p.pc.WriteRTCP([]rtcp.Packet{nack}))
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.repeated > 0 && p.byRTX > 0
	}, patience, 20*time.Millisecond)
	counters := &p.room.viewer("ann", "s1").sender.counters
	assert.LessOrEqual(t, counters.retransmissions.Load(), counters.nacks.Load())
}

func TestWhatIsAgreedForThePictureAloneIsNotForTheSound(t *testing.T) {
	r := newRoom(t, desktoptest.StartXvfb(t, 320, 240), nil)
	r.deaf = true
	r.open("ann", "s1").next()
	s := r.viewer("ann", "s1").sender
	assert.NotZero(t, s.video.agreed.Load().transport)
	assert.Zero(t, s.audio.agreed.Load().transport)
}

func TestReportsTieSoundAndPictureToOneClock(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	server := soundtest.StartPulse(t)
	soundtest.PlayTone(t, server, 440, 0.5)
	r := newRoom(t, display, func(cfg *Config) {
		cfg.Sound = func() sound.Config { return sound.Config{Server: server} }
	})
	p := r.open("ann", "s1")
	p.next()
	<-p.opus
	clock := r.Streamer.picture.clock
	seen := map[string]bool{}
	require.Eventually(t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, report := range p.reports {
			at := ntpTime(clock, report.NTPTime)
			name, rate, slack := "picture", int64(videoRate), int32(videoRate/1000)
			for _, receiver := range p.pc.GetReceivers() {
				if track := receiver.Track(); track != nil && uint32(track.SSRC()) == report.SSRC && track.Kind() == webrtc.RTPCodecTypeAudio {
					name, rate, slack = "sound", audioRate, int32(soundDrift*audioRate/time.Second)
				}
			}
			off := int32(report.RTPTime - clock.timestamp(at, rate))
			assert.LessOrEqual(t, max(off, -off), slack, name)
			seen[name] = true
		}
		return seen["picture"] && seen["sound"]
	}, patience, 5*time.Millisecond)
}

// ntpTime is the monotonic time that a clock's NTP time stands for.
func ntpTime(c clock, ntp uint64) time.Time {
	seconds := int64(ntp>>32) - 2208988800
	nanoseconds := int64((ntp & 0xffffffff) * 1e9 >> 32)
	return c.start.Add(time.Duration(seconds*1e9 + nanoseconds - c.start.UnixNano()))
}

func TestAViewerWhoIsTooSlowGetsAKeyframeWhenItHasCaughtUp(t *testing.T) {
	c := newClock(time.Now())
	p := newPicture(Config{FrameRate: 30, Width: 320, Height: 240, Display: func() string { return "" }}, c, newHealth(func() {}), newMetrics(), func(int, int) {})
	asked := make(chan struct{}, 10)
	join := func() *member {
		s := newSender(&track{clock: c}, &track{clock: c}, func([]rtcp.Packet) error { return nil })
		s.needsKey = func() { asked <- struct{}{} }
		m := &member{sender: s, kind: codec.H264, wish: wish{quality: wire.QualityAuto}}
		p.members[s] = m
		p.place(m)
		return m
	}
	slow, quick := join(), join()
	l := p.layers[layerKey{kind: codec.H264}]
	deliver := func(f *frame) { p.deliver(map[*layer]*frame{l: f}) }
	deliver(&frame{})
	assert.Empty(t, slow.pictures, "newcomers wait for a keyframe")
	deliver(&frame{key: true})
	for range pictureQueue {
		deliver(&frame{})
		quick.clear()
	}
	assert.False(t, slow.ready)
	assert.True(t, quick.ready, "nobody else waits")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		slow.run(ctx)
	}()
	<-asked
	deliver(&frame{})
	assert.False(t, slow.ready)
	deliver(&frame{key: true})
	assert.True(t, slow.ready)
	cancel()
	<-done
}

// withoutReports is a description without the transport-wide numbers of the sound's packets.
func withoutReports(description string) string {
	sections := strings.Split(description, "\r\nm=")
	for i, section := range sections {
		if strings.HasPrefix(section, "audio") {
			lines := strings.Split(section, "\r\n")
			sections[i] = strings.Join(slices.DeleteFunc(lines, func(line string) bool {
				return strings.HasPrefix(line, "a=extmap:") && strings.Contains(line, sdp.TransportCCURI)
			}), "\r\n")
		}
	}
	return strings.Join(sections, "\r\nm=")
}
