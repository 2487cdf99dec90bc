package signalling

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestAHubAtAUnixSocketIsFoundAgainAfterItsRestart(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // no proxy has anything to do with it
	dir, err := os.MkdirTemp("", "hub-")         // a short path: a socket's has 107 bytes
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "hub.sock")
	requests := make(chan *http.Request, 10)
	serve := func() *httptest.Server {
		listener, err := net.Listen("unix", socket)
		require.NoError(t, err)
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			var hello wire.Envelope
			if conn.ReadJSON(&hello) == nil {
				requests <- r
				identify(conn, "p")
			}
		}))
		require.NoError(t, server.Listener.Close())
		server.Listener = listener
		server.Start()
		return server
	}
	first := serve()
	h := &events{make(chan wire.Identity, 10), make(chan wire.Envelope, 10), make(chan error, 100)}
	c := New(Config{URL: "unix://" + socket, Token: "t", Handler: h, Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	r := receive(t, requests)
	assert.Equal(t, wire.HubPath, r.URL.Path)
	assert.Equal(t, "localhost", r.Host, "a neighbour")
	assert.Equal(t, "p", receive(t, h.identities).Peer)
	first.Close() // which removes the socket
	second := serve()
	receive(t, requests)
	cancel()
	require.NoError(t, <-ended)
	second.Close()
}
