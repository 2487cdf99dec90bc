// Package certs has the server's TLS certificates: those that an ACME authority gives for its names (RFC 8555), those of files, or those
// of an authority of its own for a network without a domain. It renews them, says which is wrong and what to do, hands HTTP requests on to
// HTTPS, and parts TURN from HTTPS on one port.
//
// The command opens it and serves with it. What always holds: a certificate that was good is served until a better one is there, whatever
// fails meanwhile; no private key is readable by others; a request is never sent on to a name that is not the server's own.
package certs

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Mode says where the certificates come from.
type Mode string

const (
	ModeOff        Mode = "off"
	ModeACME       Mode = "acme"
	ModeFiles      Mode = "files"
	ModeSelfSigned Mode = "self-signed"
)

// Options of Certs.
type Options struct {
	Mode Mode
	// Names of the server, the main one first; ModeACME needs them, and takes no addresses.
	Names []string
	// Dir is the folder of what ModeACME and ModeSelfSigned keep. It is made where it is missing.
	Dir  string
	ACME ACME
	// CertFile and KeyFile are PEM, the chain with the server's own certificate first; ModeFiles needs them.
	CertFile, KeyFile string

	Now func() time.Time // time.Now when nil
	Log *slog.Logger

	greeting time.Duration // how long a client may take to say what it speaks; greeting when 0
}

// ACME says which authority gives the certificates, and where it may ask for proof.
type ACME struct {
	// Email is told to the authority, for warnings; it may be empty.
	Email string
	// Directory is the authority's address; Let's Encrypt when empty.
	Directory string
	// Root is a PEM file of the authorities that the directory's own certificate comes from; those of the system when empty.
	Root string
	// HTTP and HTTPS are the addresses that this server listens on for challenges; HTTP is nil where it does not.
	HTTP, HTTPS net.Addr

	renewEvery time.Duration // how often it looks whether to renew; 10 minutes when 0
}

// source is one way to have certificates. Its methods are safe for concurrent use.
type source interface {
	certificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// names that the server goes by, without ports.
	names() []string
	status() []Name
	close()
}

// Certs is safe for concurrent use. Make it by Open, end it by Close.
type Certs struct {
	source
	o    Options
	acme *acmeSource // where that is the source
}

// Open loads what there is and begins to get what is missing. An error says what to do.
func Open(ctx context.Context, o Options) (*Certs, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.greeting = cmp.Or(o.greeting, greeting)
	c := &Certs{o: o}
	var err error
	switch o.Mode {
	case ModeACME:
		c.acme, err = openACME(ctx, o)
		c.source = c.acme
	case ModeFiles:
		c.source, err = openFiles(o)
	case ModeSelfSigned:
		c.source, err = openSelfSigned(o)
	default:
		err = fmt.Errorf("no certificates in the mode %q", o.Mode)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Close ends what runs for the certificates.
func (c *Certs) Close() { c.source.close() }

// protocols that a client may name by ALPN. A TURN client may name its own (RFC 7443); most name none.
const (
	protocolHTTP2 = "h2"
	protocolHTTP1 = "http/1.1"
	protocolTURN  = "stun.turn"
	protocolACME  = "acme-tls/1" // RFC 8737
)

// TLSConfig is for listeners, and for an http.Server that is to speak HTTP/2 with what comes from them.
func (c *Certs) TLSConfig() *tls.Config {
	protocols := []string{protocolHTTP2, protocolHTTP1, protocolTURN}
	if c.acme != nil {
		protocols = append(protocols, protocolACME)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: protocols, GetCertificate: c.source.certificate,
		// Of TLS 1.2 only what has forward secrecy and authenticated encryption; TLS 1.3 has nothing else.
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}

// owns says whether the server goes by a name, as a Host header has it, and the name without port.
func (c *Certs) owns(host string) (name string, ok bool) {
	name = bare(host)
	for _, own := range c.source.names() {
		if matches(own, name) {
			return name, true
		}
	}
	return name, false
}

// bare is a host in lower case, without port, brackets, and the dot at its end.
func bare(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// matches knows the wildcard of a certificate's name, which stands for one label (RFC 6125, section 6.4.3).
func matches(own, name string) bool {
	if parent, ok := strings.CutPrefix(own, "*."); ok {
		_, rest, found := strings.Cut(name, ".")
		return found && strings.EqualFold(rest, parent)
	}
	return strings.EqualFold(own, name)
}

// namesOf are a certificate's names and addresses.
func namesOf(leaf *x509.Certificate) []string {
	names := append([]string{}, leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		if a, ok := netip.AddrFromSlice(ip); ok {
			names = append(names, a.Unmap().String())
		}
	}
	return names
}
