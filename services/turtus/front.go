package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"

	"turtus/services/certs"
	"turtus/services/config"
	"turtus/services/doctor"
)

// front is what a server has towards others where HTTPS ends at it: its certificates, the port of HTTPS and TURN, and the one of plain
// HTTP that leads there. Where a proxy stands in front, or nothing but this machine, it is nil, and its methods do nothing.
type front struct {
	certs *certs.Certs
	port  *certs.Port
	plain *http.Server // nil where the port could not be had, or is not wanted
	ended chan struct{}
	// noPlain says why that port could not be had, and what to do.
	noPlain string
}

// mode says where the settings have the certificates come from.
func mode(c config.Config) certs.Mode {
	switch {
	case c.TLS == "off":
		return certs.ModeOff
	case c.TLS == "self-signed":
		return certs.ModeSelfSigned
	case c.TLSCert != "":
		return certs.ModeFiles
	case len(c.Domain) > 0:
		return certs.ModeACME
	}
	return certs.ModeOff
}

func openFront(ctx context.Context, c config.Config, folder *dataFolder, log *slog.Logger) (_ *front, err error) {
	if mode(c) == certs.ModeOff {
		return nil, nil
	}
	if host, _, _ := net.SplitHostPort(c.Addr); !isLoopback(host) {
		log.Warn("TURTUS_ADDR lets others in by plain HTTP, besides HTTPS. Set it to localhost:8080")
	}
	secure, err := bind(c.HTTPSAddr)
	if err != nil {
		return nil, refusal("TURTUS_HTTPS_ADDR", c.HTTPSAddr, "HTTPS", err)
	}
	f := &front{ended: make(chan struct{})}
	var plain net.Listener
	var plainAddress net.Addr
	if c.HTTPAddr != "" {
		if plain, err = bind(c.HTTPAddr); err != nil {
			f.noPlain = refusal("TURTUS_HTTP_ADDR", c.HTTPAddr, "it", err).Error()
			log.Warn("there is no plain HTTP that leads to HTTPS: " + f.noPlain)
		} else {
			plainAddress = plain.Addr()
		}
	}
	f.certs, err = certs.Open(ctx, certs.Options{
		Mode: mode(c), Names: c.Domain, Dir: folder.join("tls"), CertFile: c.TLSCert, KeyFile: c.TLSKey, Log: log,
		ACME: certs.ACME{Email: c.ACMEEmail, Directory: c.ACMEDirectory, Root: c.ACMERoot, HTTP: plainAddress, HTTPS: secure.Addr()},
	})
	if err != nil {
		_ = secure.Close()
		if plain != nil {
			_ = plain.Close()
		}
		return nil, err
	}
	f.port = f.certs.NewPort(secure)
	if plain == nil {
		close(f.ended)
		return f, nil
	}
	f.plain = &http.Server{
		Handler:           f.certs.HTTPHandler(c.PublicURL, secure.Addr().(*net.TCPAddr).Port),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: headerTimeout, IdleTimeout: headerTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(f.ended)
		_ = f.plain.Serve(plain) // until close
	}()
	return f, nil
}

// refusal says why a port could not be had, and what to do.
func refusal(setting, addr, what string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("another program has %s already: end it (a web server, most likely). If it is to stay in front as a reverse proxy, set TURTUS_TLS=off; else set %s to another port for %s", addr, setting, what)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("this user may not listen on %s: set %s to a port from 1024 up, or allow it with `sysctl net.ipv4.ip_unprivileged_port_start=80`", addr, setting)
	}
	return fmt.Errorf("listen on %s=%s: %w", setting, addr, err)
}

// turn are the listeners of TURN over TLS.
func (f *front) turn() []net.Listener {
	if f == nil {
		return nil
	}
	return []net.Listener{f.port.TURN()}
}

// hsts says whether browsers may be told to come by HTTPS alone from now on: never on the word of a certificate that they do not trust.
func (f *front) hsts(c config.Config) bool {
	return f != nil && mode(c) != certs.ModeSelfSigned && (c.HSTS == "on" || c.HSTS == "auto" && mode(c) == certs.ModeACME && c.ACMERoot == "")
}

// serve has the server take what comes by HTTPS, besides what it takes already.
func (f *front) serve(server *http.Server, failed chan<- error) {
	if f == nil {
		return
	}
	go func() { failed <- server.Serve(f.port.Web()) }()
}

// prepare makes the server speak HTTP/2 where a client asks for it, and give out what devices are to trust. It comes before anything is
// served.
func (f *front) prepare(server *http.Server) {
	if f != nil {
		server.TLSConfig, server.Handler = f.certs.TLSConfig(), f.certs.Handler(server.Handler)
	}
}

func (f *front) close() {
	if f == nil {
		return
	}
	if f.plain != nil {
		_ = f.plain.Close()
	}
	<-f.ended
	_ = f.port.Close()
	f.certs.Close()
}

// certificates are the server's own, for its doctor; each with all names that it is for.
func (f *front) certificates() []doctor.Certificate {
	if f == nil {
		return nil
	}
	var all []doctor.Certificate
	for _, n := range f.certs.Status().Names {
		c := doctor.Certificate{Names: []string{n.Name}, Issuer: n.Issuer, NotAfter: n.NotAfter, Advice: n.Problem}
		if last := len(all) - 1; last >= 0 && all[last].Issuer == c.Issuer && all[last].NotAfter.Equal(c.NotAfter) && all[last].Advice == c.Advice {
			all[last].Names = append(all[last].Names, n.Name)
			continue
		}
		all = append(all, c)
	}
	return all
}

// plainHTTP says for the doctor why nothing leads to HTTPS; empty when all is well.
func (f *front) plainHTTP() string {
	if f == nil {
		return ""
	}
	return f.noPlain
}
