package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
)

// proxies are the networks of the reverse proxies in front of the server. What they, and they alone, say about who a request came from is believed.
type proxies []netip.Prefix

func (p proxies) trusts(address netip.Addr) bool {
	for _, network := range p {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// client is the address that a request came from: the connection's, with its port, or where that is a trusted proxy's, without a port, what it says by
// X-Forwarded-For or Forwarded (RFC 7239). A proxy that writes only one of the two hands on what a client put in the other, so where they
// differ neither is believed.
func (p proxies) client(r *http.Request) string {
	plain, forwarded := r.Header.Values("X-Forwarded-For"), r.Header.Values("Forwarded")
	if len(p) == 0 || len(plain)+len(forwarded) == 0 {
		return r.RemoteAddr
	}
	peer, ok := parseNode(r.RemoteAddr)
	if !ok || !p.trusts(peer) {
		return r.RemoteAddr
	}
	first, second := p.walk(peer, plainHops(plain)), p.walk(peer, forwardedHops(forwarded))
	switch {
	case len(plain) == 0:
		return second.String()
	case len(forwarded) == 0 || first == second:
		return first.String()
	}
	return r.RemoteAddr
}

// walk goes back from the proxy at peer, hop by hop: each trusted one is believed in who came to it. It ends at the first address that is
// not a trusted proxy's, or before the first that is none.
func (p proxies) walk(peer netip.Addr, hops []string) netip.Addr {
	for i := len(hops) - 1; i >= 0; i-- {
		address, ok := parseNode(hops[i])
		if !ok {
			return peer
		}
		if peer = address; !p.trusts(address) {
			return peer
		}
	}
	return peer
}

// parseNode reads an address with or without brackets and port. IPv4 within IPv6 is IPv4; a zone means nothing elsewhere.
func parseNode(node string) (netip.Addr, bool) {
	node = strings.TrimSpace(node)
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(node, "["), "]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(node)
		if err != nil {
			return netip.Addr{}, false
		}
		address = withPort.Addr()
	}
	return address.Unmap().WithZone(""), true
}

// plainHops are the addresses of X-Forwarded-For, the nearest last.
func plainHops(values []string) []string { return strings.Split(strings.Join(values, ","), ",") }

// forwardedHops are the for of each element of Forwarded, the nearest last; empty where an element has none. There are none at all where a
// quote stays open: a client might have opened it to swallow what the proxies say.
func forwardedHops(values []string) (hops []string) {
	elements, closed := splitOutsideQuotes(strings.Join(values, ","), ',')
	if !closed {
		return nil
	}
	for _, element := range elements {
		hop := ""
		pairs, _ := splitOutsideQuotes(element, ';')
		for _, pair := range pairs {
			name, value, _ := strings.Cut(pair, "=")
			if strings.EqualFold(strings.TrimSpace(name), "for") {
				hop = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
		hops = append(hops, hop)
	}
	return hops
}

// splitOutsideQuotes also says whether every quote is closed.
func splitOutsideQuotes(s string, at byte) (parts []string, closed bool) {
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == at && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:]), !quoted
}
