package certs

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// lookEvery bounds how often files are looked at, however many handshakes come.
const lookEvery = time.Second

// fileSource serves the certificate of two files, or of one that has both, and reads them again when they have changed. While they do
// not go together, as in the middle of a change, the one from before is served.
type fileSource struct {
	o Options

	mu      sync.Mutex
	current *tls.Certificate
	read    stamp // of the files that current was read from, or that could not be read
	looked  time.Time
	problem string
	since   time.Time
}

// stamp changes with the content of the files, also where a link points elsewhere now.
type stamp [2]struct {
	modified time.Time
	size     int64
	inode    uint64
}

func openFiles(o Options) (*fileSource, error) {
	f := &fileSource{o: o}
	if f.look(); f.current == nil {
		return nil, fmt.Errorf("use TURTUS_TLS_CERT and TURTUS_TLS_KEY: %s", f.problem)
	}
	return f, nil
}

func stampOf(paths ...string) (s stamp, err error) {
	for i, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return stamp{}, err
		}
		s[i].modified, s[i].size = info.ModTime(), info.Size()
		if sys, ok := info.Sys().(*syscall.Stat_t); ok {
			s[i].inode = sys.Ino
		}
	}
	return s, nil
}

// look reads the files anew where they have changed. It needs the lock, once others know f.
func (f *fileSource) look() {
	now := f.o.Now()
	if f.current != nil && now.Sub(f.looked) < lookEvery && now.After(f.looked) {
		return
	}
	f.looked = now
	s, err := stampOf(f.o.CertFile, f.o.KeyFile)
	if err == nil && s == f.read {
		f.problem = ""
		return
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.LoadX509KeyPair(f.o.CertFile, f.o.KeyFile)
	}
	if err != nil {
		if f.problem == "" && f.current != nil {
			f.o.Log.Warn("the certificate's files changed and can't be used; the one from before is served", "error", err)
		}
		f.problem, f.since = "The files can't be used ("+err.Error()+"). Put a certificate and its key there, in PEM, readable for the server's user.", now
		return
	}
	if f.current != nil {
		f.o.Log.Info("the certificate's files have changed; the new one is served", "until", pair.Leaf.NotAfter)
	}
	f.current, f.read, f.problem = &pair, s, ""
}

func (f *fileSource) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.look()
	return f.current, nil
}

func (f *fileSource) names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append(namesOf(f.current.Leaf), f.o.Names...)
}

func (f *fileSource) status() []Name {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.look()
	var all []Name
	now := f.o.Now()
	for _, name := range namesOf(f.current.Leaf) {
		n := statusOf(name, f.current.Leaf)
		n.Problem, n.Since = f.problem, f.since
		if left := n.NotAfter.Sub(now); n.Problem == "" && left < expiring {
			n.Problem, n.Since = "The certificate ends on "+n.NotAfter.UTC().Format(time.DateOnly)+", or has ended. Put a new one in its place; it is taken without a restart.", now
		}
		all = append(all, n)
	}
	for _, name := range f.o.Names {
		if f.current.Leaf.VerifyHostname(name) != nil {
			all = append(all, Name{Name: name, Since: now, Problem: "The certificate in TURTUS_TLS_CERT is not for this name of TURTUS_DOMAIN. Get one that is."})
		}
	}
	return all
}

func (f *fileSource) close() {}
