package certs

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

const domain = "watch.example.org"

// authority is an ACME authority in this process, which believes its own name server.
type authority struct {
	ACME
	server *httptest.Server
	names  sync.Map // that are at 127.0.0.1
	http   net.Listener
	https  net.Listener
	root   func() string // the file of its root certificate
}

// newAuthority gives certificates that are good for life. It asks for proof at the two listeners, which are the tested server's.
func newAuthority(t *testing.T, life time.Duration) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	a := &authority{http: listen(t), https: listen(t)}
	a.names.Store(domain, true)
	logger, store := log.New(io.Discard, "", 0), db.NewMemoryStore()
	issuer := ca.New(logger, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {ValidityPeriod: uint64(life.Seconds())}})
	_, httpPort := place(a.http.Addr())
	_, httpsPort := place(a.https.Addr())
	prover := va.New(logger, httpPort, httpsPort, false, a.nameServer(t), store)
	front := wfe.New(logger, store, prover, issuer, []string{"authority.example.org"}, false, false, 1, 1)
	a.server = httptest.NewTLSServer(front.Handler())
	t.Cleanup(a.server.Close)
	a.Root = filepath.Join(t.TempDir(), "root.pem")
	require.NoError(t, os.WriteFile(a.Root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.server.Certificate().Raw}), 0o600))
	a.Directory, a.Email = a.server.URL+wfe.DirectoryPath, "ann@example.org"
	a.HTTP, a.HTTPS, a.renewEvery = a.http.Addr(), a.https.Addr(), 100*time.Millisecond
	a.root = func() string {
		path := filepath.Join(t.TempDir(), "issued.pem")
		require.NoError(t, os.WriteFile(path, issuer.GetRootCert(0).PEM(), 0o600))
		return path
	}
	return a
}

func (a *authority) nameServer(t *testing.T) string {
	t.Helper()
	l := listen(t)
	started := make(chan struct{})
	server := &dns.Server{Listener: l, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		answer := new(dns.Msg).SetReply(asked)
		name := asked.Question[0].Name
		if _, known := a.names.Load(strings.TrimSuffix(name, ".")); !known {
			answer.Rcode = dns.RcodeNameError
		} else if asked.Question[0].Qtype == dns.TypeA {
			answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { _ = server.Shutdown() })
	return l.Addr().String()
}

// start serves with certificates of the authority, on its two listeners.
func (a *authority) start(t *testing.T, change func(*Options)) *Certs {
	t.Helper()
	o := Options{Mode: ModeACME, Names: []string{domain}, Dir: t.TempDir(), ACME: a.ACME}
	if change != nil {
		change(&o)
	}
	c := open(t, o)
	serve(t, c, a.https)
	plain := &http.Server{Handler: c.HTTPHandler("https://"+domain, 443)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = plain.Serve(a.http) })
	t.Cleanup(func() {
		_ = plain.Close()
		serving.Wait()
	})
	return c
}

func (a *authority) awaitCertificate(t *testing.T, c *Certs, after time.Time) {
	t.Helper()
	require.Eventually(t, func() bool { return c.Status().Names[0].NotAfter.After(after) }, patience, 20*time.Millisecond, "%+v", c.Status())
}

func TestACertificateComesByEitherChallenge(t *testing.T) {
	for name, change := range map[string]func(*authority){
		"HTTP-01": func(a *authority) { // nothing speaks TLS where the authority asks
			_ = a.https.Close()
			a.https = listen(t)
			a.HTTPS = a.https.Addr()
		},
		"TLS-ALPN-01": func(a *authority) { // plain HTTP is closed on the way
			_ = a.http.Close()
			a.http = listen(t)
			a.HTTP = a.http.Addr()
		},
		"TLS-ALPN-01 alone": func(a *authority) { a.HTTP = nil },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuthority(t, 24*time.Hour)
			change(a)
			c := a.start(t, nil)
			a.awaitCertificate(t, c, time.Now())
			leaf, err := served(t, a.https.Addr(), domain, rootsOf(t, a.root()))
			require.NoError(t, err)
			require.NoError(t, leaf.VerifyHostname(domain))
			n := c.Status().Names[0]
			require.Contains(t, n.Issuer, "Pebble")
			require.Equal(t, leaf.NotAfter, n.NotAfter)

			leaf, err = served(t, a.https.Addr(), "", nil)
			require.NoError(t, err, "who names no server gets the main name's")
			require.NoError(t, leaf.VerifyHostname(domain))
			_, err = served(t, a.https.Addr(), "bank.example.org", nil)
			require.Error(t, err, "it answers for its own names alone")
			require.Equal(t, http.StatusTemporaryRedirect, get(c, "GET", "http://"+domain+"/r/movies", "https://"+domain, 443).Code)
		})
	}
}

