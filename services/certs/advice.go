package certs

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/mholt/acmez/v3/acme"
)

// resolver is a net.Resolver.
type resolver interface {
	LookupHost(ctx context.Context, name string) ([]string, error)
}

// advice says in sentences why there is no certificate for a name, and what to do.
func advice(ctx context.Context, err error, name string, dns resolver) string {
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok && unknown.Cert != nil {
		return "The certificate of the authority's own address is not trusted here. If it is a private authority, name its root by TURTUS_ACME_ROOT."
	}
	problem, ok := errors.AsType[acme.Problem](err)
	if !ok {
		if _, ok := errors.AsType[net.Error](err); ok {
			return "The authority can't be reached from here (" + innermost(err).Error() + "). Let this server open HTTPS connections, and look at TURTUS_ACME_DIRECTORY."
		}
		return "It could not be got (" + innermost(err).Error() + ")."
	}
	detail := problem.Detail
	for _, sub := range problem.Subproblems {
		if sub.Identifier.Value == name || len(problem.Subproblems) == 1 {
			problem.Type, detail = sub.Type, sub.Detail
		}
	}
	said := fmt.Sprintf(" The authority says: %s", strings.TrimSuffix(detail, ".")+".")
	switch strings.TrimPrefix(problem.Type, acme.ProblemTypeNamespace) {
	case "dns":
		return "The name has no address that the authority finds. Make an A record (and AAAA, for IPv6) of " + name + " with this server's public address." + said
	case "connection", "tls":
		return "The authority can't reach this server under the name." + pointsTo(ctx, name, dns) + " Open TCP ports 80 and 443 in the firewall and the router, up to this server." + said
	case "unauthorized", "incorrectResponse":
		return "Something else answers under the name, or nothing does." + pointsTo(ctx, name, dns) +
			" Let the name point to this server alone, with ports 80 and 443; behind a reverse proxy that has its own certificate set TURTUS_TLS=off." + said
	case "rateLimited":
		return "The authority gives no more certificates for now. Keep the data folder when you set the server up anew, and try out with TURTUS_ACME_DIRECTORY set to the authority's test directory." + said
	case "rejectedIdentifier", "unsupportedIdentifier":
		return "The authority gives no certificates for this name. Take another one." + said
	case "caa":
		return "The name's CAA records allow other authorities only. Add this one to them, or take it out." + said
	case "invalidContact", "unsupportedContact":
		return "The authority does not take the e-mail address. Correct TURTUS_ACME_EMAIL." + said
	case "externalAccountRequired":
		return "The authority wants an account made elsewhere first, which is not supported. Set TURTUS_ACME_DIRECTORY to another one." + said
	}
	return "The authority refuses." + pointsTo(ctx, name, dns) + said
}

// pointsTo tells where a name leads, and whether that is this machine.
func pointsTo(ctx context.Context, name string, dns resolver) string {
	addresses, err := dns.LookupHost(ctx, name)
	if err != nil || len(addresses) == 0 {
		return " From here it has no address."
	}
	where := " From here it points to " + strings.Join(addresses, ", ")
	own, err := net.InterfaceAddrs()
	if err != nil {
		return where + "."
	}
	mine := func(address string) bool {
		return slices.ContainsFunc(own, func(a net.Addr) bool {
			ip, ok := a.(*net.IPNet)
			return ok && ip.IP.Equal(net.ParseIP(address))
		})
	}
	if slices.ContainsFunc(addresses, mine) {
		return where + ", which is this machine."
	}
	return where + ", which is no address of this machine's own; that is right only where a router in front hands ports on."
}

func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
