package httpapi

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestOnlyAdministratorsAreToldWhatIsWrong(t *testing.T) {
	h := newHouse(t)
	first, second := h.signedUp(t, "ada"), h.signedUp(t, "ben")
	report := into[wire.DoctorReport](first.do("GET", "/admin/doctor", nil).is(200))
	require.Equal(t, wire.DoctorStateFail, report.Checks[0].State)
	require.Len(t, report.IceServers, 1, "for the page's own test")

	h.visit.Store(nil)
	second.do("GET", "/admin/doctor", nil).fails(403, wire.ErrorCodeForbidden)
	h.visitor(t).do("GET", "/admin/doctor", nil).fails(401, wire.ErrorCodeUnauthenticated)
	require.Nil(t, h.visit.Load(), "for others nothing is looked at")
}

func TestTheDoctorIsToldHowTheRequestCame(t *testing.T) {
	forwarded := []string{"X-Forwarded-For", "203.0.113.7", "X-Forwarded-Host", "watch.example.org", "X-Forwarded-Proto", "https"}
	for _, trusted := range []bool{false, true} {
		h := newHouse(t, func(o *Options) {
			if trusted {
				o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
			}
		})
		c := h.signedUp(t, "ada")
		c.do("GET", "/admin/doctor", nil, forwarded...).is(200)
		v := h.visit.Load()
		require.Equal(t, []any{trusted, true, "watch.example.org", "https", false}, []any{v.Trusted, v.Forwarded, v.ForwardedHost, v.ForwardedProto, v.Secure})
		require.Equal(t, trusted, v.Client == "203.0.113.7")
		require.Contains(t, v.Peer, "127.0.0.1:")
		c.do("GET", "/admin/doctor", nil).is(200)
		require.False(t, h.visit.Load().Forwarded)
	}
}
