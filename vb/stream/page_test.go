package stream

import (
	"encoding/json"
	"image/color"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/vb/codec"
	"turtus/vb/codec/codectest"
	"turtus/vb/link"
)

// received is one frame.
type received struct {
	codectest.Frame
	key       bool
	timestamp uint32
}

// page is a viewer: a peer connection that answers, decodes and drives.
type page struct {
	t       testing.TB
	room    *room
	peer    PeerID
	session SessionID
	pc      *webrtc.PeerConnection
	signals chan wire.Signal
	done    chan struct{}
	track   chan *webrtc.TrackRemote
	opus    chan *rtp.Packet
	events  chan wire.Envelope

	mu       sync.Mutex
	channels map[string]*webrtc.DataChannel
	opened   chan string
	repeated int // packets of the picture that came again
	byRTX    int // packets of the picture that came by RFC 4588
	whole    int // frames of the picture that came
	reports  []*rtcp.SenderReport
	codec    string
	frames   chan encoded
	offers   []string
	told     []string // addresses of the agent's candidates

	packets atomic.Uint64 // when light

	deaf   bool
	only   string
	narrow *link.Config
	links  chan *link.Link // the one that there is, when it is
	linked string          // where it leads; owned by negotiate
}

type encoded struct {
	data      []byte
	timestamp uint32
	packets   []*rtp.Packet
	at        time.Time // it was whole, and so was all before
}

func (r *room) open(peer PeerID, session SessionID, kinds ...codec.VideoKind) *page {
	r.t.Helper()
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.LoggerFactory = pionLogs{slog.New(slog.DiscardHandler)}
	if r.networks != nil {
		settings.SetNetworkTypes(r.networks)
	}
	if r.network != nil {
		settings.SetICEUDPMux(webrtc.NewICEUDPMux(nil, r.network))
	}
	media := &webrtc.MediaEngine{}
	if r.plain {
		require.NoError(r.t, media.RegisterCodec(codecH264, webrtc.RTPCodecTypeVideo))
		require.NoError(r.t, media.RegisterCodec(codecOpus, webrtc.RTPCodecTypeAudio))
	} else {
		require.NoError(r.t, media.RegisterDefaultCodecs())
	}
	require.NoError(r.t, media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: playoutDelayURI}, webrtc.RTPCodecTypeVideo))
	interceptors := &interceptor.Registry{}
	if r.light {
		require.NoError(r.t, webrtc.ConfigureTWCCSender(media, interceptors))
	} else {
		require.NoError(r.t, webrtc.RegisterDefaultInterceptors(media, interceptors))
	}
	api := webrtc.NewAPI(webrtc.WithInterceptorRegistry(interceptors), webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(media))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	require.NoError(r.t, err)
	room := 10000
	if r.light {
		room = 1
	}
	p := &page{
		t: r.t, room: r, peer: peer, session: session, pc: pc,
		signals: make(chan wire.Signal, 1000), done: make(chan struct{}), track: make(chan *webrtc.TrackRemote, 2),
		opus: make(chan *rtp.Packet, room), events: make(chan wire.Envelope, room), frames: make(chan encoded, room),
		channels: make(map[string]*webrtc.DataChannel), opened: make(chan string, 3),
		deaf: r.deaf, only: r.only, narrow: r.narrow, links: make(chan *link.Link, 1),
	}
	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		if r.light {
			p.count(track)
			return
		}
		go p.readReports(receiver)
		if track.Kind() == webrtc.RTPCodecTypeAudio {
			p.readSound(track)
			return
		}
		p.readPicture(track)
	})
	pc.OnDataChannel(func(dc *webrtc.DataChannel) {
		p.mu.Lock()
		p.channels[dc.Label()] = dc
		p.mu.Unlock()
		dc.OnOpen(func() { p.opened <- dc.Label() })
		dc.OnMessage(func(m webrtc.DataChannelMessage) {
			var e wire.Envelope
			if !r.light && json.Unmarshal(m.Data, &e) == nil {
				p.events <- e
			}
		})
	})
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil && p.narrow == nil && p.only == "" {
			init := c.ToJSON()
			r.Streamer.Signal(peer, wire.Signal{Session: string(session), Candidate: &wire.ICECandidate{Candidate: &init.Candidate, SdpMid: init.SDPMid}})
		}
	})
	r.mu.Lock()
	r.pages[peer] = p
	r.mu.Unlock()
	go p.negotiate()
	r.t.Cleanup(p.close)
	r.Request(peer, session, kinds)
	return p
}

