package main

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/config"
)

func TestContainersAreToldNameServersThatTheyReach(t *testing.T) {
	addresses := func(texts ...string) (all []netip.Addr) {
		for _, text := range texts {
			all = append(all, netip.MustParseAddr(text))
		}
		return all
	}
	for text, want := range map[string][]netip.Addr{
		"# comment\nnameserver 192.168.1.1\nsearch home\nnameserver 9.9.9.9 \n": addresses("192.168.1.1", "9.9.9.9"),
		"nameserver 127.0.0.53\nnameserver ::1\nnameserver fd00::1\n":           nil,
		"nameserver\nnameserver x\n":                                            nil,
	} {
		require.Equal(t, want, nameServers([]byte(text)), text)
	}
	dir := t.TempDir()
	stub, real := filepath.Join(dir, "stub"), filepath.Join(dir, "real")
	require.NoError(t, os.WriteFile(stub, []byte("nameserver 127.0.0.53\n"), 0o600))
	require.NoError(t, os.WriteFile(real, []byte("nameserver 192.0.2.53\n"), 0o600))
	before := resolvFiles
	t.Cleanup(func() { resolvFiles = before })
	resolvFiles = []string{filepath.Join(dir, "none"), stub, real}
	require.Equal(t, addresses("192.0.2.53"), hostResolvers())
	resolvFiles = []string{stub}
	require.Equal(t, addresses("9.9.9.9", "1.1.1.1"), hostResolvers())
	_, asked := network(config.Config{BrowserDNS: []string{"10.0.0.2"}}, &net.TCPAddr{IP: net.IPv4zero})(t.Context())
	require.Equal(t, addresses("10.0.0.2"), asked)
}

func TestAMachinesPublicAddressesAreItsOwn(t *testing.T) {
	for address, want := range map[string]bool{
		"203.0.113.7": true, "2a01:4f8::1": true, "100.64.0.1": true,
		"10.1.2.3": false, "192.168.1.1": false, "127.0.0.1": false, "169.254.0.1": false, "fe80::1": false, "fd00::1": false, "::1": false,
	} {
		require.Equal(t, want, isPublic(netip.MustParseAddr(address)), address)
	}
	networks, err := net.InterfaceAddrs()
	require.NoError(t, err)
	own := ownAddresses()
	for _, n := range networks {
		a := netip.MustParsePrefix(n.String()).Addr().Unmap()
		require.Equal(t, isPublic(a), slices.Contains(own, a), a)
	}
}

func TestOnlyAServerThatOthersReachOffersTheMachinesAddresses(t *testing.T) {
	here, everywhere := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.TCPAddr{IP: net.IPv4zero}
	addresses, _ := network(config.Config{}, here)(t.Context())
	require.Equal(t, []netip.Addr{netip.MustParseAddr("127.0.0.1")}, addresses)
	addresses, _ = network(config.Config{PublicAddress: "198.51.100.7"}, everywhere)(t.Context())
	require.Contains(t, addresses, netip.MustParseAddr("198.51.100.7"))
	for _, a := range addresses {
		require.True(t, a.Is4() && !a.IsLoopback(), a)
	}
	addresses, _ = network(config.Config{PublicURL: "http://198.51.100.8"}, everywhere)(t.Context())
	require.Contains(t, addresses, netip.MustParseAddr("198.51.100.8"))
	behind := config.Config{PublicURL: "http://198.51.100.8", TrustedProxies: config.Networks{netip.MustParsePrefix("10.0.0.0/8")}}
	addresses, _ = network(behind, here)(t.Context())
	require.NotContains(t, addresses, netip.MustParseAddr("198.51.100.8"), "the proxy's")
	behind.TrustedProxies = config.Networks{netip.MustParsePrefix("127.0.0.1/32")}
	addresses, _ = network(behind, here)(t.Context())
	require.Contains(t, addresses, netip.MustParseAddr("198.51.100.8"), "the proxy is here")
	secure := config.Config{TLS: "self-signed", HTTPSAddr: ":443"}
	require.True(t, isOpen(secure, here))
	secure.HTTPSAddr = "localhost:443"
	require.False(t, isOpen(secure, here))
}
