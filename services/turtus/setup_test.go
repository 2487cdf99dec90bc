package main

import (
	"net"
	"net/netip"
	"regexp"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/config"
)

func TestOnlyAServerForItsOwnMachineTakesWhoeverComesFirst(t *testing.T) {
	home := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	require.False(t, reachable(config.Config{}, home))
	require.False(t, reachable(config.Config{PublicURL: "https://localhost:8443"}, &net.TCPAddr{IP: net.IPv6loopback, Port: 8080}))
	require.False(t, reachable(config.Config{PublicURL: "http://turtus.localhost"}, home))
	for name, c := range map[string]config.Config{
		"a proxy is trusted":       {TrustedProxies: config.Networks{netip.MustParsePrefix("127.0.0.1/32")}},
		"a public address is told": {PublicURL: "https://watch.example.org"},
		"a name that only begins":  {PublicURL: "https://localhost.example.org"},
	} {
		require.True(t, reachable(c, home), name)
	}
	for _, ip := range []net.IP{net.IPv4zero, net.IPv6unspecified, net.IPv4(192, 168, 1, 5)} {
		require.True(t, reachable(config.Config{}, &net.TCPAddr{IP: ip, Port: 8080}), ip)
	}
	require.True(t, reachable(config.Config{}, nil), "what is not known counts as open")
}

func TestTheFirstAccountOfAServerForOthersIsMadeByTheLinkInItsLog(t *testing.T) {
	b := newBox(t)
	b.env = append(b.env, "TURTUS_TRUSTED_PROXIES=127.0.0.1")
	link := regexp.MustCompile(`http://\S+/setup#token=(\w{26})`)
	find := func(s *server) []string {
		found := link.FindStringSubmatch(s.log.String())
		require.NotNil(t, found, s.log.String())
		return found
	}
	s := b.serve()
	first := find(s)
	account := func(token string) map[string]any {
		return s.request("POST", "/users", `{"username":"anna","password":"a long password","setupToken":"`+token+`"}`)
	}
	require.Equal(t, "setup_token_required", account("")["code"])
	s.end(syscall.SIGTERM)

	s = b.serve()
	second := find(s) // nobody came, so there is a new one
	require.Equal(t, "setup_token_wrong", account(first[1])["code"])
	require.NotEmpty(t, account(second[1])["accessToken"])
	s.end(syscall.SIGTERM)

	s = b.serve()
	require.NotContains(t, s.log.String(), "/setup#token=")
}
