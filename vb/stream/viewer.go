package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"golang.org/x/time/rate"

	"turtus/services/wire"
	"turtus/vb/codec"
	"turtus/vb/stream/bunch"
)

const (
	// connectTimeout is how long a session may take from its request to its first connection.
	connectTimeout = 30 * time.Second
	// signalQueue is how many signals may wait for a session; a page sends some twenty.
	signalQueue = 128
	// maxCandidates bounds what a page may have us check.
	maxCandidates = 64
)

// viewer is one session: a peer connection with its two tracks and three data channels. The goroutine of run owns the
// negotiation. pion's goroutines have ended when run returns, the sender's and a late wish end with ctx: the Streamer waits.
type viewer struct {
	streamer *Streamer
	peer     PeerID
	session  SessionID
	logger   *slog.Logger
	ctx      context.Context
	cancel   context.CancelCauseFunc

	pc       *webrtc.PeerConnection
	bunch    bunch.Bunch // of its sockets
	sender   *sender
	channels *channels
	mailbox  chan func() error
	// wishes bounds how often this viewer may change what it wants to see.
	wishes *rate.Limiter

	// Owned by run.
	remote     bool // there is a remote description
	candidates []webrtc.ICECandidateInit
	openings   []webrtc.ICECandidate // that the page was told of with the present offer
	seen       int
	connected  bool
	outage     outage
	wish       wish
	wishLater  bool // it changes too often, and will be heeded in a while
}

func newViewer(s *Streamer, peer PeerID, session SessionID, kinds []codec.VideoKind, servers []webrtc.ICEServer) (*viewer, error) {
	v := &viewer{
		streamer: s, peer: peer, session: session, logger: s.logger.With("peer", peer, "session", session),
		mailbox: make(chan func() error, signalQueue),
		wishes:  rate.NewLimiter(rate.Every(time.Second), 4),
		wish:    wish{quality: wire.QualityAuto},
		outage:  newOutage(),
	}
	api, err := s.transport.api(feedback{v.feedback}, &v.bunch)
	if err != nil {
		return nil, err
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{
		ICEServers: servers, Certificates: []webrtc.Certificate{s.transport.certificate},
		BundlePolicy: webrtc.BundlePolicyMaxBundle,
	})
	if err != nil {
		return nil, fmt.Errorf("make a peer connection: %w", err)
	}
	v.pc = pc
	v.ctx, v.cancel = context.WithCancelCause(s.ctx)
	if err := v.addMedia(kinds); err != nil {
		v.cancel(err)
		return nil, errors.Join(err, pc.Close())
	}
	v.watch()
	return v, nil
}

func (v *viewer) addMedia(kinds []codec.VideoKind) error {
	preferences := videoCodecs(kinds)
	clock := v.streamer.picture.clock
	video := &track{id: "picture", kind: webrtc.RTPCodecTypeVideo, rate: videoRate, clock: clock}
	for _, c := range preferences {
		if c.MimeType != webrtc.MimeTypeRTX {
			video.mimeTypes = append(video.mimeTypes, c.MimeType)
		}
	}
	audio := &track{id: "sound", kind: webrtc.RTPCodecTypeAudio, rate: audioRate, clock: clock, mimeTypes: []string{webrtc.MimeTypeOpus}}
	v.sender = newSender(video, audio, v.pc.WriteRTCP)
	v.sender.bunch = &v.bunch
	v.sender.needsKey = func() { v.streamer.picture.requestKeyframe(v.sender) }
	v.sender.controls = v.controls
	v.sender.sent = func(delay time.Duration) { v.streamer.metrics.delay.Observe(delay.Seconds()) }
	for _, t := range []*track{video, audio} {
		transceiver, err := v.pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return fmt.Errorf("add the %s: %w", t.id, err)
		}
		t.mid = transceiver.Mid
		if t == video {
			if err := transceiver.SetCodecPreferences(preferences); err != nil {
				return fmt.Errorf("prefer codecs: %w", err)
			}
		}
	}
	var err error
	v.channels, err = newChannels(v)
	return err
}

