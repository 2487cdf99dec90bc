// Package eventstream is the hub's other door, for pages whose network lets no WebSocket through: what the hub says comes as server-sent
// events, and what the page says goes by POST. Behind it the hub sees a WebSocket like any other, so messages, their order, bounds, pings and
// close codes are the same.
package eventstream

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"turtus/services/wire"
)

const (
	// writeTimeout is how long a write to a page or to the hub may take.
	writeTimeout = 10 * time.Second
	// maxMessages is how many messages one POST may carry, and maxBody how many bytes.
	maxMessages = 64
	maxBody     = 1 << 20
)

// Server is safe for concurrent use.
type Server struct {
	hub http.Handler

	mu    sync.Mutex
	pages map[string]*page
}

// New makes the door of a hub, which upgrades requests to WebSockets.
func New(hub http.Handler) *Server { return &Server{hub: hub, pages: make(map[string]*page)} }

// page is one connection of a page.
type page struct {
	ws *websocket.Conn

	mu    sync.Mutex
	taken int // messages that went to the hub
}

// Opened is the first event of a stream, by the name "open".
type Opened struct {
	// Connection names it in each POST. Who knows it may speak as the page does.
	Connection string `json:"connection"`
}

// Closed is the last one, by the name "close": the hub's close code and its reason.
type Closed struct {
	Code   int    `json:"code"`
	Reason string `json:"reason,omitempty"`
}

// Said is the body of a POST.
type Said struct {
	Connection string `json:"connection"`
	// First is how many messages went before these, so that what is sent again for want of an answer is taken once.
	First    int               `json:"first"`
	Messages []json.RawMessage `json:"messages,omitempty"`
	// Close ends the connection after them, by a code as a page closes a WebSocket with.
	Close int `json:"close,omitempty"`
}

// Listen answers a GET by the hub's messages until one of the three ends it: page, hub or network.
func (s *Server) Listen(w http.ResponseWriter, r *http.Request) {
	ws, refused, err := dial(s.hub, r)
	if err != nil {
		refuse(w, refused)
		return
	}
	defer ws.Close()
	p, name := &page{ws: ws}, rand.Text()
	s.mu.Lock()
	s.pages[name] = p
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.pages, name)
		s.mu.Unlock()
	}()

	out := newStream(w)
	if out.event("open", Opened{Connection: name}) != nil {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	events := make(chan event)
	go read(ctx, ws, events)
	for {
		select {
		case <-r.Context().Done():
			return // The hub waits for the page to come back, as for one whose WebSocket broke.
		case e := <-events:
			if out.write(e) != nil || e.name == "close" {
				return
			}
		}
	}
}

// read hands on what the hub says, and that it pings: whoever has no network any more shall not be answered for.
func read(ctx context.Context, ws *websocket.Conn, events chan<- event) {
	put := func(e event) {
		select {
		case events <- e:
		case <-ctx.Done():
		}
	}
	ws.SetPingHandler(func(string) error {
		put(event{name: "ping", data: []byte("{}")})
		return nil
	})
	for ctx.Err() == nil {
		_, data, err := ws.ReadMessage()
		if err != nil {
			closed := Closed{Code: websocket.CloseAbnormalClosure}
			var told *websocket.CloseError
			if errors.As(err, &told) {
				closed = Closed{Code: told.Code, Reason: told.Text}
			}
			data, _ := json.Marshal(closed) // a number and a text
			put(event{name: "close", data: data})
			return
		}
		put(event{data: data})
	}
}

// Speak takes a POST. Of a page no two may be under way at once.
func (s *Server) Speak(w http.ResponseWriter, r *http.Request) {
	var said Said
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&said); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			wire.WriteProblem(w, http.StatusRequestEntityTooLarge, wire.ErrorCodeBodyTooLarge, "What a page says at once may have 1 MiB at most.")
			return
		}
		wire.WriteProblem(w, http.StatusBadRequest, wire.ErrorCodeMalformedJSON, "The body is not a JSON object with connection, first and messages.")
		return
	}
	s.mu.Lock()
	p := s.pages[said.Connection]
	s.mu.Unlock()
	switch {
	case p == nil:
		wire.WriteProblem(w, http.StatusNotFound, wire.ErrorCodeNotFound, "This connection is over. Open another.")
	case len(said.Messages) > maxMessages:
		wire.WriteProblem(w, http.StatusBadRequest, wire.ErrorCodeBadRequest, "A page may say 64 messages at once.")
	case !p.say(said):
		wire.WriteProblem(w, http.StatusBadRequest, wire.ErrorCodeBadRequest, "Messages before these are missing.")
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// say hands messages to the hub, and false where some before them never came. That the hub has gone is told by the stream.
func (p *page) say(said Said) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if said.First < 0 || said.First > p.taken {
		return false
	}
	deadline := time.Now().Add(writeTimeout)
	for i, message := range said.Messages {
		if said.First+i < p.taken {
			continue
		}
		_ = p.ws.SetWriteDeadline(deadline)
		if p.ws.WriteMessage(websocket.TextMessage, message) != nil {
			_ = p.ws.Close() // half a message may be out
		}
		p.taken++
	}
	if len(said.Messages) == 0 {
		_ = p.ws.WriteControl(websocket.PongMessage, nil, deadline)
	}
	if said.Close != 0 {
		_ = p.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(said.Close, ""), deadline)
	}
	return true
}
