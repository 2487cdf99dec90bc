package hub

import (
	"net"
	"net/netip"

	"turtus/services/wire"
)

// yield says whether there is place at the door. At a full one the last of the address that most ask from goes for somebody from another, so that
// no address keeps it shut for all others. It needs the lock.
func (r *room) yield(from string) bool {
	if len(r.door) < maxAsking {
		return true
	}
	asking := make(map[string]int)
	for _, v := range r.door {
		asking[v.from]++
	}
	var last *visitor
	for _, v := range r.door {
		if !v.answered && (last == nil || asking[v.from] >= asking[last.from]) {
			last = v
		}
	}
	if last == nil || asking[last.from] <= asking[from]+1 {
		return false
	}
	r.answerAll(func(v *visitor) bool { return v == last }, wire.DoorAnsweredAnswerNobody)
	return true
}

// sourceOf is an address without its port; of IPv6 the /64, which one client has whole.
func sourceOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if address = address.Unmap().WithZone(""); address.Is6() {
		return netip.PrefixFrom(address, 64).Masked().String()
	}
	return address.String()
}