// videoCodecs are those of a viewer that we have, H.264 first: the one that most share is encoded once.
func videoCodecs(kinds []codec.VideoKind) []webrtc.RTPCodecParameters {
	var all []webrtc.RTPCodecParameters
	for _, c := range []struct {
		kind codec.VideoKind
		rtp  webrtc.RTPCodecParameters
	}{{codec.H264, codecMain}, {codec.H264, codecH264}, {codec.VP8, codecVP8}} {
		if len(kinds) == 0 || slices.Contains(kinds, c.kind) {
			all = append(all, c.rtp, retransmission(c.rtp))
		}
	}
	if all == nil {
		return videoCodecs(nil)
	}
	return all
}

// watch has pion's callbacks do no more than leave word for run.
func (v *viewer) watch() {
	v.pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		v.post(func() error {
			v.gathered(c)
			return nil
		})
	})
	v.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		v.post(func() error {
			v.logger.Debug("connection", "state", state.String())
			switch state {
			case webrtc.PeerConnectionStateConnected:
				v.start()
			case webrtc.PeerConnectionStateDisconnected:
				v.pathLost(restartAfter)
			case webrtc.PeerConnectionStateConnecting:
				if v.connected { // an ICE restart
					v.pathLost(restartEvery)
				}
			case webrtc.PeerConnectionStateFailed:
				return errFailed
			case webrtc.PeerConnectionStateClosed:
				return errClosed
			}
			return nil
		})
	})
}

// start lets picture and sound flow, when they can be sent: earlier ones would be lost without a word.
func (v *viewer) start() {
	v.pathFound()
	v.sender.connected()
	if v.connected {
		return // again, after a change of network
	}
	v.connected = true
	if kind := v.sender.video.codec(); kind != "" {
		v.streamer.picture.subscribe(v.ctx, codec.VideoKind(kind), v.sender, v.wish)
	}
	if v.sender.audio.codec() != "" && v.streamer.cfg.Sound != nil {
		v.streamer.audio.subscribe(v.sender)
	}
}

// prefer takes what the viewer wants from now on.
func (v *viewer) prefer(w wish) {
	v.post(func() error {
		v.wish = w
		if !v.connected || v.wishLater {
			return nil
		}
		heed := func() { v.streamer.picture.prefer(v.ctx, v.sender, v.wish) }
		wait := v.wishes.Reserve().Delay()
		if wait == 0 {
			heed()
			return nil
		}
		v.wishLater = true
		v.streamer.owned.Go(func() {
			select {
			case <-v.ctx.Done():
			case <-time.After(wait):
				v.post(func() error {
					v.wishLater = false
					heed()
					return nil
				})
			}
		})
		return nil
	})
}

// post leaves work for run; a session that can't follow is ended.
func (v *viewer) post(f func() error) {
	select {
	case v.mailbox <- f:
	default:
		v.end(errOverloaded)
	}
}

// end closes the session soon.
func (v *viewer) end(reason error) { v.cancel(reason) }

func (v *viewer) send(signal wire.Signal) {
	signal.Session = string(v.session)
	v.streamer.cfg.Signaller.Signal(v.peer, signal)
}

// abandon is for a session that never ran.
func (v *viewer) abandon() {
	v.cancel(errClosed)
	_ = v.pc.Close()
}

// run negotiates until the session ends, and then takes it apart.
func (v *viewer) run() {
	v.logger.Info("a viewer asks for the stream")
	v.streamer.owned.Go(func() { v.sender.run(v.ctx) })
	timeout := time.NewTimer(connectTimeout)
	defer timeout.Stop()
	if err := v.offer(false); err != nil {
		v.end(err)
	}
	for v.ctx.Err() == nil {
		select {
		case <-v.ctx.Done():
		case f := <-v.mailbox:
			if err := f(); err != nil {
				v.end(err)
			}
		case <-v.outage.timer.C:
			if err := v.mendPath(); err != nil {
				v.end(err)
			}
		case <-timeout.C:
			if !v.connected {
				v.end(errNoAnswer)
			}
		}
	}
	v.outage.timer.Stop()
	// First nobody sends to it and it drives nothing; then the slow part.
	v.streamer.gate.leave(v.peer)
	v.streamer.picture.unsubscribe(v.streamer.ctx, v.sender)
	v.streamer.audio.unsubscribe(v.sender)
	if err := v.pc.GracefulClose(); err != nil {
		v.logger.Debug("close the connection", "error", err)
	}
	v.logger.Info("a viewer's session ended", "reason", context.Cause(v.ctx))
	v.streamer.ended(v)
}

