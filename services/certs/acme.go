package certs

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
)

// anew is how long after it gave a name up for good it begins again from nothing.
const anew = time.Hour

// acmeSource has certificates from an ACME authority, by CertMagic: it proves by HTTP-01 or TLS-ALPN-01 that the names are this server's,
// tries again ever more rarely where that fails, and renews in time.
type acmeSource struct {
	o        Options
	magic    *certmagic.Config
	issuer   *certmagic.ACMEIssuer
	cache    *certmagic.Cache
	end      context.CancelFunc
	managing sync.WaitGroup

	mu       sync.Mutex
	problems map[string]Name // only Problem and Since
}

func openACME(ctx context.Context, o Options) (*acmeSource, error) {
	if len(o.Names) == 0 {
		return nil, errors.New("a certificate by ACME needs a name: set TURTUS_DOMAIN")
	}
	var roots *x509.CertPool
	if o.ACME.Root != "" {
		text, err := os.ReadFile(o.ACME.Root)
		if err != nil {
			return nil, fmt.Errorf("read TURTUS_ACME_ROOT: %w", err)
		}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("TURTUS_ACME_ROOT: %s has no certificate in PEM", o.ACME.Root)
		}
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the certificates: %w", err)
	}
	a := &acmeSource{o: o, problems: make(map[string]Name)}
	logger := zapLogger(o.Log)
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert:   func(certmagic.Certificate) (*certmagic.Config, error) { return a.magic, nil },
		RenewCheckInterval: o.ACME.renewEvery, Logger: logger,
	})
	a.magic = certmagic.New(a.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: filepath.Join(o.Dir, "acme")}, Logger: logger, OnEvent: a.event,
		// A TURN client may name an address, and then sends no name at all.
		DefaultServerName: o.Names[0], OCSP: certmagic.OCSPConfig{DisableStapling: true},
	})
	template := certmagic.ACMEIssuer{
		CA: cmp.Or(o.ACME.Directory, certmagic.LetsEncryptProductionCA), Email: o.ACME.Email, Agreed: true, TrustedRoots: roots,
		DisableHTTPChallenge: o.ACME.HTTP == nil, Logger: logger,
	}
	// Ports that are ours already are where it answers; it would open these itself otherwise.
	template.ListenHost, template.AltTLSALPNPort = place(o.ACME.HTTPS)
	_, template.AltHTTPPort = place(o.ACME.HTTP)
	a.issuer = certmagic.NewACMEIssuer(a.magic, template)
	a.magic.Issuers = []certmagic.Issuer{a.issuer}

	ctx, a.end = context.WithCancel(context.WithoutCancel(ctx))
	for _, name := range o.Names {
		a.managing.Go(func() { a.manage(ctx, name) })
	}
	return a, nil
}

// place is the host, empty for all, and the port of an address.
func place(a net.Addr) (host string, port int) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return "", 0
	}
	if !tcp.IP.IsUnspecified() {
		host = tcp.IP.String()
	}
	return host, tcp.Port
}

// manage gets the certificate of a name where there is none, and has it renewed from then on.
func (a *acmeSource) manage(ctx context.Context, name string) {
	for {
		err := a.magic.ObtainCertAsync(ctx, name) // it tries for a month, unless trying makes no sense to it
		if err == nil {
			err = a.magic.ManageAsync(ctx, []string{name})
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		select {
		case <-time.After(anew):
		case <-ctx.Done():
			return
		}
	}
}

// event hears what becomes of each attempt.
func (a *acmeSource) event(ctx context.Context, event string, data map[string]any) error {
	name, _ := data["identifier"].(string)
	switch event {
	case "cert_obtaining":
		a.o.Log.Info("asking for a certificate", "name", name, "authority", a.issuer.CA)
	case "cert_obtained":
		a.mu.Lock()
		delete(a.problems, name)
		a.mu.Unlock()
		a.o.Log.Info("there is a new certificate", "name", name)
	case "cert_failed":
		err, _ := data["error"].(error)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		problem := advice(ctx, err, name, net.DefaultResolver)
		a.mu.Lock()
		a.problems[name] = Name{Problem: problem, Since: a.o.Now()}
		a.mu.Unlock()
		a.o.Log.Warn("no certificate for "+name+": "+problem+" It is tried again by itself.", "error", err)
	}
	return nil
}

func (a *acmeSource) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return a.magic.GetCertificate(hello)
}

func (a *acmeSource) names() []string { return a.o.Names }

func (a *acmeSource) status() []Name {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []Name
	for _, name := range a.o.Names {
		n := Name{Name: name}
		for _, kept := range a.cache.AllMatchingCertificates(name) {
			if kept.Leaf != nil && kept.Leaf.NotAfter.After(n.NotAfter) {
				n = statusOf(name, kept.Leaf)
			}
		}
		n.Problem, n.Since = a.problems[name].Problem, a.problems[name].Since
		all = append(all, n)
	}
	return all
}

// answers says whether a request was for a challenge, and has been answered.
func (a *acmeSource) answers(w http.ResponseWriter, r *http.Request) bool {
	return a != nil && a.issuer.HandleHTTPChallenge(w, r)
}

// close returns when no attempt is under way that this package began.
func (a *acmeSource) close() {
	a.end()
	a.managing.Wait()
	a.cache.Stop()
}
