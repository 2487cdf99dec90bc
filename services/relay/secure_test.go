package relay

import (
	"net"
	"net/netip"
	"strconv"
	"testing"

	"github.com/pion/turn/v5"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestARelayOfAnotherListenerCarriesAndIsToldToWhoCameThatWay(t *testing.T) {
	l, err := net.Listen("tcp", localhost+":0")
	require.NoError(t, err)
	r := open(t, func(o *Options) { o.Secure = []net.Listener{l} })
	urls := func(kind wire.PeerKind, host string, secure bool) []string {
		return r.Servers("ann", kind, host, secure)[1].Urls
	}
	require.Len(t, urls(wire.PeerKindViewer, "watch.example.org", false), 2, "a proxy's port is not ours")
	require.Equal(t, "turns:watch.example.org:443?transport=tcp", urls(wire.PeerKindViewer, "watch.example.org", true)[2])
	require.Equal(t, "turns:[2001:db8::1]:8443?transport=tcp", urls(wire.PeerKindViewer, "[2001:db8::1]:8443", true)[2])
	require.Len(t, urls(wire.PeerKindViewer, "watch.example.org:x", true), 2)
	require.Len(t, urls(wire.PeerKindVb, "watch.example.org", true), 2)
	t.Run("also where the relay has another address", func(t *testing.T) {
		r.o.PublicAddress = "192.0.2.7"
		defer func() { r.o.PublicAddress = "" }()
		require.Equal(t, []string{
			"turn:192.0.2.7:" + strconv.Itoa(r.Port()) + "?transport=udp", "turn:192.0.2.7:" + strconv.Itoa(r.Port()) + "?transport=tcp", "turns:watch.example.org:443?transport=tcp",
		}, urls(wire.PeerKindViewer, "watch.example.org", true))
	})

	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	server := turnServer(t, r, "ann")
	c, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: l.Addr().String(), TURNServerAddr: l.Addr().String(), Username: *server.Username, Password: *server.Credential, Realm: realm,
		Conn: turn.NewSTUNConn(conn),
	})
	require.NoError(t, err)
	require.NoError(t, c.Listen())
	defer c.Close()
	relayed, err := c.Allocate()
	require.NoError(t, err)
	require.Equal(t, 1, r.Statistics().Streams)
	agent := listen(t)
	r.Reach("ann", []netip.AddrPort{agent.address()})
	_, err = relayed.WriteTo([]byte("hello"), agent.LocalAddr())
	require.NoError(t, err)
	agent.hears("hello")
	require.NoError(t, relayed.Close())
}

func TestARelayThatIsOffClosesWhatItWasGiven(t *testing.T) {
	l, err := net.Listen("tcp", localhost+":0")
	require.NoError(t, err)
	r := open(t, func(o *Options) { o.Off, o.Secure = true, []net.Listener{l} })
	require.Empty(t, r.Servers("ann", wire.PeerKindViewer, localhost, true))
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}
