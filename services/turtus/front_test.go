package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/turn/v5"
	"github.com/stretchr/testify/require"

	"turtus/services/certs"
	"turtus/services/certs/acmetest"
	"turtus/services/config"
	"turtus/services/wire"
)

// freeAddress is one that nobody listens on just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestAServerForANetworkWithoutADomain(t *testing.T) {
	b := newBox(t)
	secure, plain := freeAddress(t), freeAddress(t)
	_, relayPort, _ := net.SplitHostPort(freeAddress(t))
	b.env = append(b.env, "TURTUS_TLS=self-signed", "TURTUS_HTTPS_ADDR="+secure, "TURTUS_HTTP_ADDR="+plain, "TURTUS_RELAY_PORT="+relayPort)

	out, log, code := b.run("", "cert", "Sofa.lan")
	require.Equal(t, 0, code, log)
	require.Contains(t, out, "A certificate for sofa.lan, ")
	require.Contains(t, out, "SHA-256")
	_, log, code = b.run("", "cert", "https://sofa.lan")
	require.Equal(t, 1, code)
	require.Contains(t, log, "neither a name")
	_, log, code = b.run("", "cert", "bank.example.com")
	require.Equal(t, 1, code)
	require.Contains(t, log, "--new-authority")

	s := b.serve()
	_, port, _ := net.SplitHostPort(secure)
	require.Equal(t, "Turtus is ready: https://localhost:"+port+"\n", s.out.String())
	require.NotContains(t, s.log.String(), "/setup#token=", "nobody else can come")
	text, err := os.ReadFile(filepath.Join(b.dir, "tls", certs.AuthorityFile))
	require.NoError(t, err)
	trust := &tls.Config{RootCAs: x509.NewCertPool()}
	require.True(t, trust.RootCAs.AppendCertsFromPEM(text))
	transport := &http.Transport{TLSClientConfig: trust.Clone(), ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

	t.Run("HTTP/2, with no word of HSTS where browsers trust the certificate by hand", func(t *testing.T) {
		answer, err := client.Get("https://" + secure + "/healthz")
		require.NoError(t, err)
		defer answer.Body.Close()
		require.Equal(t, "HTTP/2.0", answer.Proto)
		require.Empty(t, answer.Header.Get("Strict-Transport-Security"))
	})
	t.Run("devices get the authority that they are to trust", func(t *testing.T) {
		for _, url := range []string{"https://" + secure, "http://" + plain} {
			answer, err := client.Get(url + "/turtus-ca.crt")
			require.NoError(t, err)
			got, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Equal(t, string(text), string(got))
		}
		require.Contains(t, out, "http://ADDRESS:"+strconv.Itoa(portOf(plain))+"/turtus-ca.crt")
	})
	t.Run("plain HTTP leads there", func(t *testing.T) {
		answer, err := client.Get("http://" + plain + "/r/movies?a=b")
		require.NoError(t, err)
		defer answer.Body.Close()
		require.Equal(t, "https://"+secure+"/r/movies?a=b", answer.Header.Get("Location"))
	})
	t.Run("the sign-in's cookie goes over TLS alone", func(t *testing.T) {
		answer, err := client.Post("https://"+secure+"/api/v1/users", "application/json", strings.NewReader(`{"username":"anna","password":"a long password"}`))
		require.NoError(t, err)
		defer answer.Body.Close()
		require.Equal(t, http.StatusCreated, answer.StatusCode)
		require.True(t, answer.Cookies()[0].Secure)
	})
	t.Run("a page gets in by its WebSocket, and through the same port to the relay", func(t *testing.T) {
		s.signIn("/sessions")
		s.request("POST", "/rooms", `{"title":"Movies","slug":"movies"}`)
		identity := s.seatAt(&websocket.Dialer{TLSClientConfig: trust.Clone()}, "wss://"+secure, http.Header{"Origin": {"https://" + secure}}, "movies")
		server := identity.IceServers[1]
		require.Equal(t, "turns:"+secure+"?transport=tcp", server.Urls[len(server.Urls)-1])
		conn, err := tls.Dial("tcp", secure, trust)
		require.NoError(t, err)
		defer conn.Close()
		client, err := turn.NewClient(&turn.ClientConfig{
			TURNServerAddr: secure, Username: *server.Username, Password: *server.Credential, Conn: turn.NewSTUNConn(conn),
		})
		require.NoError(t, err)
		defer client.Close()
		require.NoError(t, client.Listen())
		relayed, err := client.Allocate()
		require.NoError(t, err)
		require.NoError(t, relayed.Close())
	})
	t.Run("who comes by plain HTTP, as a program beside it, is told no other port", func(t *testing.T) {
		for _, server := range s.seat("movies").IceServers {
			for _, url := range server.Urls {
				require.NotContains(t, url, "turns:")
			}
		}
	})
	s.end(syscall.SIGTERM)
	require.NotContains(t, s.log.String(), "level=ERROR")
}