func (v *viewer) restart() error {
	if pending := v.pc.PendingLocalDescription(); pending != nil {
		// The offer or its answer was lost on its way; with it go the candidates found so far.
		v.sendDescription(*pending)
		for _, opening := range v.openings { // those alone are not in it
			v.sendCandidate(opening)
		}
		return nil
	}
	return v.offer(true)
}

func (v *viewer) offer(restart bool) error {
	offer, err := v.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		return fmt.Errorf("make an offer: %w", err)
	}
	if err := v.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("set the offer: %w", err)
	}
	// Candidates belong to an offer; those of an older one are of no use.
	v.remote, v.candidates, v.seen, v.openings = false, nil, 0, nil
	v.sendDescription(offer)
	return nil
}

func (v *viewer) sendDescription(d webrtc.SessionDescription) {
	v.send(wire.Signal{Description: &wire.SessionDescription{Type: wire.SessionDescriptionType(d.Type.String()), Sdp: d.SDP}})
}

// signal takes what the viewer's page sent.
func (v *viewer) signal(s wire.Signal) {
	v.post(func() error {
		if s.Description != nil {
			return v.answer(*s.Description)
		}
		if s.Candidate != nil {
			v.candidate(*s.Candidate)
		}
		return nil
	})
}

// answer: a page that sends what can't be applied harms itself alone, so nothing of it ends the session.
func (v *viewer) answer(d wire.SessionDescription) error {
	if d.Type != wire.SessionDescriptionTypeAnswer || v.pc.SignalingState() != webrtc.SignalingStateHaveLocalOffer {
		v.logger.Debug("not an answer to our offer", "type", d.Type)
		return nil
	}
	err := v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: d.Sdp})
	if err != nil {
		v.logger.Warn("the viewer's answer does not fit", "error", err)
		return nil
	}
	v.remote = true
	v.pathAlive()
	for _, candidate := range v.candidates {
		v.addCandidate(candidate)
	}
	v.candidates = nil
	return nil
}

func (v *viewer) candidate(c wire.ICECandidate) {
	if c.Candidate == nil || *c.Candidate == "" {
		return
	}
	if v.seen++; v.seen > maxCandidates {
		return
	}
	init := webrtc.ICECandidateInit{Candidate: *c.Candidate, SDPMid: c.SdpMid, UsernameFragment: c.UsernameFragment}
	if c.SdpMLineIndex != nil {
		init.SDPMLineIndex = wire.Ptr(uint16(*c.SdpMLineIndex))
	}
	if !v.remote {
		v.candidates = append(v.candidates, init)
		return
	}
	v.addCandidate(init)
}

func (v *viewer) addCandidate(c webrtc.ICECandidateInit) {
	if err := v.pc.AddICECandidate(c); err != nil {
		v.logger.Debug("a candidate of no use", "error", err)
	}
}

// feedback takes the viewer's RTCP. It must not wait: what comes next would.
func (v *viewer) feedback(packet rtcp.Packet) {
	now := time.Now()
	switch packet := packet.(type) {
	case *rtcp.TransportLayerCC:
		v.sender.network.feedback(packet, now)
	case *rtcp.TransportLayerNack:
		v.sender.nack(packet.Nacks)
	case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
		v.sender.keyframeRequested(now)
	case *rtcp.ReceiverReport:
		for _, report := range packet.Reports {
			v.sender.network.receiverReport(report, v.streamer.picture.clock.ntp(now))
			if a := v.sender.audio.agreed.Load(); a != nil && a.ssrc == report.SSRC {
				v.streamer.audio.lost(v.sender, (int(report.FractionLost)*100+255)/256)
			}
		}
	}
}

// controls tells whether the viewer drives.
func (v *viewer) controls() bool { return v.streamer.gate.current.Load().Peer == v.peer }

// tell sends an event, if the page is there to read it.
func (v *viewer) tell(e event) { v.channels.tell(e) }

// refuse tells why input changed nothing, not too often.
func (v *viewer) refuse(err *wire.Error) { v.channels.refuse(err) }
