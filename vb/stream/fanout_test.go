package stream

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// This file measures what viewers cost the agent: its processor time alone, for they are in a process of their own.

// pagesProcess in the environment makes a test process the pages of BenchmarkFanOut.
const pagesProcess = "TURTUS_BENCH_PAGES"

// letter is a signal between the two processes, and the peer whose page it is to or from.
type letter struct {
	Peer   PeerID      `json:"peer"`
	Signal wire.Signal `json:"signal"`
}

// pagesApart is the process of the pages; it implements Signaller.
type pagesApart struct {
	out *json.Encoder
	mu  sync.Mutex
}

func (p *pagesApart) Signal(to PeerID, signal wire.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.out.Encode(letter{to, signal}) // a process that has ended is seen where its viewers are waited for
}

// startPages starts them, and returns where the Streamer's signals go and what comes back.
func startPages(b *testing.B) (*pagesApart, *json.Decoder) {
	pages := exec.Command(os.Args[0], "-test.run=^$")
	pages.Env = append(os.Environ(), pagesProcess+"=1")
	pages.Stderr = os.Stderr
	in, err := pages.StdinPipe()
	require.NoError(b, err)
	out, err := pages.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, pages.Start())
	b.Cleanup(func() {
		_ = in.Close()
		_ = pages.Wait()
	})
	return &pagesApart{out: json.NewEncoder(in)}, json.NewDecoder(bufio.NewReader(out))
}

// runPages are the pages: they answer, receive and report on what they received, and count nothing themselves.
func runPages() error {
	media, interceptors := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return err
	}
	if err := webrtc.ConfigureTWCCSender(media, interceptors); err != nil {
		return err
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.LoggerFactory = pionLogs{slog.New(slog.DiscardHandler)}
	api := webrtc.NewAPI(webrtc.WithInterceptorRegistry(interceptors), webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(media))
	pages := make(map[PeerID]*webrtc.PeerConnection)
	out := json.NewEncoder(os.Stdout)
	var mu sync.Mutex
	say := func(l letter) {
		mu.Lock()
		defer mu.Unlock()
		_ = out.Encode(l)
	}
	for in := json.NewDecoder(bufio.NewReader(os.Stdin)); ; {
		var l letter
		if err := in.Decode(&l); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		pc := pages[l.Peer]
		if pc == nil {
			var err error
			if pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
				return err
			}
			pages[l.Peer] = pc
			pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
				packet := make([]byte, 1500)
				for {
					if _, _, err := track.Read(packet); err != nil {
						return
					}
				}
			})
			pc.OnICECandidate(func(c *webrtc.ICECandidate) {
				if c != nil {
					init := c.ToJSON()
					say(letter{l.Peer, wire.Signal{Session: l.Signal.Session, Candidate: &wire.ICECandidate{Candidate: &init.Candidate, SdpMid: init.SDPMid}}})
				}
			})
		}
		switch {
		case l.Signal.Description != nil:
			if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: l.Signal.Description.Sdp}); err != nil {
				return err
			}
			answer, err := pc.CreateAnswer(nil)
			if err != nil {
				return err
			}
			if err := pc.SetLocalDescription(answer); err != nil {
				return err
			}
			say(letter{l.Peer, wire.Signal{Session: l.Signal.Session, Description: &wire.SessionDescription{Type: wire.SessionDescriptionTypeAnswer, Sdp: answer.SDP}}})
		case l.Signal.Candidate != nil && *l.Signal.Candidate.Candidate != "":
			if err := pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: *l.Signal.Candidate.Candidate, SDPMid: l.Signal.Candidate.SdpMid}); err != nil {
				return err
			}
		}
	}
}

// BenchmarkFanOut measures what viewers of a film cost the agent beside its encoder, with SRTP and sockets: 30 frames a
// second of 17 kB each, the bytes of the clip of `make bench`. "µs/packet" is of all that they cost, their reports and
// wake-ups included.
func BenchmarkFanOut(b *testing.B) {
	for _, mux := range []bool{false, true} {
		for _, viewers := range []int{1, 11, 51, 201} {
			b.Run(fmt.Sprintf("one port=%v/viewers=%d", mux, viewers), func(b *testing.B) { fanOut(b, viewers, mux) })
		}
	}
}

func fanOut(b *testing.B, viewers int, mux bool) {
	pages, answers := startPages(b)
	cfg := Config{Display: func() string { return "" }, Signaller: pages, Loopback: true, Logger: slog.New(slog.DiscardHandler)}
	if mux {
		cfg.UDPPort = freePort(b)
	}
	s, err := New(cfg)
	require.NoError(b, err)
	b.Cleanup(s.Close)
	go func() {
		for {
			var l letter
			if answers.Decode(&l) != nil {
				return
			}
			s.Signal(l.Peer, l.Signal)
		}
	}()
	for i := range viewers {
		peer := PeerID(fmt.Sprint(i))
		s.Request(peer, "s", nil)
		v := s.viewer(peer, "s")
		require.Eventually(b, func() bool { return v.sender.paths.Load() > 0 }, patience, time.Millisecond)
	}
	everyone := s.everyone()

	payload := make([]byte, maxPayload)
	payload[0] = 1 // one NAL unit of a slice (RFC 6184 section 5.2); nobody decodes it
	film := func(n int) *frame {
		f := &frame{timestamp: uint32(n * videoRate / 30), at: time.Now(), key: n == 0, marker: true}
		for range 14 {
			f.payloads = append(f.payloads, payload)
		}
		f.payloads = append(f.payloads, payload[:620])
		for _, one := range f.payloads {
			f.bytes += len(one)
		}
		return f
	}
	packets := func() (n uint64) {
		for _, v := range everyone {
			n += uint64(v.sender.video.packets.Load())
		}
		return n
	}
	n := 0
	play := func(spell time.Duration) {
		ticker := time.NewTicker(time.Second / 30)
		defer ticker.Stop()
		for end := time.Now().Add(spell); time.Now().Before(end); n++ {
			f := film(n)
			for _, v := range everyone {
				v.sender.picture(f)
			}
			<-ticker.C
		}
	}
	play(time.Second)
	spent := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	var passed, cpu time.Duration
	var sent uint64
	for b.Loop() {
		start, before, already := time.Now(), spent(), packets()
		play(5 * time.Second)
		passed, cpu, sent = passed+time.Since(start), cpu+spent()-before, sent+packets()-already
	}
	b.ReportMetric(float64(cpu.Nanoseconds())/1000/float64(sent), "µs/packet")
	b.ReportMetric(100*cpu.Seconds()/passed.Seconds()/float64(viewers), "%/viewer")
	b.ReportMetric(float64(sent)/passed.Seconds()/float64(viewers), "packets/s/viewer")
	b.ReportMetric(0, "ns/op")
}
