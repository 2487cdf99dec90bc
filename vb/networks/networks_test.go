package networks

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThePictureComesInEachNetworkByTheExpectedWay(t *testing.T) {
	if os.Getenv(wanted) == "" {
		t.Skip("make networks runs it, as root")
	}
	build(t)
	s := startServer(t)

	// The local candidate is the viewer's own or the relay's; the remote one, a host's, is the browser's. Behind a NAT the same socket
	// goes by two names, its own and the router's: whichever was nominated first.
	const direct = "direct"
	for _, c := range []struct {
		name, house, address string
		filter               []string
		want                 path
	}{
		{"on the same network, directly", neighbour, serverAtHome, lets, path{Local: "host", Remote: "host"}},
		{"behind a NAT, directly", home, serverAddress, lets, path{Local: direct, Remote: "host"}},
		{"where only two ports are open, by TURN over UDP", home, serverAddress, webAndRelay, path{Local: "relay", Remote: "host", Relay: "udp"}},
		{"where UDP is blocked, by TURN over TCP", home, serverAddress, noUDP, path{Local: "relay", Remote: "host", Relay: "tcp"}},
		{"where only the web's port is open, by TURN over TLS", home, serverAddress, webAlone, path{Local: "relay", Remote: "host", Relay: "tls"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			filter(t, c.filter)
			got := join(t, s, c.house, c.address).sees()
			if c.want.Local == direct && (got.Local == "host" || got.Local == "srflx") {
				got.Local = direct
			}
			require.Equal(t, c.want, path{Local: got.Local, Remote: got.Remote, Relay: got.Relay})
		})
	}

	t.Run("a viewer that changes its network keeps its connection", func(t *testing.T) {
		filter(t, lets)
		v := join(t, s, home, serverAddress, "--persist")
		before := v.sees()
		move(t, homeOther)
		t.Cleanup(func() { move(t, homeAddress) })
		v.until("ICE is restarted", func(p path) bool { return p.Connections > before.Connections })
		require.Equal(t, before.Session, v.sees().Session, "it is the same peer connection")
	})

	t.Run("a viewer that never asks is brought back by the agent", func(t *testing.T) {
		filter(t, lets)
		v := join(t, s, home, serverAddress)
		before := v.sees()
		in(t, router, "iptables -I FORWARD -p udp -j DROP")
		v.until("it is offered a restart", func(p path) bool { return p.Offers > before.Offers })
		in(t, router, "iptables -D FORWARD -p udp -j DROP")
		after := v.sees()
		require.Equal(t, before.Session, after.Session)
		require.Greater(t, after.Connections, before.Connections)
	})

	t.Run("a real page that changes its network, and then finds all but the web's port closed, keeps its connection", func(t *testing.T) {
		filter(t, lets)
		page := startChromium(t, home)
		page.join(s.link(serverAddress))
		any := func(way) bool { return true }
		first := page.sees(any) // by whichever way answered first: a page on a busy machine may be late
		require.Equal(t, "host", first.Remote)

		move(t, homeOther)
		t.Cleanup(func() { move(t, homeAddress) })
		moved := page.sees(func(w way) bool { return w.Ufrag != first.Ufrag || w.Connections != first.Connections })
		require.Equal(t, first.Connections, moved.Connections, "it is the same peer connection")

		filter(t, webAlone)
		closed := page.sees(func(w way) bool { return w.Relay == "tls" || w.Connections != first.Connections })
		require.Equal(t, first.Connections, closed.Connections)
		require.Equal(t, "tls", closed.Relay)
		t.Logf("first %s; moved %s; then %s", first, moved, closed)
	})
}
