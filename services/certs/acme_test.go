package certs

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/certs/acmetest"
)

const domain = "watch.example.org"

// authority is an ACME authority, and the two listeners where it asks for proof, which are the tested server's.
type authority struct {
	*acmetest.Authority
	ACME
	http, https net.Listener
}

// newAuthority gives certificates that are good for life.
func newAuthority(t *testing.T, life time.Duration) *authority {
	t.Helper()
	a := &authority{http: listen(t), https: listen(t)}
	_, httpPort := place(a.http.Addr())
	_, httpsPort := place(a.https.Addr())
	a.Authority = acmetest.New(t, acmetest.Options{Names: []string{domain}, Life: life, HTTP: httpPort, HTTPS: httpsPort})
	a.ACME = ACME{
		Directory: a.Authority.Directory, Root: a.Authority.Root, Email: "ann@example.org", HTTP: a.http.Addr(), HTTPS: a.https.Addr(),
		renewEvery: 100 * time.Millisecond,
	}
	return a
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
			leaf, err := served(t, a.https.Addr(), domain, a.Roots())
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
	leaf, err := served(t, a.https.Addr(), domain, a.Roots())
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

	a.Stop()
	a.https = listen(t)
	a.HTTPS = a.https.Addr()
	c := a.start(t, func(o *Options) { o.Dir = dir })
	a.awaitCertificate(t, c, time.Now())
	_, err = served(t, a.https.Addr(), domain, a.Roots())
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
		a.Forget(domain)
		require.Contains(t, problem(t, a.start(t, nil)), "The authority says: ")
	})
	t.Run("the authority is not trusted", func(t *testing.T) {
		a := newAuthority(t, time.Hour)
		require.Contains(t, problem(t, a.start(t, func(o *Options) { o.ACME.Root = "" })), "TURTUS_ACME_ROOT")
	})
	t.Run("the authority is away", func(t *testing.T) {
		a := newAuthority(t, time.Hour)
		a.Stop()
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
