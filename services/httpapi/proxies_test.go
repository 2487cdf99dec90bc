package httpapi

import (
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func networks(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func TestAProxysWordIsBelievedHopByHop(t *testing.T) {
	p := proxies(networks("10.0.0.0/8", "fd00::/8"))
	const plain, forwarded = "X-Forwarded-For", "Forwarded"
	for _, c := range []struct {
		name, remote string
		headers      []string // name, value, …
		want         string
	}{
		{"nothing said", "10.0.0.1:5", nil, "10.0.0.1:5"},
		{"an untrusted address says what it likes", "192.0.2.9:5", []string{plain, "198.51.100.1"}, "192.0.2.9:5"},
		{"nor by the other header", "[2001:db8::9]:5", []string{forwarded, "for=198.51.100.1"}, "[2001:db8::9]:5"},
		{"one proxy", "10.0.0.1:5", []string{plain, "198.51.100.1"}, "198.51.100.1"},
		{"a chain of two", "10.0.0.1:5", []string{plain, "198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"a chain of two, in two headers", "10.0.0.1:5", []string{plain, "198.51.100.1", plain, "10.0.0.2"}, "198.51.100.1"},
		{"what the client said before is no proxy's word", "10.0.0.1:5", []string{plain, "203.0.113.7, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"not even that it is a proxy", "10.0.0.1:5", []string{plain, "203.0.113.7, 10.0.0.9, 198.51.100.1"}, "198.51.100.1"},
		{"a client within the proxies' network", "10.0.0.1:5", []string{plain, "10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"with a port", "10.0.0.1:5", []string{plain, "198.51.100.1:4711"}, "198.51.100.1"},
		{"what is no address ends the walk", "10.0.0.1:5", []string{plain, "198.51.100.1, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"empty", "10.0.0.1:5", []string{plain, ""}, "10.0.0.1"},
		{"IPv6", "[fd00::1]:5", []string{plain, "2001:db8::7, fd00::2"}, "2001:db8::7"},
		{"IPv6 in brackets with a port", "[fd00::1]:5", []string{plain, "[2001:db8::7]:4711"}, "2001:db8::7"},
		{"IPv4 within IPv6", "[::ffff:10.0.0.1]:5", []string{plain, "::ffff:198.51.100.1"}, "198.51.100.1"},
		{"RFC 7239", "10.0.0.1:5", []string{forwarded, `For="[2001:db8:cafe::17]:4711";proto=https;by=10.0.0.2, for=10.0.0.2`}, "2001:db8:cafe::17"},
		{"RFC 7239, IPv4 and a comma in quotes", "10.0.0.1:5", []string{forwarded, `for=198.51.100.1;host="a,for=1.2.3.4;\""`}, "198.51.100.1"},
		{"RFC 7239, a hidden hop", "10.0.0.1:5", []string{forwarded, "for=198.51.100.1, for=_hidden"}, "10.0.0.1"},
		{"RFC 7239, a hop that says nothing of it", "10.0.0.1:5", []string{forwarded, "for=198.51.100.1, proto=http"}, "10.0.0.1"},
		{"RFC 7239, a quote that swallows the proxy's word", "10.0.0.1:5", []string{forwarded, `for=203.0.113.7;x=", for=198.51.100.1`}, "10.0.0.1"},
		{"RFC 7239, a quote that swallows the proxy's quotes", "10.0.0.1:5", []string{forwarded, `for=203.0.113.7;x="\", for="[2001:db8::1]"`}, "10.0.0.1"},
		{"RFC 7239, for twice", "10.0.0.1:5", []string{forwarded, `for=203.0.113.7;for=203.0.113.8, for=198.51.100.1`}, "198.51.100.1"},
		{"both, of one mind", "10.0.0.1:5", []string{plain, "198.51.100.1", forwarded, "for=198.51.100.1"}, "198.51.100.1"},
		{"the client's own beside the proxy's", "10.0.0.1:5", []string{plain, "198.51.100.1", forwarded, "for=203.0.113.7"}, "10.0.0.1:5"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Add(c.headers[i], c.headers[i+1])
		}
		require.Equal(t, c.want, p.client(r), c.name)
		require.Equal(t, c.remote, proxies(nil).client(r), "without trusted proxies: %s", c.name)
	}
}

// socket asks for the WebSocket, as a proxy does for a client.
func (c *client) socket(client string) {
	c.t.Helper()
	request, err := http.NewRequest(http.MethodGet, c.h.url+"/api/v1/ws", nil)
	require.NoError(c.t, err)
	request.Header.Set("X-Forwarded-For", client)
	response, err := c.http.Do(request)
	require.NoError(c.t, err)
	require.NoError(c.t, response.Body.Close())
	require.Equal(c.t, http.StatusUpgradeRequired, response.StatusCode)
}

func TestLimitsBehindAProxyAreEachClientsOwn(t *testing.T) {
	limits := Limits{SignIn: Limit{2, time.Hour}}
	wrong := wire.Credentials{Username: "ada", Password: "wrong password"}
	exhaust := func(c *client, headers ...string) {
		for range 2 {
			c.do("POST", "/sessions", wrong, headers...).fails(401, wire.ErrorCodeWrongCredentials)
		}
		c.do("POST", "/sessions", wrong, headers...).fails(429, wire.ErrorCodeRateLimited)
	}

	h := newHouse(t, func(o *Options) { o.Limits, o.TrustedProxies = limits, networks("127.0.0.0/8", "10.0.0.0/8") })
	c := h.visitor(t)
	exhaust(c, "X-Forwarded-For", "198.51.100.1")
	exhaust(c, "X-Forwarded-For", "198.51.100.2, 10.0.0.1")
	exhaust(c, "Forwarded", `for="[2001:db8::1]"`)
	c.do("POST", "/sessions", wrong, "X-Forwarded-For", "2001:db8::2").fails(429, wire.ErrorCodeRateLimited) // the same /64
	c.do("POST", "/sessions", wrong, "X-Forwarded-For", "203.0.113.1, 198.51.100.1").fails(429, wire.ErrorCodeRateLimited)
	c.socket("198.51.100.1")
	require.Equal(t, []string{"198.51.100.1"}, h.hub.remote, "the WebSocket's address too")
	require.Contains(t, h.logged(), "address=198.51.100.2")

	open := newHouse(t, func(o *Options) { o.Limits, o.TrustedProxies = limits, networks("10.0.0.0/8") })
	c = open.visitor(t)
	exhaust(c, "X-Forwarded-For", "198.51.100.1")
	c.do("POST", "/sessions", wrong, "X-Forwarded-For", "198.51.100.2").fails(429, wire.ErrorCodeRateLimited)
	c.socket("198.51.100.1")
	require.Contains(t, open.hub.remote[0], "127.0.0.1:", "a spoofed header changes nothing")
}
