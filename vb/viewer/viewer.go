package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"turtus/services/wire"
)

// viewer is one guest with one stream. It owns its WebSocket and its peer connection for the length of run.
type viewer struct {
	counter
	name   string
	number int
	// persists has it come back, as a page does, when the network or the hub was away.
	persists bool
	// sits has it only take its seat.
	sits   bool
	client *http.Client
	token  string
	joined func()
	stream *stream      // the one of now; run's
	seat   *wire.Resume // nil before the first identity; run's

	current atomic.Pointer[stream] // for those who only look
	streams atomic.Int32
}

// household is how many viewers come from one address of this machine.
const household = 25

func newViewer(number int, persists, sits bool) *viewer {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // cookiejar.New fails for no options at all
	}
	return &viewer{name: fmt.Sprintf("Counter %d", number), number: number, persists: persists, sits: sits, client: &http.Client{Jar: jar}}
}

// dialer connects to a server on this machine from one loopback address for each household, for the server limits how
// many guests an address makes. Elsewhere there is one address, and its limits are in force.
func (v *viewer) dialer(host string) *net.Dialer {
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.To4() != nil && ip.IsLoopback() {
		return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+v.number/household%250))}}
	}
	return &net.Dialer{}
}

// pause is how long a viewer that persists waits before it comes back.
const pause = 500 * time.Millisecond

// run joins and receives until ctx ends or something breaks; it calls joined when the first picture comes.
func (v *viewer) run(ctx context.Context, invite string, joined func()) error {
	link, err := url.Parse(invite)
	if err != nil || link.Host == "" {
		return fmt.Errorf("not an invite link: %q", invite)
	}
	v.joined = joined
	for {
		err := v.visit(ctx, link)
		if ctx.Err() != nil {
			return err // the program ends; to close would wait for tries at ports that do not answer, for minutes
		}
		if !v.persists || v.seat == nil {
			v.stream.close()
			return err
		}
		slog.Info("away", "viewer", v.name, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// visit is one connection to the hub.
func (v *viewer) visit(ctx context.Context, link *url.URL) error {
	dialer := v.dialer(link.Hostname())
	dialer.Timeout = 5 * time.Second
	transport := &http.Transport{DialContext: dialer.DialContext, IdleConnTimeout: 10 * time.Second}
	defer transport.CloseIdleConnections() // they are of the network of now
	v.client.Transport = transport
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
	send(wire.NewEnvelope(wire.TypeHello, wire.Hello{Token: join.Token, Kind: wire.PeerKindViewer, Resume: v.seat}))
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
			if err := v.welcome(identity, conn, send); err != nil {
				return err
			}
		case wire.TypeSignal:
			signal, err := wire.Decode[wire.Signal](message)
			if err != nil || v.stream == nil || signal.Session != v.stream.session {
				continue
			}
			if err := v.stream.take(signal, message.Sender); err != nil {
				return err
			}
		case wire.TypeError:
			slog.Warn("refused", "viewer", v.name, "error", string(message.Payload))
		}
	}
}

// welcome asks for the stream. Whoever comes back to the same seat does so by another network, maybe: the same session again asks for an
// ICE restart.
func (v *viewer) welcome(identity wire.Identity, hub io.Closer, send func(wire.Envelope)) error {
	same := v.seat != nil && v.seat.Peer == identity.Peer
	v.seat = &wire.Resume{Peer: identity.Peer, Key: identity.ResumeKey}
	if v.sits {
		v.joined()
		return nil
	}
	if !same || !v.stream.usable() {
		v.stream.close()
		s, err := v.open(identity.IceServers)
		if err != nil {
			return err
		}
		v.stream = s
		v.current.Store(s)
	}
	v.stream.reach(send, func() {
		if v.persists {
			hub.Close() // whose picture is away doubts the rest of the network too
		}
	})
	send(wire.NewEnvelope(wire.TypeStreamRequest, wire.StreamRequest{Session: v.stream.session}))
	return nil
}
