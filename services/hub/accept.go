package hub

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"turtus/services/wire"
)

// maxConns bounds the connections of the hub, those included that have not said hello yet.
const maxConns = 20_000

// ServeHTTP upgrades a request to a WebSocket and serves it to its end.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve(w, r, false) }

// Agents serves agents alone. It is for a socket of theirs, where nobody has an address.
func (h *Hub) Agents() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, true) })
}

func (h *Hub) serve(w http.ResponseWriter, r *http.Request, agentsOnly bool) {
	if !h.reserve() {
		wire.WriteProblem(w, http.StatusServiceUnavailable, wire.ErrorCodeUnavailable, "The server takes no connections just now. Try again in a moment.")
		return
	}
	defer h.running.Done()
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // refuseUpgrade has answered
	}
	c := newConn(ws, &h.o)
	if !h.register(c) {
		c.close(wire.CloseCodeServerRestarting, "the server restarts")
	}
	defer h.unregister(c)
	p := newPeer(h, c, r)
	p.agentsOnly = agentsOnly
	p.serve()
}

// reserve counts a connection in; it is counted out by running.Done.
func (h *Hub) reserve() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.conns) >= maxConns {
		return false
	}
	h.running.Add(1)
	return true
}

func (h *Hub) register(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns[c] = true
	return !h.closed
}

func (h *Hub) unregister(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
}

// originAllowed keeps pages of other sites out. Programs, the agents among them, send no Origin.
func (h *Hub) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	origin = strings.ToLower(origin)
	if slices.Contains(h.o.AllowedOrigins, origin) {
		return true
	}
	if r.TLS != nil && origin == "https://"+strings.ToLower(r.Host) {
		return true // another name that the server's certificate is for
	}
	if h.o.PublicOrigin != "" {
		return strings.EqualFold(origin, h.o.PublicOrigin)
	}
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, r.Host)
}

func refuseUpgrade(w http.ResponseWriter, r *http.Request, status int, reason error) {
	if status == http.StatusForbidden {
		wire.WriteProblem(w, status, wire.ErrorCodeOriginRefused, "This page may not connect to this server. If it should, add its address to TURTUS_ALLOWED_ORIGINS.")
		return
	}
	w.Header().Set("Sec-Websocket-Version", "13")
	wire.WriteProblem(w, status, wire.ErrorCodeBadRequest, "This address speaks WebSocket only: "+reason.Error()+".")
}
