package doctor

import (
	"net"
	"strings"

	"turtus/services/config"
)

// proxy looks at how the administrator's own request came: what stands in front of the server must say who asks, and under which address.
func proxy(v Visit, c config.Config) Result {
	found := "none seen: the request came from " + bare(v.Peer)
	if v.Trusted || v.Forwarded {
		found = "the request came by " + bare(v.Peer)
	}
	switch {
	case v.Forwarded && !v.Trusted:
		return warn("proxy_untrusted", found, "It says for whom it asks, and is not believed: all who come by it count as one, and share the limits of one.",
			"If that is your reverse proxy, set TURTUS_TRUSTED_PROXIES="+bare(v.Peer)+".")
	case v.Trusted && !v.Forwarded:
		return warn("proxy_silent", found, "It is a trusted proxy, and does not say for whom it asks: all who come by it count as one.",
			"Have it set X-Forwarded-For, and take a Forwarded of clients out.")
	case v.Trusted && v.Client == v.Peer:
		return warn("proxy_contradicts", found, "X-Forwarded-For and Forwarded say different things, or nothing that is an address, so neither is believed.",
			"Have the proxy write one of the two, and take the other out.")
	case v.ForwardedHost != "" && !strings.EqualFold(v.ForwardedHost, v.Host) && c.PublicURL == "":
		return warn("proxy_host", found, "People opened "+v.ForwardedHost+", and the server is told "+v.Host+": links and the relay's address come out wrong.",
			"Have the proxy hand on the Host header, or set TURTUS_PUBLIC_URL.")
	case strings.EqualFold(v.ForwardedProto, "https") && !v.Secure:
		return warn("proxy_https", found, "People come by HTTPS, and the server doesn't know: links begin with http://, and the sign-in's cookie is not kept to HTTPS.",
			"Set TURTUS_PUBLIC_URL=https://"+firstOf(v.ForwardedHost, v.Host)+".")
	case v.Trusted:
		return ok("%s, and says that it is for %s", found, bare(v.Client))
	}
	return ok("%s", found)
}

func bare(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
