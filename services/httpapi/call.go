package httpapi

import (
	"context"
	"net"
	"net/http"
	"net/netip"

	"turtus/services/accounts"
	"turtus/services/doctor"
	"turtus/services/wire"
)

// call is what the handlers need of a request beside the contract's part of it.
type call struct {
	id        string // of the request, in logs and problems
	caller    *accounts.Caller
	address   string // of the client, as the key of limits
	userAgent string
	refresh   string // the refresh cookie's token
	secure    bool   // the person's connection is HTTPS
	origin    string // scheme://host[:port] that the person opened
	visit     doctor.Visit
	looked    bool // lookedFor has counted it
}

type callKey struct{}

// callOf is never nil: the outermost middleware puts it there.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// person is the caller of an operation that needs one; authenticated has made sure of it.
func person(ctx context.Context) accounts.Person { return callOf(ctx).caller.Person }

// newCall takes the client's address from RemoteAddr, where logged has put it.
func (a *api) newCall(r *http.Request) *call {
	c := &call{id: requestID(), address: addressKey(r.RemoteAddr), userAgent: r.UserAgent(), secure: r.TLS != nil, origin: a.PublicURL}
	if c.origin == "" {
		scheme := "http://"
		if c.secure {
			scheme = "https://"
		}
		c.origin = scheme + r.Host
	} else {
		c.secure = c.secure || len(c.origin) > 8 && c.origin[:8] == "https://"
	}
	if cookie, err := r.Cookie(cookieName); err == nil {
		c.refresh = cookie.Value
	}
	return c
}

// addressKey is the client's address without its port; of IPv6 the /64, which one client has whole.
func addressKey(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	address = address.Unmap().WithZone("")
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return address.String()
}

const (
	cookieName = "turtus_refresh"
	cookiePath = apiBase + "/sessions"
)

// refreshCookie reaches only the addresses that trade or end a session, and no script.
func refreshCookie(in accounts.SignedIn, secure bool) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: in.RefreshToken, Path: cookiePath, Expires: in.RefreshExpiresAt, HttpOnly: true, Secure: secure,
		SameSite: http.SameSiteStrictMode,
	}
}

func clearedCookie(secure bool) *http.Cookie {
	return &http.Cookie{Name: cookieName, Path: cookiePath, MaxAge: -1, HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode}
}

// session is a sign-in as the contract has it, and its cookie.
func session(ctx context.Context, in accounts.SignedIn) SessionCreatedJSONResponse {
	cookie := refreshCookie(in, callOf(ctx).secure).String()
	return SessionCreatedJSONResponse{
		Body:    wire.Session{AccessToken: in.AccessToken, ExpiresAt: in.ExpiresAt.UTC(), Person: in.Person.Wire()},
		Headers: SessionCreatedResponseHeaders{SetCookie: &cookie},
	}
}
