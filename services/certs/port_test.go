package certs

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// local is a local server on a port of its own, and what a client needs to trust it.
func local(t *testing.T) (*Certs, *tls.Config) {
	t.Helper()
	dir := t.TempDir()
	c := open(t, Options{Mode: ModeSelfSigned, Dir: dir, greeting: 10 * patience})
	return c, &tls.Config{RootCAs: rootsOf(t, filepath.Join(dir, AuthorityFile))}
}

func TestHTTPIsSpokenInBothVersionsAndByWhoNamesNone(t *testing.T) {
	c, trust := local(t)
	p := serve(t, c, listen(t))
	for want, protocols := range map[string]*http.Protocols{"HTTP/2.0": nil, "HTTP/1.1": new(http.Protocols)} {
		transport := &http.Transport{TLSClientConfig: trust.Clone(), ForceAttemptHTTP2: true, Protocols: protocols}
		if protocols != nil {
			protocols.SetHTTP1(true)
		}
		answer, err := (&http.Client{Transport: transport, Timeout: patience}).Get("https://" + p.Addr().String())
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		transport.CloseIdleConnections()
		require.Equal(t, "hello by "+want, string(text))
	}
	conn, err := tls.Dial("tcp", p.Addr().String(), trust)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = conn.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
	require.NoError(t, err)
	text, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(text), "hello by HTTP/1.0")
	require.Contains(t, string(text), "200 OK", "the request knows that it came by TLS")
}

func TestAWebSocketWorksWhereHTTP2IsOffered(t *testing.T) {
	c, trust := local(t)
	p := c.NewPort(listen(t))
	defer p.Close()
	server := &http.Server{TLSConfig: c.TLSConfig(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{}
		if ws, err := up.Upgrade(w, r, nil); err == nil {
			_ = ws.WriteMessage(websocket.TextMessage, []byte("hello"))
			_ = ws.Close()
		}
	})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(p.Web())
	}()
	for _, offered := range [][]string{{"http/1.1"}, nil} { // as browsers do, and as programs may
		config := trust.Clone()
		config.NextProtos = offered
		dialer := websocket.Dialer{TLSClientConfig: config, HandshakeTimeout: patience}
		ws, _, err := dialer.Dial("wss://"+p.Addr().String(), nil)
		require.NoError(t, err)
		_, text, err := ws.ReadMessage()
		require.NoError(t, err)
		require.Equal(t, "hello", string(text))
		require.NoError(t, ws.Close())
	}
	require.NoError(t, server.Close())
	<-ended
}

func TestWhoBeginsWithSTUNIsForTheRelay(t *testing.T) {
	c, trust := local(t)
	p := serve(t, c, listen(t))
	for _, offered := range [][]string{nil, {"stun.turn"}} {
		config := trust.Clone()
		config.NextProtos = offered
		conn, err := tls.Dial("tcp", p.Addr().String(), config)
		require.NoError(t, err)
		binding := []byte("\x00\x01\x00\x00\x21\x12\xa4\x42............")
		_, err = conn.Write(binding)
		require.NoError(t, err)
		got, err := p.TURN().Accept()
		require.NoError(t, err)
		read := make([]byte, len(binding))
		_, err = io.ReadFull(got, read)
		require.NoError(t, err)
		require.Equal(t, binding, read)
		require.IsType(t, &net.TCPAddr{}, got.RemoteAddr())
		require.NoError(t, got.Close())
		require.NoError(t, conn.Close())
	}
	t.Run("with no relay it is closed", func(t *testing.T) {
		require.NoError(t, p.TURN().Close())
		conn, err := tls.Dial("tcp", p.Addr().String(), trust)
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
		_, err = conn.Write([]byte{0})
		require.NoError(t, err)
		_, err = conn.Read(make([]byte, 1))
		require.Error(t, err)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	})
}

func TestWhoSaysNothingHoldsNobodyUp(t *testing.T) {
	c, trust := local(t)
	p := serve(t, c, listen(t))
	for range 20 {
		silent, err := net.Dial("tcp", p.Addr().String())
		require.NoError(t, err)
		defer silent.Close()
		shaken, err := tls.Dial("tcp", p.Addr().String(), trust)
		require.NoError(t, err)
		defer shaken.Close()
	}
	_, err := served(t, p.Addr(), "localhost", trust.RootCAs)
	require.NoError(t, err)
	require.NoError(t, p.Close(), "nor the end")
}

func TestOneAddressDoesNotTakeAllPlaces(t *testing.T) {
	c, trust := local(t)
	p := serve(t, c, listen(t))
	for range maxGreetingsOfOne {
		silent, err := net.Dial("tcp", p.Addr().String())
		require.NoError(t, err)
		defer silent.Close()
	}
	require.Eventually(t, func() bool { return p.greeting() == maxGreetingsOfOne }, patience, time.Millisecond)
	one, err := net.Dial("tcp", p.Addr().String())
	require.NoError(t, err)
	defer one.Close()
	require.NoError(t, one.SetDeadline(time.Now().Add(patience)))
	_, err = one.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)

	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	other, err := tls.DialWithDialer(dialer, "tcp", p.Addr().String(), trust)
	require.NoError(t, err)
	require.NoError(t, other.Close())
	require.Equal(t, "2001:db8::/64", origin(&net.TCPAddr{IP: net.ParseIP("2001:db8::7")}).String())
}

// greeting counts the clients that have not said yet what they speak.
func (p *Port) greeting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.greets)
}

func TestOldTLSIsRefused(t *testing.T) {
	c, trust := local(t)
	p := serve(t, c, listen(t))
	trust.MaxVersion = tls.VersionTLS11
	trust.MinVersion = tls.VersionTLS10
	_, err := tls.Dial("tcp", p.Addr().String(), trust)
	require.Error(t, err)
	trust.MinVersion, trust.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	trust.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
	_, err = tls.Dial("tcp", p.Addr().String(), trust)
	require.Error(t, err)
}
