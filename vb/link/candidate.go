package link

import (
	"net/netip"
	"strconv"
	"strings"
)

// Target is the address of a host candidate over UDP and IPv4 (RFC 8839, section 5.1; with or without "candidate:"), as
// Config.To takes it. Other candidates are no path that a link can stand in for: ok is false, and a test drops them.
func Target(candidate string) (to string, ok bool) {
	fields, ok := fieldsOf(candidate)
	if !ok {
		return "", false
	}
	return fields[4] + ":" + fields[5], true
}

// Candidate is a candidate that Target took, with the link's address in place of its own.
func (l *Link) Candidate(candidate string) string {
	fields, ok := fieldsOf(candidate)
	if !ok {
		return candidate
	}
	fields[4], fields[5] = l.Addr().Addr().String(), strconv.Itoa(int(l.Addr().Port()))
	return strings.Join(fields, " ")
}

// fieldsOf: foundation, component, transport, priority, address, port, "typ", type, and extensions.
func fieldsOf(candidate string) ([]string, bool) {
	fields := strings.Fields(candidate)
	if len(fields) < 8 || !strings.EqualFold(fields[2], "udp") || fields[7] != "host" {
		return nil, false
	}
	address, err := netip.ParseAddr(fields[4])
	if err != nil || !address.Is4() {
		return nil, false
	}
	_, err = strconv.ParseUint(fields[5], 10, 16)
	return fields, err == nil
}