func (p *page) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.done:
		return
	default:
	}
	close(p.done)
	_ = p.pc.GracefulClose()
	if len(p.links) > 0 {
		(<-p.links).Close()
	}
}

// link is the page's link, once it is there.
func (p *page) link() *link.Link {
	l := <-p.links
	p.links <- l
	return l
}

func (p *page) negotiate() {
	for {
		var s wire.Signal
		select {
		case <-p.done:
			return
		case s = <-p.signals:
		}
		switch {
		case s.Session != string(p.session):
		case s.Description != nil:
			p.mu.Lock()
			p.offers = append(p.offers, s.Description.Sdp)
			p.mu.Unlock()
			if p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: s.Description.Sdp}) != nil {
				return
			}
			answer, err := p.pc.CreateAnswer(nil)
			if err != nil || p.pc.SetLocalDescription(answer) != nil {
				return
			}
			told := answer.SDP
			if p.deaf {
				told = withoutReports(told)
			}
			p.room.Streamer.Signal(p.peer, wire.Signal{Session: s.Session, Description: &wire.SessionDescription{
				Type: wire.SessionDescriptionTypeAnswer, Sdp: told,
			}})
		case s.Candidate != nil && *s.Candidate.Candidate != "" && p.narrow != nil:
			to, ok := link.Target(*s.Candidate.Candidate)
			if ok && len(p.links) > 0 && p.linked == to { // an ICE restart on the same port
				_ = p.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: p.link().Candidate(*s.Candidate.Candidate), SDPMid: s.Candidate.SdpMid})
			}
			if !ok || len(p.links) > 0 {
				continue
			}
			cfg := *p.narrow
			cfg.To, p.linked = to, to
			l, err := link.New(cfg)
			if err != nil {
				p.t.Errorf("link: %v", err)
				return
			}
			p.links <- l
			_ = p.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: l.Candidate(*s.Candidate.Candidate), SDPMid: s.Candidate.SdpMid})
		case s.Candidate != nil && *s.Candidate.Candidate != "":
			p.hear(*s.Candidate)
		}
	}
}

func (p *page) readReports(receiver *webrtc.RTPReceiver) {
	for {
		packets, _, err := receiver.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			if report, ok := packet.(*rtcp.SenderReport); ok {
				p.mu.Lock()
				p.reports = append(p.reports, report)
				p.mu.Unlock()
			}
		}
	}
}

func (p *page) count(track *webrtc.TrackRemote) {
	buffer := make([]byte, 1500)
	for {
		if _, _, err := track.Read(buffer); err != nil {
			return
		}
		p.packets.Add(1)
	}
}

func (p *page) readSound(track *webrtc.TrackRemote) {
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		p.opus <- packet
	}
}

