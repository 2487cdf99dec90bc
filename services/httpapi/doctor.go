package httpapi

import (
	"context"
	"net/http"

	"turtus/services/doctor"
)

// GetDoctor is for administrators: what it says is of no use to others, and some to those who mean harm.
func (a *api) GetDoctor(ctx context.Context, _ GetDoctorRequestObject) (GetDoctorResponseObject, error) {
	p := person(ctx)
	if err := a.limits.writes.take(p.ID.String()); err != nil {
		return nil, err
	}
	return GetDoctor200JSONResponse(a.Doctor.Examine(ctx, &callOf(ctx).visit, p.ID.String())), nil
}

// visit is how a request came, before anything was believed of it.
func (a *api) visit(r *http.Request, peer string, secure bool) doctor.Visit {
	address, ok := parseNode(peer)
	return doctor.Visit{
		Peer: peer, Client: r.RemoteAddr, Trusted: ok && a.proxies.trusts(address),
		Forwarded: r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "",
		Host:      r.Host, ForwardedHost: r.Header.Get("X-Forwarded-Host"), ForwardedProto: r.Header.Get("X-Forwarded-Proto"), Secure: secure, Ended: r.TLS != nil,
	}
}
