package hub

import (
	"encoding/json"
	"net"
	"net/netip"
	"strings"

	"turtus/services/wire"
)

// hideAddresses takes from a signal of a call what tells where its sender is: every candidate but those of a relay, and of these the address
// that the relay saw (RFC 8839, section 5.1). A page that keeps to relay-only has none to take; this is for one that does not, and it keeps the
// address from whoever would read it there. A candidate that says it is a relay's and is none would have such a page ask whoever waits there,
// from its own address. It says whether anything is left to hand on.
func hideAddresses(s *wire.Signal, relayed func(netip.AddrPort) bool) bool {
	if s.Candidate != nil && s.Candidate.Candidate != nil && *s.Candidate.Candidate != "" {
		hidden, ok := hideCandidate(*s.Candidate.Candidate, relayed)
		if !ok {
			return false
		}
		s.Candidate.Candidate = &hidden
	}
	if s.Description != nil {
		s.Description.Sdp = hideInDescription(s.Description.Sdp, relayed)
	}
	return true
}

// hideCandidate is a relay's candidate without its related address; false of any other.
func hideCandidate(line string, relayed func(netip.AddrPort) bool) (string, bool) {
	field := strings.Fields(line)
	// foundation, component, transport, priority, address, port, "typ", type
	if len(field) < 8 || !strings.EqualFold(field[6], "typ") || !strings.EqualFold(field[7], "relay") {
		return "", false
	}
	at, err := netip.ParseAddrPort(net.JoinHostPort(field[4], field[5]))
	if err != nil || !relayed(at) { // a name is nobody's relayed address either
		return "", false
	}
	for i := 8; i+1 < len(field); i += 2 {
		switch strings.ToLower(field[i]) {
		case "raddr":
			field[i+1] = "0.0.0.0"
		case "rport":
			field[i+1] = "0"
		}
	}
	return strings.Join(field, " "), true
}

// hideInDescription does the same in an SDP, whose connection data name an address too (RFC 8866, sections 5.2 and 5.7; RFC 3605).
func hideInDescription(sdp string, relayed func(netip.AddrPort) bool) string {
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		text := strings.TrimRight(line, "\r\n")
		end := line[len(text):]
		name, value, _ := strings.Cut(text, ":")
		switch {
		case strings.HasPrefix(text, "c="):
			text = "c=IN IP4 0.0.0.0"
		case strings.HasPrefix(text, "o="):
			if field := strings.Fields(text); len(field) == 6 {
				text = strings.Join(append(field[:4], "IP4", "127.0.0.1"), " ")
			}
		case strings.EqualFold(name, "a=rtcp"):
			text = "a=rtcp:9 IN IP4 0.0.0.0"
		case strings.EqualFold(name, "a=remote-candidates"):
			continue
		case strings.EqualFold(name, "a=candidate"):
			hidden, ok := hideCandidate(value, relayed)
			if !ok {
				continue
			}
			text = "a=candidate:" + hidden
		}
		b.WriteString(text + end)
	}
	return b.String()
}

func marshal(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic("hub: marshal a payload: " + err.Error()) // it was unmarshalled before
	}
	return text
}