func TestACertificateIsRenewedInTimeWithNobodyAsking(t *testing.T) {
	a := newAuthority(t, 12*time.Second)
	c := a.start(t, nil)
	a.awaitCertificate(t, c, time.Now())
	first := c.Status().Names[0].NotAfter
	a.awaitCertificate(t, c, first)
	leaf, err := served(t, a.https.Addr(), domain, rootsOf(t, a.root()))
	require.NoError(t, err)
	require.True(t, leaf.NotAfter.After(first))
}

func TestAfterARestartTheCertificateIsThereWithoutTheAuthority(t *testing.T) {
	a := newAuthority(t, 24*time.Hour)
	dir := t.TempDir()
	first, err := Open(t.Context(), Options{Mode: ModeACME, Names: []string{domain}, Dir: dir, ACME: a.ACME})
	require.NoError(t, err)
	port := first.NewPort(a.https)
	a.awaitCertificate(t, first, time.Now())
	require.NoError(t, port.Close())
	first.Close()

	a.server.Close()
	a.https = listen(t)
	a.HTTPS = a.https.Addr()
	c := a.start(t, func(o *Options) { o.Dir = dir })
	a.awaitCertificate(t, c, time.Now())
	_, err = served(t, a.https.Addr(), domain, rootsOf(t, a.root()))
	require.NoError(t, err)
}

func TestWithoutACertificateTheReasonIsSaidAndNobodyIsSentToABrokenPage(t *testing.T) {
	problem := func(t *testing.T, c *Certs) string {
		t.Helper()
		require.Eventually(t, func() bool { return c.Status().Names[0].Problem != "" }, patience, 20*time.Millisecond)
		n := c.Status().Names[0]
		require.False(t, n.Serves(time.Now()))
		require.WithinDuration(t, time.Now(), n.Since, patience)
		w := get(c, "GET", "http://"+domain+"/", "", 443)
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.Contains(t, w.Body.String(), "log")
		return n.Problem
	}
	t.Run("nothing answers under the name", func(t *testing.T) {
		a := newAuthority(t, time.Hour)
		_ = a.http.Close()
		_ = a.https.Close()
		a.http, a.https = listen(t), listen(t)
		a.HTTP, a.HTTPS = a.http.Addr(), a.https.Addr()
		require.Contains(t, problem(t, a.start(t, nil)), "80 and 443")
	})
	t.Run("the name has no address", func(t *testing.T) {
		a := newAuthority(t, time.Hour)
		a.names.Delete(domain)
		require.Contains(t, problem(t, a.start(t, nil)), "The authority says: ")
	})
	t.Run("the authority is not trusted", func(t *testing.T) {
		a := newAuthority(t, time.Hour)
		require.Contains(t, problem(t, a.start(t, func(o *Options) { o.ACME.Root = "" })), "TURTUS_ACME_ROOT")
	})
	t.Run("the authority is away", func(t *testing.T) {
		a := newAuthority(t, time.Hour)
		a.server.Close()
		require.Contains(t, problem(t, a.start(t, nil)), "can't be reached")
	})
	t.Run("the e-mail address is none", func(t *testing.T) {
		a := newAuthority(t, time.Hour)
		a.Email = "nonsense"
		require.Contains(t, problem(t, a.start(t, nil)), "TURTUS_ACME_EMAIL")
	})
}

func TestARootThatIsNoneStopsTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.pem")
	o := Options{Mode: ModeACME, Names: []string{domain}, Dir: t.TempDir(), ACME: ACME{Root: path, HTTPS: &net.TCPAddr{}}}
	_, err := Open(context.Background(), o)
	require.ErrorContains(t, err, "TURTUS_ACME_ROOT")
	require.NoError(t, os.WriteFile(path, []byte("nothing"), 0o600))
	_, err = Open(context.Background(), o)
	require.ErrorContains(t, err, "no certificate in PEM")
}
