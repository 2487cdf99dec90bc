package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"turtus/services/wire"
)

// errForgotten: the agent has made another connection of the session's name, which is nothing to restart.
var errForgotten = errors.New("the agent does not know the session any more")

// stream is one peer connection under one session. The goroutine of run calls its methods, pion its callbacks.
type stream struct {
	session string
	name    string
	pc      *webrtc.PeerConnection
	origin  string // of the offers: the same for as long as the agent's connection is

	mu      sync.Mutex
	send    func(wire.Envelope) // to the hub of now
	away    func()              // nothing arrives any more
	agent   string
	offers  int
	connect int
}

// newAPI answers as a page does (retransmission, receiver reports, transport-wide feedback) and keeps no statistics.
func newAPI() (*webrtc.API, error) {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6})
	// Else a track whose first packet is one that was sent again is never told of: pion does not know its codec then.
	settings.SetFireOnTrackBeforeFirstRTP(true)
	media := &webrtc.MediaEngine{}
	registry := &interceptor.Registry{}
	if err := errors.Join(
		media.RegisterDefaultCodecs(),
		webrtc.ConfigureNack(media, registry),
		webrtc.ConfigureRTCPReports(registry),
		webrtc.ConfigureTWCCSender(media, registry),
	); err != nil {
		return nil, fmt.Errorf("configure WebRTC: %w", err)
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings)), nil
}

// open makes the next stream of a viewer.
func (v *viewer) open(servers []wire.ICEServer) (*stream, error) {
	configuration := webrtc.Configuration{}
	for _, server := range servers {
		ice := webrtc.ICEServer{URLs: server.Urls}
		if server.Username != nil && server.Credential != nil {
			ice.Username, ice.Credential = *server.Username, *server.Credential
		}
		configuration.ICEServers = append(configuration.ICEServers, ice)
	}
	api, err := newAPI()
	if err != nil {
		return nil, err
	}
	pc, err := api.NewPeerConnection(configuration)
	if err != nil {
		return nil, fmt.Errorf("peer connection: %w", err)
	}
	s := &stream{session: fmt.Sprintf("viewer%d", v.streams.Add(1)), name: v.name, pc: pc}
	// Of a packet only the header's marker and sequence number are read (RFC 3550, section 5.1): many viewers share a machine
	// with what they measure.
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		packet := make([]byte, 1<<11)
		for {
			n, _, err := track.Read(packet)
			if err != nil {
				return
			}
			if track.Kind() == webrtc.RTPCodecTypeVideo {
				v.joined()
				v.video(binary.BigEndian.Uint16(packet[2:]), packet[1]&0x80 != 0, n)
			} else {
				v.sound(n)
			}
		}
	})
	pc.OnICECandidate(s.trickle)
	pc.OnConnectionStateChange(s.changed)
	return s, nil
}

func (s *stream) close() {
	if s != nil {
		s.pc.Close()
	}
}

// usable says whether an ICE restart can bring it back.
func (s *stream) usable() bool {
	if s == nil {
		return false
	}
	state := s.pc.ConnectionState()
	return state == webrtc.PeerConnectionStateConnected || state == webrtc.PeerConnectionStateDisconnected
}

// reach says how the hub is reached from now on, and whom to tell when nothing arrives any more.
func (s *stream) reach(send func(wire.Envelope), away func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send, s.away = send, away
}

func (s *stream) changed(state webrtc.PeerConnectionState) {
	slog.Debug("connection", "viewer", s.name, "session", s.session, "state", state)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case webrtc.PeerConnectionStateConnected:
		s.connect++
	case webrtc.PeerConnectionStateDisconnected, webrtc.PeerConnectionStateFailed:
		s.away()
	}
}

// signal goes to the agent, who has written first.
func (s *stream) signal(signal wire.Signal) {
	s.mu.Lock()
	send, agent := s.send, s.agent
	s.mu.Unlock()
	signal.Session = s.session
	message := wire.NewEnvelope(wire.TypeSignal, signal)
	message.Target = agent
	send(message)
}

