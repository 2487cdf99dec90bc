package hub

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// FuzzHideAddresses: whatever a page puts into a signal, no line of it that a browser reads addresses from names one that is no relay's.
func FuzzHideAddresses(f *testing.F) {
	for _, line := range append(ofTheirOwn, relayed, relayedTCP) {
		f.Add(line, telling(line))
	}
	f.Add("", "")
	f.Add("candidate:3 1 udp 1 203.0.113.9 50001 typ relay network-id 1 raddr 198.51.100.7 rport 61000", "a=x:\ra=candidate:1 1 udp 1 198.51.100.7 61000 typ host\r\n")
	f.Add("candidate:3 1 udp 1 203.0.113.9 50001 typ relay raddr", "C=IN IP4 198.51.100.7\nA=CANDIDATE:1 1 udp 1 198.51.100.7 61000 typ host\n")
	f.Add("candidate:3 1 udp 1 203.0.113.9 50001 typ relay\nraddr 198.51.100.7 raddr 198.51.100.7", " a=candidate:1 1 udp 1 198.51.100.7 61000 typ host\na= candidate:1 1 udp 1 198.51.100.7 61000 typ host")
	f.Fuzz(func(t *testing.T, candidate, sdp string) {
		s := wire.Signal{
			Candidate:   &wire.ICECandidate{Candidate: &candidate},
			Description: &wire.SessionDescription{Type: wire.SessionDescriptionTypeOffer, Sdp: sdp},
		}
		alone := wire.Signal{Candidate: &wire.ICECandidate{Candidate: new(candidate)}}
		if hideAddresses(&alone, isRelayed) {
			namesRelaysAlone(t, *alone.Candidate.Candidate)
			require.NotContains(t, *alone.Candidate.Candidate, "\n")
		}
		s.Candidate = nil
		require.True(t, hideAddresses(&s, isRelayed))
		hidden := s.Description.Sdp
		// Some ends take a carriage return alone, or a space before it, for the beginning of a line, and letters of either case.
		for line := range strings.FieldsFuncSeq(hidden, func(r rune) bool { return r == '\r' || r == '\n' }) {
			line = strings.ToLower(strings.Join(strings.Fields(line), " "))
			key, value, _ := strings.Cut(line, "=")
			key, value = strings.TrimSpace(key), strings.TrimSpace(value)
			switch {
			case key == "a" && strings.HasPrefix(value, "candidate"):
				namesRelaysAlone(t, value)
			case key == "a" && (strings.HasPrefix(value, "remote-candidates:") || strings.HasPrefix(value, "rtcp:")), key == "c", key == "o" && len(strings.Fields(value)) >= 6:
				namesRelaysAlone(t, value)
			}
		}
		again := s
		again.Description = &wire.SessionDescription{Sdp: hidden}
		require.True(t, hideAddresses(&again, isRelayed))
		require.Equal(t, hidden, again.Description.Sdp, "what is hidden stays as it is")
	})
}

// namesRelaysAlone fails for an address that is neither a relay's nor none at all.
func namesRelaysAlone(t *testing.T, text string) {
	t.Helper()
	for i, word := range strings.Fields(text) {
		if i == 0 || !strings.ContainsAny(word, ".:") {
			continue
		}
		a, err := netip.ParseAddr(word)
		if err != nil {
			a2, err := netip.ParseAddrPort(word)
			if err != nil {
				continue
			}
			a = a2.Addr()
		}
		require.True(t, a.IsUnspecified() || a.IsLoopback() || isRelayed(netip.AddrPortFrom(a, 1)), "%q names %s", text, a)
	}
}

// FuzzReceive: before it has said a hello that is believed, a peer is answered by errors and echoes nothing, whatever it sends; each message has
// one answer at most, which is bounded, and carries the id that was asked with.
func FuzzReceive(f *testing.F) {
	for messageType := range handlers {
		f.Add([]byte(`{"type":"` + messageType + `","id":"1","target":"x","payload":{}}`))
	}
	f.Add([]byte(`{"type":"hello","id":"1","payload":{"token":"x","kind":"bot"}}`))
	f.Add([]byte(`{"type":"hello","id":"1","payload":{"token":"x.y.z","kind":"viewer","resume":{"peer":"p","key":"k","control":true}}}`))
	f.Add([]byte("{\"type\":\"\xff\",\"id\":\"1\"}"))
	f.Add([]byte(`{"type":"` + strings.Repeat("é", 300) + `","id":"` + strings.Repeat("x", 65) + `"}`))
	stranger := strangers(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p := stranger(t)
		p.receive(data)
		answer := p.conn.out.next()
		require.NotNil(t, answer)
		p.conn.out.done()
		require.Nil(t, p.conn.out.next(), "one answer")
		require.LessOrEqual(t, len(answer), wire.MaxMessageBytes)
		var got, said wire.Envelope
		require.NoError(t, json.Unmarshal(answer, &got))
		_ = json.Unmarshal(data, &said)
		require.Equal(t, wire.TypeError, got.Type)
		require.Empty(t, got.Sender)
		require.Zero(t, got.Version)
		if len(said.Id) <= 64 {
			require.Equal(t, said.Id, got.Re)
		} else {
			require.Empty(t, got.Re)
		}
		require.Nil(t, p.seat)
		require.Nil(t, p.waits)
		require.Nil(t, p.asks)
		refusal, err := wire.Decode[wire.WSError](got)
		require.NoError(t, err)
		require.NotEqual(t, wire.ErrorCodeInternal, refusal.Code, refusal.Detail)
		require.NotEmpty(t, refusal.Detail)
	})
}

// strangers makes peers that have said nothing yet, before a hub that knows nobody. They share one WebSocket, which nobody reads or writes.
func strangers(f *testing.F) func(*testing.T) *peer {
	f.Helper()
	upgraded, over := make(chan *websocket.Conn, 1), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err == nil {
			upgraded <- ws
			<-over
			_ = ws.Close()
		}
	}))
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	require.NoError(f, err)
	response.Body.Close()
	ws := <-upgraded
	f.Cleanup(func() {
		close(over)
		_ = client.Close()
		server.Close()
	})
	return func(t *testing.T) *peer {
		h := &Hub{o: Options{Tokens: nobodys{}}, ctx: t.Context()}
		h.o.setDefaults()
		return newPeer(h, newConn(ws, &h.o), httptest.NewRequest(http.MethodGet, "/", nil))
	}
}

// nobodys tokens are all forged.
type nobodys struct{}

func (nobodys) Verify(string, wire.PeerKind) (rooms.Claims, error) {
	return rooms.Claims{}, wire.Errorf(wire.ErrorCodeUnauthenticated, "The token is not valid here.")
}
