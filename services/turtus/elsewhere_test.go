package main

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/config"
)

func TestOnlyAServerForAllAddressesNamesThoseForOtherMachines(t *testing.T) {
	everywhere := &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}
	require.Equal(t, "http://localhost:8080", said(addresses(config.Config{Addr: "localhost:8080"}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, "http")))
	require.Equal(t, "https://watch.example.org", said(addresses(config.Config{PublicURL: "https://watch.example.org"}, everywhere, "http")))

	require.Equal(t, "https://192.168.1.5", said(addresses(config.Config{}, &net.TCPAddr{IP: net.IPv4(192, 168, 1, 5), Port: 443}, "https")))
	text := said(addresses(config.Config{Addr: ":8080"}, everywhere, "http"))
	own, err := net.InterfaceAddrs()
	require.NoError(t, err)
	any := false
	for _, a := range own {
		ip := a.(*net.IPNet).IP
		if ip.To4() != nil && ip.IsGlobalUnicast() {
			any = true
			require.Contains(t, text, "http://"+ip.String()+":8080")
		}
	}
	require.Equal(t, any, strings.Contains(text, "for other machines"), "%q", text)
	require.NotContains(t, text, "127.0.0.1")
}