func TestAServerWithADomainIsThereByHTTPSAndTakesTheFirstAccountByItsLink(t *testing.T) {
	const domain = "watch.example.org"
	b := newBox(t)
	secure, plain := freeAddress(t), freeAddress(t)
	authority := acmetest.New(t, acmetest.Options{Names: []string{domain}, Life: 24 * time.Hour, HTTP: portOf(plain), HTTPS: portOf(secure)})
	b.env = append(b.env, "TURTUS_DOMAIN="+domain, "TURTUS_ACME_DIRECTORY="+authority.Directory, "TURTUS_ACME_ROOT="+authority.Root, "TURTUS_HSTS=on",
		"TURTUS_HTTPS_ADDR="+secure, "TURTUS_HTTP_ADDR="+plain)
	s := b.serve()
	require.Equal(t, "Turtus is ready: https://"+domain+"\n", s.out.String())
	// As a resolver of the world would.
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Roots()}, ForceAttemptHTTP2: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		to := map[string]string{domain + ":443": secure, domain + ":80": plain}[address]
		return new(net.Dialer).DialContext(ctx, network, to)
	}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	require.Eventually(t, func() bool {
		answer, err := client.Get("http://" + domain + "/healthz")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK && answer.Request.URL.Scheme == "https" && answer.Header.Get("Strict-Transport-Security") != ""
	}, patience, 50*time.Millisecond)

	link := regexp.MustCompile(`https://` + domain + `/setup#token=(\w{26})`).FindStringSubmatch(s.log.String())
	require.NotEmpty(t, link, s.log.String())
	for _, try := range []struct {
		token string
		want  int
	}{{"", http.StatusForbidden}, {link[1], http.StatusCreated}} {
		body := `{"username":"anna","password":"a long password","setupToken":"` + try.token + `"}`
		answer, err := client.Post("https://"+domain+"/api/v1/users", "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, try.want, answer.StatusCode)
	}
}

func portOf(address string) int {
	_, text, _ := net.SplitHostPort(address)
	port, _ := strconv.Atoi(text)
	return port
}

func TestPortsOfHTTPSThatAreTakenAreNamedWithTheMend(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	b := newBox(t)
	b.env = append(b.env, "TURTUS_TLS=self-signed", "TURTUS_HTTPS_ADDR="+taken.Addr().String(), "TURTUS_HTTP_ADDR=off")
	_, log, code := b.run("", "serve")
	require.Equal(t, 1, code)
	require.Contains(t, log, "TURTUS_HTTPS_ADDR")
	require.Contains(t, log, "TURTUS_TLS=off")
}

func TestHSTSIsOnlyForCertificatesThatBrowsersTrust(t *testing.T) {
	domain := []string{"watch.example.org"}
	for want, all := range map[bool][]config.Config{
		true: {{TLS: "auto", HSTS: "auto", Domain: domain}, {TLS: "auto", HSTS: "on", TLSCert: "/x", TLSKey: "/y"}},
		false: {
			{TLS: "auto", HSTS: "auto", Domain: domain, ACMERoot: "/x"}, {TLS: "auto", HSTS: "auto", TLSCert: "/x", TLSKey: "/y"},
			{TLS: "self-signed", HSTS: "auto", Domain: domain}, {TLS: "self-signed", HSTS: "on"}, {TLS: "auto", HSTS: "off", Domain: domain},
		},
	} {
		for _, c := range all {
			require.Equal(t, want, (&front{}).hsts(c), "%+v", c)
		}
	}
	require.False(t, (*front)(nil).hsts(config.Config{HSTS: "on"}), "where a proxy ends TLS it says so")
}

// seatAt takes a seat in a room at an address and leaves.
func (s *server) seatAt(dialer *websocket.Dialer, at string, header http.Header, room string) (identity wire.Identity) {
	s.Helper()
	token, ok := s.request("POST", "/rooms/"+room+"/join", "{}")["token"].(string)
	require.True(s, ok)
	ws, response, err := dialer.Dial(at+"/api/v1/ws", header)
	require.NoError(s, err)
	response.Body.Close()
	defer ws.Close()
	require.NoError(s, ws.WriteJSON(wire.NewEnvelope(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer})))
	var e wire.Envelope
	require.NoError(s, ws.ReadJSON(&e))
	identity, err = wire.Decode[wire.Identity](e)
	require.NoError(s, err)
	return identity
}
