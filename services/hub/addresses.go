package hub

import (
	"encoding/json"
	"net"
	"net/netip"
	"strconv"
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
	if len(field) < 8 || !strings.EqualFold(field[6], "typ") || !strings.EqualFold(field[7], "relay") || !isNumber(field[1]) || !isNumber(field[3]) {
		return "", false
	}
	at, err := netip.ParseAddrPort(net.JoinHostPort(field[4], field[5]))
	if err != nil || !relayed(at) { // a name is nobody's relayed address either
		return "", false
	}
	for i := 8; i < len(field); i++ {
		_, err := netip.ParseAddr(field[i])
		switch before := strings.ToLower(field[i-1]); {
		case before == "raddr", err == nil:
			field[i] = "0.0.0.0"
		case before == "rport":
			field[i] = "0"
		}
	}
	return strings.Join(field, " "), true
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}

// hideInDescription does the same in an SDP, whose connection data name an address too (RFC 8866, sections 5.2 and 5.7; RFC 3605). Not every
// end is strict about where a line begins, so what is no line of an SDP is left out.
func hideInDescription(sdp string, relayed func(netip.AddrPort) bool) string {
	var b strings.Builder
	for line := range strings.FieldsFuncSeq(sdp, func(r rune) bool { return r == '\r' || r == '\n' }) {
		key, value, _ := strings.Cut(line, "=")
		name, rest, _ := strings.Cut(value, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case len(key) != 1 || key[0] < 'a' || key[0] > 'z':
			continue
		case key == "c":
			line = "c=IN IP4 0.0.0.0"
		case key == "o":
			field := strings.Fields(line)
			if len(field) < 6 {
				continue
			}
			line = strings.Join(append(field[:3], "IN", "IP4", "127.0.0.1"), " ")
		case key == "a" && name == "rtcp":
			line = "a=rtcp:9 IN IP4 0.0.0.0"
		case key == "a" && strings.HasPrefix(name, "remote-candidates"):
			continue
		case key == "a" && strings.HasPrefix(name, "candidate"):
			hidden, ok := hideCandidate(rest, relayed)
			if !ok || name != "candidate" {
				continue
			}
			line = "a=candidate:" + hidden
		}
		b.WriteString(line + "\r\n")
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
