package hub

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestACrowdAtTheAgentsDoorKeepsNoAgentOut(t *testing.T) {
	h := newHouse(t, nil)
	room := h.room(h.person())
	server := httptest.NewUnstartedServer(h.hub.Agents())
	server.Listener = Door(server.Listener)
	server.Start()
	t.Cleanup(server.Close)
	h.url = "ws" + strings.TrimPrefix(server.URL, "http")
	vb, _ := h.agent(room)

	var crowd []net.Conn
	for range 2 * maxStrangers {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		crowd = append(crowd, c)
	}
	for _, c := range crowd[:maxStrangers] { // they are accepted in their order
		require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "the oldest make room")
	}
	vb.ok(wire.TypeVBStatus, wire.VBStatus{State: wire.VBStatusStateReady}, "")

	another, _ := h.agent(h.room(h.person()))
	another.ok(wire.TypeVBStatus, wire.VBStatus{State: wire.VBStatusStateReady}, "")
	request, err := http.NewRequest(http.MethodGet, "http://door/", nil)
	require.NoError(t, err)
	last := crowd[len(crowd)-1]
	require.NoError(t, request.Write(last))
	require.NoError(t, last.SetReadDeadline(time.Now().Add(patience)))
	_, err = last.Read(make([]byte, 1))
	require.NoError(t, err, "who is no older than an agent may be is served")
}
