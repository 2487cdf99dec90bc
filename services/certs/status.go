package certs

import (
	"crypto/x509"
	"time"
)

// Status says how the certificates are, for whoever looks after the server.
type Status struct {
	Mode  Mode
	Names []Name
}

// Name is one name of the server with its certificate.
type Name struct {
	Name   string
	Issuer string
	// NotAfter is the end of the certificate that is served; zero where there is none.
	NotAfter time.Time
	// Problem says in a sentence or two what is wrong, and what to do; empty when nothing is. Since says when that was found.
	Problem string
	Since   time.Time
}

// Serves says whether the name has a certificate now.
func (n Name) Serves(now time.Time) bool { return now.Before(n.NotAfter) }

// Status asks nobody; it is as of the last attempt.
func (c *Certs) Status() Status { return Status{c.o.Mode, c.source.status()} }

// expiring is how long before its end a certificate that nobody renewed is a problem.
const expiring = 7 * 24 * time.Hour

func statusOf(name string, leaf *x509.Certificate) Name {
	issuer := leaf.Issuer.CommonName
	if len(leaf.Issuer.Organization) > 0 {
		issuer = leaf.Issuer.Organization[0] + " " + issuer
	}
	return Name{Name: name, Issuer: issuer, NotAfter: leaf.NotAfter}
}