func (p *page) readPicture(track *webrtc.TrackRemote) {
	p.mu.Lock()
	p.codec = track.Codec().MimeType
	p.mu.Unlock()
	p.track <- track
	newDepacketiser := func() rtp.Depacketizer {
		if track.Codec().MimeType == webrtc.MimeTypeVP8 {
			return &codecs.VP8Packet{}
		}
		return &codecs.H264Packet{}
	}
	depacketiser := newDepacketiser()
	var frame encoded
	var started bool
	var expected uint16
	early := make(map[uint16]*rtp.Packet) // ahead of one that is missing
	take := func(packet *rtp.Packet) {
		payload, err := depacketiser.Unmarshal(packet.Payload)
		if err != nil {
			p.t.Errorf("payload: %v", err)
			return
		}
		frame.data = append(frame.data, payload...)
		frame.packets = append(frame.packets, packet)
		if packet.Marker {
			frame.timestamp, frame.at = packet.Timestamp, time.Now()
			p.frames <- frame
			frame = encoded{}
			p.mu.Lock()
			p.whole++
			p.mu.Unlock()
		}
	}
	for {
		packet, attributes, err := track.ReadRTP()
		if err != nil {
			return
		}
		if len(packet.Payload) == 0 {
			continue
		}
		if attributes.Get(webrtc.AttributeRtxSsrc) != nil {
			p.mu.Lock()
			p.byRTX++
			p.mu.Unlock()
		}
		if !started {
			started, expected = true, packet.SequenceNumber
		}
		if int16(packet.SequenceNumber-expected) < 0 {
			p.mu.Lock()
			p.repeated++
			p.mu.Unlock()
			continue
		}
		early[packet.SequenceNumber] = packet
		if early[expected] == nil {
			// As browsers do: a whole keyframe makes what is missing before it superfluous.
			if start, there := wholeKeyframe(p.kind(), early); there {
				for sequence := range early {
					if int16(sequence-start) < 0 {
						delete(early, sequence)
					}
				}
				expected, frame, depacketiser = start, encoded{}, newDepacketiser()
			}
		}
		for early[expected] != nil {
			take(early[expected])
			delete(early, expected)
			expected++
		}
	}
}

// received is how many frames came so far.
func (p *page) received() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.whole
}

func (p *page) kind() codec.VideoKind {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.codec == webrtc.MimeTypeVP8 {
		return codec.VP8
	}
	return codec.H264
}

func (p *page) next() encoded {
	p.t.Helper()
	select {
	case f := <-p.frames:
		return f
	case <-time.After(patience):
		p.t.Fatalf("%s got no frame", p.peer)
		return encoded{}
	}
}

// shows decodes all that comes until the picture has a colour at a place, and returns how many frames that took.
func (p *page) shows(d *decoder, x, y int, want color.RGBA) int {
	p.t.Helper()
	for n := 1; ; n++ {
		f := d.decode(p.next())
		if x < f.Width && y < f.Height && near(f.At(x, y), want) { // it may be of the screen before
			return n
		}
	}
}

// channel returns an open data channel.
func (p *page) channel(label string) *webrtc.DataChannel {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		dc := p.channels[label]
		p.mu.Unlock()
		if dc != nil && dc.ReadyState() == webrtc.DataChannelStateOpen {
			return dc
		}
		select {
		case <-p.opened:
		case <-deadline:
			p.t.Fatalf("channel %s does not open", label)
		}
	}
}

func (p *page) send(in wire.Input) {
	p.t.Helper()
	label := wire.ChannelInput
	if in.Op == wire.InputMove || in.Copy {
		label = wire.ChannelPointer
	}
	require.NoError(p.t, p.channel(label).Send(wire.AppendInput(nil, in)))
}

// event waits for an event of one of the types, and returns it; others are passed over.
func (p *page) event(types ...string) wire.Envelope {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case e := <-p.events:
			if slices.Contains(types, e.Type) {
				return e
			}
		case <-deadline:
			p.t.Fatalf("%s got no event %v", p.peer, types)
		}
	}
}

// control waits until the page is told of an epoch, and returns whether control is its own.
func (p *page) control(epoch uint32) bool {
	p.t.Helper()
	for {
		c, err := wire.Decode[wire.ControlEvent](p.event(wire.EventControl))
		require.NoError(p.t, err)
		if c.Epoch == int64(epoch) {
			return c.Yours
		}
	}
}

func (p *page) refusal() wire.ErrorCode {
	p.t.Helper()
	e, err := wire.Decode[wire.WSError](p.event(wire.EventError))
	require.NoError(p.t, err)
	return e.Code
}

func (p *page) pli(track *webrtc.TrackRemote) {
	p.t.Helper()
	require.NoError(p.t, p.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}}))
}
