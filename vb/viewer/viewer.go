package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"turtus/services/wire"
)

const session = "viewer"

// viewer is one guest with one stream. It owns its WebSocket and its peer connection for the length of run.
type viewer struct {
	counter
	name   string
	number int
	client *http.Client
	token  string
	joined func()
}

// household is how many viewers come from one address of this machine.
const household = 25

func newViewer(number int) *viewer {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // cookiejar.New fails for no options at all
	}
	return &viewer{name: fmt.Sprintf("Counter %d", number), number: number, client: &http.Client{Jar: jar}}
}

// dialer connects to a server on this machine from one loopback address for each household, for the server limits how
// many guests an address makes. Elsewhere there is one address, and its limits are in force.
func (v *viewer) dialer(host string) *net.Dialer {
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.To4() != nil && ip.IsLoopback() {
		return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+v.number/household%250))}}
	}
	return &net.Dialer{}
}

// run joins and receives until ctx ends or something breaks; it calls joined when the first picture comes.
func (v *viewer) run(ctx context.Context, invite string, joined func()) error {
	link, err := url.Parse(invite)
	if err != nil || link.Host == "" {
		return fmt.Errorf("not an invite link: %q", invite)
	}
	v.joined = joined
	dialer := v.dialer(link.Hostname())
	v.client.Transport = &http.Transport{DialContext: dialer.DialContext, IdleConnTimeout: 10 * time.Second}
	server := url.URL{Scheme: link.Scheme, Host: link.Host, Path: "/api/v1"}
	join, err := v.join(ctx, server, path.Base(link.Path))
	if err != nil {
		return err
	}
	hub := server
	hub.Scheme = map[string]string{"http": "ws", "https": "wss"}[server.Scheme]
	hub.Path += "/ws"
	sockets := websocket.Dialer{NetDialContext: dialer.DialContext, HandshakeTimeout: 45 * time.Second}
	conn, _, err := sockets.DialContext(ctx, hub.String(), http.Header{"Origin": {link.Scheme + "://" + link.Host}})
	if err != nil {
		return fmt.Errorf("connect to the hub: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	return v.receive(conn, join)
}

// join accepts the invite as a guest and takes a seat.
func (v *viewer) join(ctx context.Context, server url.URL, code string) (wire.Join, error) {
	accepted, err := call[wire.AcceptedInvite](ctx, v, server.JoinPath("invites", code, "accept"), wire.InviteAcceptance{DisplayName: &v.name})
	if err != nil {
		return wire.Join{}, err
	}
	if accepted.Session != nil {
		v.token = accepted.Session.AccessToken
	}
	return call[wire.Join](ctx, v, server.JoinPath("rooms", accepted.Room.Id.String(), "join"), wire.JoinRequest{})
}

func call[T any](ctx context.Context, v *viewer, address *url.URL, body any) (answer T, err error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return answer, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(raw))
	if err != nil {
		return answer, err
	}
	request.Header.Set("Content-Type", "application/json")
	if v.token != "" {
		request.Header.Set("Authorization", "Bearer "+v.token)
	}
	response, err := v.client.Do(request)
	if err != nil {
		return answer, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		var problem wire.Problem
		_ = json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&problem)
		return answer, fmt.Errorf("%s: %s (%s)", address.Path, response.Status, problem.Code)
	}
	return answer, json.NewDecoder(response.Body).Decode(&answer)
}

// receive speaks the protocol: hello, identity, stream.request, then answers the agent's offers.
func (v *viewer) receive(conn *websocket.Conn, join wire.Join) error {
	out := make(chan wire.Envelope, 64)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-done:
				return
			case message := <-out:
				if conn.WriteJSON(message) != nil {
					return
				}
			}
		}
	}()
	send := func(message wire.Envelope) {
		select {
		case out <- message:
		case <-done:
		}
	}
	send(wire.NewEnvelope(wire.TypeHello, wire.Hello{Token: join.Token, Kind: wire.PeerKindViewer}))

	var peer *webrtc.PeerConnection
	defer func() {
		if peer != nil {
			peer.Close()
		}
	}()
	for {
		var message wire.Envelope
		if err := conn.ReadJSON(&message); err != nil {
			return fmt.Errorf("the hub closed: %w", err)
		}
		switch message.Type {
		case wire.TypeIdentity:
			identity, err := wire.Decode[wire.Identity](message)
			if err != nil {
				return err
			}
			if peer, err = v.connect(identity.IceServers); err != nil {
				return err
			}
			send(wire.NewEnvelope(wire.TypeStreamRequest, wire.StreamRequest{Session: session}))
		case wire.TypeSignal:
			signal, err := wire.Decode[wire.Signal](message)
			if err != nil || signal.Session != session || peer == nil {
				continue
			}
			if err := answer(peer, signal, message.Sender, send); err != nil {
				return err
			}
		case wire.TypeError:
			slog.Warn("refused", "viewer", v.name, "error", string(message.Payload))
		}
	}
}

// newAPI answers as a page does (retransmission, receiver reports, transport-wide feedback) and keeps no statistics.
func newAPI() (*webrtc.API, error) {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
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

func (v *viewer) connect(servers []wire.ICEServer) (*webrtc.PeerConnection, error) {
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
	peer, err := api.NewPeerConnection(configuration)
	if err != nil {
		return nil, fmt.Errorf("peer connection: %w", err)
	}
	// Of a packet only the header's marker and sequence number are read (RFC 3550, section 5.1): many viewers share a machine
	// with what they measure.
	peer.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
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
	return peer, nil
}

// answer takes an offer or a candidate of the agent. The answer goes out with its candidates already in it.
func answer(peer *webrtc.PeerConnection, signal wire.Signal, agent string, send func(wire.Envelope)) error {
	if c := signal.Candidate; c != nil && c.Candidate != nil && *c.Candidate != "" {
		candidate := webrtc.ICECandidateInit{Candidate: *c.Candidate, SDPMid: c.SdpMid}
		if c.SdpMLineIndex != nil {
			index := uint16(*c.SdpMLineIndex)
			candidate.SDPMLineIndex = &index
		}
		if err := peer.AddICECandidate(candidate); err != nil {
			return fmt.Errorf("candidate: %w", err)
		}
	}
	if signal.Description == nil || signal.Description.Type != wire.SessionDescriptionTypeOffer {
		return nil
	}
	offer := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: signal.Description.Sdp}
	if err := peer.SetRemoteDescription(offer); err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	description, err := peer.CreateAnswer(nil)
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(peer)
	if err := peer.SetLocalDescription(description); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	<-gathered
	reply := wire.NewEnvelope(wire.TypeSignal, wire.Signal{
		Session:     session,
		Description: &wire.SessionDescription{Type: wire.SessionDescriptionTypeAnswer, Sdp: peer.LocalDescription().SDP},
	})
	reply.Target = agent
	send(reply)
	return nil
}
