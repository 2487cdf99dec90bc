package certs

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
)

// HTTPHandler is for the port of plain HTTP: it answers the challenges of ACME, sends requests for the server's own names on to HTTPS,
// path and query kept, and refuses the others. publicURL says the port of HTTPS towards people where it is for the same name; else it is
// port.
func (c *Certs) HTTPHandler(publicURL string, port int) http.Handler {
	public, err := url.Parse(publicURL)
	if err != nil {
		public = &url.URL{}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.acme.answers(w, r) || c.authorityFor(w, r) {
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		name, own := c.owns(r.Host)
		if !own {
			http.Error(w, "This server does not go by that name.", http.StatusMisdirectedRequest)
			return
		}
		if !c.serves(name) {
			h.Set("Retry-After", "5")
			h.Set("Refresh", "5")
			http.Error(w, "This server has no certificate for its name yet. It is getting one; this page tries again by itself.\n"+
				"If that takes more than a few minutes, the server's log says why, and what to do.", http.StatusServiceUnavailable)
			return
		}
		to := port
		if public.Scheme == "https" && bare(public.Host) == name {
			if to, err = strconv.Atoi(public.Port()); err != nil {
				to = 443
			}
		}
		host := name
		if net.ParseIP(name) != nil {
			host = net.JoinHostPort(name, "")
			host = host[:len(host)-1]
		}
		if to != 443 {
			host += fmt.Sprint(":", to)
		}
		path := r.URL.EscapedPath()
		if path == "" || path[0] != '/' {
			path = "/"
		}
		if r.URL.RawQuery != "" {
			path += "?" + r.URL.RawQuery
		}
		// Browsers remember no temporary redirect: who turns TLS off again locks nobody out. Where that is wanted, HSTS remembers.
		h.Set("Location", "https://"+host+path)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
}

// Handler is next, besides the certificate of our own authority for devices that are to trust it: some can only come by HTTPS, past a warning.
func (c *Certs) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.authorityFor(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// serves says whether there is a certificate for one of the server's own names.
func (c *Certs) serves(name string) bool {
	if c.acme == nil {
		return true
	}
	for _, n := range c.acme.status() {
		if matches(n.Name, name) {
			return n.Serves(c.o.Now())
		}
	}
	return false
}

// authorityFor answers with the certificate of our own authority, for devices that are to trust it.
func (c *Certs) authorityFor(w http.ResponseWriter, r *http.Request) bool {
	if c.o.Mode != ModeSelfSigned || r.URL.Path != "/"+AuthorityFile || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	text, err := os.ReadFile(filepath.Join(c.o.Dir, AuthorityFile))
	if err != nil {
		return false
	}
	w.Header().Set("Content-Type", "application/x-x509-ca-cert") // what phones know as something to install
	_, _ = w.Write(text)                                         // a reader who left
	return true
}
