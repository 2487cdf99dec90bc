// Package acmetest is an ACME authority for tests, in their own process: Pebble, with a name server that it alone believes. Nothing leaves the
// machine.
package acmetest

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net"
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

// Authority gives certificates for names that it finds at 127.0.0.1.
type Authority struct {
	// Directory is its address, and Root the PEM file that this address' own certificate is trusted by.
	Directory, Root string

	names  sync.Map
	server *httptest.Server
	issuer *ca.CAImpl
}

// Options of an Authority.
type Options struct {
	// Names that lead to 127.0.0.1.
	Names []string
	// Life of its certificates.
	Life time.Duration
	// HTTP and HTTPS are the ports that it asks for proof at.
	HTTP, HTTPS int
}

// New starts an authority that ends with the test.
func New(t *testing.T, o Options) *Authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	a := &Authority{}
	for _, name := range o.Names {
		a.names.Store(name, true)
	}
	logger, store := log.New(io.Discard, "", 0), db.NewMemoryStore()
	a.issuer = ca.New(logger, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {ValidityPeriod: uint64(o.Life.Seconds())}})
	prover := va.New(logger, o.HTTP, o.HTTPS, false, a.nameServer(t), store)
	front := wfe.New(logger, store, prover, a.issuer, []string{"authority.example.org"}, false, false, 1, 1)
	a.server = httptest.NewTLSServer(front.Handler())
	t.Cleanup(a.server.Close)
	a.Root = filepath.Join(t.TempDir(), "root.pem")
	require.NoError(t, os.WriteFile(a.Root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.server.Certificate().Raw}), 0o600))
	a.Directory = a.server.URL + wfe.DirectoryPath
	return a
}

// Roots are what its certificates are trusted by.
func (a *Authority) Roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.issuer.GetRootCert(0).PEM())
	return roots
}

// Forget lets a name lead nowhere.
func (a *Authority) Forget(name string) { a.names.Delete(name) }

// Stop ends it before the test does.
func (a *Authority) Stop() { a.server.Close() }

func (a *Authority) nameServer(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	started, ended := make(chan struct{}), make(chan struct{})
	server := &dns.Server{Listener: l, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		answer := new(dns.Msg).SetReply(asked)
		name := asked.Question[0].Name
		if _, known := a.names.Load(strings.TrimSuffix(name, ".")); !known {
			answer.Rcode = dns.RcodeNameError
		} else if asked.Question[0].Qtype == dns.TypeA {
			answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(answer) // an asker who left
	})}
	go func() {
		defer close(ended)
		_ = server.ActivateAndServe() // until Shutdown
	}()
	<-started
	t.Cleanup(func() {
		_ = server.Shutdown()
		<-ended
	})
	return l.Addr().String()
}
