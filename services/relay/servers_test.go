package relay

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestAPeerIsToldTheRelayWhereItFoundTheServer(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	r := &Relay{o: Options{Secret: []byte("secret"), CredentialLife: time.Hour, Now: func() time.Time { return now }}, port: 3478, udp: true, tcp: true}
	servers := r.Servers("ann", wire.PeerKindViewer, "watch.example.org:8443", false)
	require.Len(t, servers, 2)
	require.Equal(t, wire.ICEServer{Urls: []string{"stun:watch.example.org:3478"}}, servers[0])
	require.Equal(t, []string{"turn:watch.example.org:3478?transport=udp", "turn:watch.example.org:3478?transport=tcp"}, servers[1].Urls)
	require.Equal(t, "1700003600:ann", *servers[1].Username)
	require.Equal(t, "Xr7ev1LGCuEWxIUsfPHLdprP82w=", *servers[1].Credential) // by openssl dgst -sha1 -hmac

	for host, want := range map[string]string{
		"localhost": "localhost", "192.168.1.5:8080": "192.168.1.5", "[2001:db8::1]:443": "[2001:db8::1]", "[::1]": "[::1]",
		"": "", "evil?transport": "", "a b": "", "[fe80::1%25eth0]:80": "", strings.Repeat("a", 254): "",
	} {
		servers := r.Servers("ann", wire.PeerKindViewer, host, false)
		if want == "" {
			require.Empty(t, servers, host)
			continue
		}
		require.Equal(t, "stun:"+want+":3478", servers[0].Urls[0])
	}

	t.Run("an agent beside the relay has no use for it", func(t *testing.T) {
		for _, host := range []string{"127.0.0.1:8080", "[::1]:8080", "localhost:8080"} {
			require.Empty(t, r.Servers("vb", wire.PeerKindVb, host, false))
		}
		require.Len(t, r.Servers("vb", wire.PeerKindVb, "watch.example.org", false), 2, "one elsewhere has")
	})
	t.Run("an address that the settings name comes first", func(t *testing.T) {
		r.o.PublicAddress = "2001:db8::7"
		require.Equal(t, "stun:[2001:db8::7]:3478", r.Servers("ann", wire.PeerKindViewer, "watch.example.org", false)[0].Urls[0])
		require.Empty(t, r.Servers("vb", wire.PeerKindVb, "localhost", false))
	})
}

func TestServersBesidesTheRelay(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	r := open(t, func(o *Options) {
		o.Off, o.CredentialLife, o.Now = true, time.Hour, func() time.Time { return now }
		o.External = []External{
			{URLs: []string{"stun:stun.example.org"}},
			{URLs: []string{"turn:a.example.org"}, Username: "u", Credential: "p"},
			{URLs: []string{"turn:b.example.org"}, Secret: "secret"},
		}
	})
	require.Equal(t, []wire.ICEServer{
		{Urls: []string{"stun:stun.example.org"}},
		{Urls: []string{"turn:a.example.org"}, Username: wire.Ptr("u"), Credential: wire.Ptr("p")},
		{Urls: []string{"turn:b.example.org"}, Username: wire.Ptr("1700003600:ann"), Credential: wire.Ptr("Xr7ev1LGCuEWxIUsfPHLdprP82w=")},
	}, r.Servers("ann", wire.PeerKindViewer, "watch.example.org", false))
	require.Equal(t, []wire.ICEServer{{Urls: []string{"stun:stun.example.org"}}}, r.Visitors())
}
