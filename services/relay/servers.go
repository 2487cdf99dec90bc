package relay

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"turtus/services/wire"
)

// External is a STUN or TURN server of somebody else, or of the operator.
type External struct {
	URLs []string
	// Username and Credential of a TURN server; or Secret, by which each peer is given its own for CredentialLife.
	Username, Credential, Secret string
}

// Servers are the ICE servers of one peer, with credentials that are good for CredentialLife. host is the one that it opened the server
// under, with a port or without, and secure says that TLS ends here and not at a proxy: who came that way gets to the relay that way too,
// from inside and outside of a network at once.
func (r *Relay) Servers(peer string, kind wire.PeerKind, host string, secure bool) []wire.ICEServer {
	servers := make([]wire.ICEServer, 0, len(r.o.External)+2)
	until := r.o.Now().Add(r.o.CredentialLife)
	opened := host
	if host = hostName(host, r.o.PublicAddress, kind); host != "" {
		at := net.JoinHostPort(host, fmt.Sprint(r.port))
		var turns []string
		if r.udp {
			servers = append(servers, wire.ICEServer{Urls: []string{"stun:" + at}})
			turns = append(turns, "turn:"+at+"?transport=udp")
		}
		if r.tcp {
			turns = append(turns, "turn:"+at+"?transport=tcp")
		}
		// Last, for it costs most; what lets nothing else out, lets this out. The certificate is for the name that was opened.
		if over := secureAt(opened); r.tls && secure && kind == wire.PeerKindViewer && over != "" {
			turns = append(turns, "turns:"+over+"?transport=tcp")
		}
		if turns != nil {
			username, password := credential(r.o.Secret, peer, until)
			servers = append(servers, wire.ICEServer{Urls: turns, Username: &username, Credential: &password})
		}
	}
	for _, e := range r.o.External {
		if e.Secret != "" {
			e.Username, e.Credential = credential([]byte(e.Secret), peer, until)
		}
		server := wire.ICEServer{Urls: e.URLs}
		if e.Username != "" {
			server.Username, server.Credential = wire.Ptr(e.Username), wire.Ptr(e.Credential)
		}
		servers = append(servers, server)
	}
	return servers
}

// hostName is where a peer finds the relay; empty when nowhere, or when it has no use for it: an agent on this machine, which talks to
// the hub by a loopback address, is a neighbour of the relay, and would only ask it for addresses that are its own.
func hostName(opened, public string, kind wire.PeerKind) string {
	host := opened
	if name, _, err := net.SplitHostPort(opened); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	a, err := netip.ParseAddr(host)
	if kind == wire.PeerKindVb && (host == "localhost" || err == nil && a.IsLoopback()) {
		return ""
	}
	if public != "" {
		return public
	}
	if err == nil && a.Zone() == "" || isName(host) {
		return host
	}
	return ""
}

// secureAt is the address that a page came to by HTTPS, with the port; empty where the name is none.
func secureAt(opened string) string {
	host, port, err := net.SplitHostPort(opened)
	if err != nil {
		host, port = strings.Trim(opened, "[]"), "443"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil || hostName(host, "", wire.PeerKindViewer) == "" {
		return ""
	}
	return net.JoinHostPort(host, port)
}

// isName says whether text may stand in a URL as the name of a host: what a client wrote into its Host header is not believed to.
func isName(text string) bool {
	if text == "" || len(text) > 253 {
		return false
	}
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}

// Visitors are the servers without credentials, which anybody may be told.
func (r *Relay) Visitors() []wire.ICEServer {
	var servers []wire.ICEServer
	for _, e := range r.o.External {
		if e.Username == "" && e.Secret == "" {
			servers = append(servers, wire.ICEServer{Urls: e.URLs})
		}
	}
	return servers
}
