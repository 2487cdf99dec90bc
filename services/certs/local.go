package certs

import (
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// localSource serves the certificate that the authority of our own signs, and has it signed anew before it ends, and when the machine
// has got another address: in a home network, one is as good as the other.
type localSource struct {
	*fileSource

	mu        sync.Mutex
	authority *Authority
	tried     time.Time // the last time that it was signed, or could not be
}

func openSelfSigned(o Options) (*localSource, error) {
	authority, err := OpenAuthority(o.Dir, o.Names, false, o.Now)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(o.Dir, serverFile)
	f := &fileSource{o: o}
	f.o.CertFile, f.o.KeyFile, f.o.Names = path, path, nil
	f.look()
	l := &localSource{fileSource: f, authority: authority}
	if f.current == nil || l.outdated(f.current, o.Names...) {
		names := authority.kept()
		for _, name := range o.Names {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if _, err := authority.Issue(names); err != nil {
			return nil, err
		}
	}
	f.looked = time.Time{}
	if f.look(); f.current == nil {
		return nil, fmt.Errorf("use the certificate in %s: %s", o.Dir, f.problem)
	}
	return l, nil
}

// outdated says whether the certificate ends soon, or lacks a name, or is of another authority.
func (l *localSource) outdated(pair *tls.Certificate, names ...string) bool {
	leaf := pair.Leaf
	return leaf.NotAfter.Sub(l.o.Now()) < renewBefore || leaf.CheckSignatureFrom(l.authority.pair.Leaf) != nil ||
		slices.ContainsFunc(names, func(name string) bool { return name != "" && leaf.VerifyHostname(name) != nil })
}

func (l *localSource) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	pair, err := l.fileSource.certificate(hello)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.o.Now()
	if !l.outdated(pair, l.came(hello)) || now.Sub(l.tried) < time.Minute {
		return pair, nil
	}
	l.tried = now
	// The command may have made another authority meanwhile; that one counts.
	if authority, err := OpenAuthority(l.o.Dir, nil, false, l.o.Now); err == nil {
		l.authority = authority
	}
	if !l.outdated(pair, l.came(hello)) {
		return pair, nil
	}
	if _, err := l.authority.Issue(nil); err != nil {
		l.o.Log.Warn("the server's own certificate could not be renewed", "error", err)
		return pair, nil
	}
	l.fileSource.mu.Lock()
	l.looked = time.Time{}
	l.fileSource.mu.Unlock()
	return l.fileSource.certificate(hello)
}

// status has the certificate renewed where it is time, though nobody has come for it.
func (l *localSource) status() []Name {
	_, _ = l.certificate(nil) // what fails there is logged
	return l.fileSource.status()
}

// came is the address of this machine that a client came to, where the certificate may have it.
func (l *localSource) came(hello *tls.ClientHelloInfo) string {
	if hello == nil || hello.Conn == nil {
		return ""
	}
	tcp, ok := hello.Conn.LocalAddr().(*net.TCPAddr)
	if !ok {
		return ""
	}
	address := tcp.AddrPort().Addr().Unmap().WithZone("")
	if text := address.String(); l.authority.permits(text) && slices.Contains(machine(), text) {
		return text
	}
	return ""
}