func (s *stream) trickle(c *webrtc.ICECandidate) {
	if c == nil {
		return
	}
	init := c.ToJSON()
	candidate := &wire.ICECandidate{Candidate: &init.Candidate, SdpMid: init.SDPMid, UsernameFragment: init.UsernameFragment}
	if init.SDPMLineIndex != nil {
		candidate.SdpMLineIndex = wire.Ptr(int(*init.SDPMLineIndex))
	}
	s.signal(wire.Signal{Candidate: candidate})
}

// take takes an offer or a candidate of the agent.
func (s *stream) take(signal wire.Signal, agent string) error {
	if c := signal.Candidate; c != nil && c.Candidate != nil && *c.Candidate != "" {
		candidate := webrtc.ICECandidateInit{Candidate: *c.Candidate, SDPMid: c.SdpMid, UsernameFragment: c.UsernameFragment}
		if c.SdpMLineIndex != nil {
			candidate.SDPMLineIndex = wire.Ptr(uint16(*c.SdpMLineIndex))
		}
		if err := s.pc.AddICECandidate(candidate); err != nil {
			slog.Debug("a candidate of no use", "viewer", s.name, "error", err)
		}
	}
	if signal.Description == nil || signal.Description.Type != wire.SessionDescriptionTypeOffer {
		return nil
	}
	s.mu.Lock()
	s.agent = agent
	s.offers++
	s.mu.Unlock()
	origin := originOf(signal.Description.Sdp)
	if s.origin != "" && s.origin != origin {
		s.close()
		return errForgotten
	}
	s.origin = origin
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: signal.Description.Sdp}); err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	answer, err := s.pc.CreateAnswer(nil)
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if err := s.pc.SetLocalDescription(answer); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	s.signal(wire.Signal{Description: &wire.SessionDescription{Type: wire.SessionDescriptionTypeAnswer, Sdp: answer.SDP}})
	return nil
}

// originOf is the session id of a description (RFC 8866, section 5.2), which one peer connection keeps (RFC 9429, section 5.2.2).
func originOf(sdp string) string {
	for line := range strings.Lines(sdp) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(line, "o=") {
			return fields[1]
		}
	}
	return ""
}

// Path is how a viewer is connected.
type Path struct {
	State string `json:"state"`
	// Local and Remote are the kinds of the candidates that are in use: host, srflx, prflx or relay. Protocol is by what the two reach each
	// other, udp or tcp; Relay is how the relay is reached: udp, tcp or tls.
	Local    string `json:"local,omitempty"`
	Remote   string `json:"remote,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	Relay    string `json:"relay,omitempty"`
	// Session is another for each peer connection. Offers and Connections are counted in it: more than one of each were ICE restarts.
	Session     string `json:"session"`
	Offers      int    `json:"offers"`
	Connections int    `json:"connections"`
}

func (s *stream) path() Path {
	if s == nil {
		return Path{}
	}
	s.mu.Lock()
	p := Path{State: s.pc.ConnectionState().String(), Session: s.session, Offers: s.offers, Connections: s.connect}
	s.mu.Unlock()
	transport := s.pc.SCTP().Transport()
	if transport == nil || transport.ICETransport().State() == webrtc.ICETransportStateNew {
		return p // pion may be starting it just now, and must not be asked meanwhile
	}
	pair, err := transport.ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return p
	}
	p.Local, p.Remote, p.Protocol = pair.Local.Typ.String(), pair.Remote.Typ.String(), pair.Local.Protocol.String()
	for _, one := range s.pc.GetStats() {
		c, ok := one.(webrtc.ICECandidateStats)
		if ok && c.Type == webrtc.StatsTypeLocalCandidate && c.IP == pair.Local.Address && c.Port == int32(pair.Local.Port) && c.RelayProtocol != "" {
			p.Relay = c.RelayProtocol
		}
	}
	return p
}
