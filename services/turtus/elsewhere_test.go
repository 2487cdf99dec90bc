package main

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/config"
)

func TestOnlyAServerForAllAddressesNamesThoseForOtherMachines(t *testing.T) {
	everywhere := &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}
	require.Empty(t, elsewhere(config.Config{}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}))
	require.Empty(t, elsewhere(config.Config{PublicURL: "https://watch.example.org"}, everywhere))

	said := elsewhere(config.Config{}, everywhere)
	own, err := net.InterfaceAddrs()
	require.NoError(t, err)
	any := false
	for _, a := range own {
		ip := a.(*net.IPNet).IP
		if ip.To4() != nil && ip.IsGlobalUnicast() {
			any = true
			require.Contains(t, said, "http://"+ip.String()+":8080")
		}
	}
	require.Equal(t, any, said != "", "%q", said)
	require.NotContains(t, said, "127.0.0.1")
}
