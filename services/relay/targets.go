package relay

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"turtus/services/wire"
)

// maxTargets bounds the addresses kept for one viewer; of more, the oldest are forgotten. A session has one for each address of the
// agent's machine, and a viewer one session.
const maxTargets = 64

// targets are the agents' addresses that viewers may reach: what an agent told a viewer as its candidates.
type targets struct {
	mu       sync.RWMutex
	byViewer map[string][]netip.AddrPort
}

func newTargets() targets { return targets{byViewer: make(map[string][]netip.AddrPort)} }

// Candidates are the agent's own addresses in a signal of its. Which addresses may be an agent's own is not its word alone: they are
// those that it has its connection to the hub from, and, where that is this machine, those of this machine. remote is that of the
// request, which has no port where a reverse proxy told the address.
func Candidates(s wire.Signal, remote string) []netip.AddrPort {
	from, err := netip.ParseAddr(remote)
	if err != nil {
		withPort, err := netip.ParseAddrPort(remote)
		if err != nil {
			return nil
		}
		from = withPort.Addr()
	}
	own := []netip.Addr{from.Unmap()}
	if machine := machineAddresses(); own[0].IsLoopback() || slices.Contains(machine, own[0]) {
		own = machine
	}
	return candidates(s, func(a netip.AddrPort) bool { return slices.Contains(own, a.Addr()) })
}

// CandidatesOf are those of a signal of an agent whose addresses are known, since it has none to the hub: a container at its Unix socket.
// Here the port counts too, for some of them are this machine's.
func CandidatesOf(s wire.Signal, own []netip.AddrPort) []netip.AddrPort {
	return candidates(s, func(a netip.AddrPort) bool { return slices.Contains(own, a) })
}

// candidates are the transport addresses in a signal that are allowed.
func candidates(s wire.Signal, allowed func(netip.AddrPort) bool) []netip.AddrPort {
	var lines []string
	if s.Candidate != nil && s.Candidate.Candidate != nil {
		lines = append(lines, *s.Candidate.Candidate)
	}
	if s.Description != nil {
		for line := range strings.Lines(s.Description.Sdp) {
			if candidate, ok := strings.CutPrefix(line, "a="); ok {
				lines = append(lines, candidate)
			}
		}
	}
	var found []netip.AddrPort
	for _, line := range lines {
		if a, ok := parseCandidate(line); ok && allowed(a) {
			found = append(found, a)
		}
	}
	return found
}

// parseCandidate reads the transport address of a candidate-attribute for UDP (RFC 8839, section 5.1).
func parseCandidate(line string) (netip.AddrPort, bool) {
	text, ok := strings.CutPrefix(strings.TrimSpace(line), "candidate:")
	field := strings.Fields(text)
	if !ok || len(field) < 8 || !strings.EqualFold(field[2], "udp") {
		return netip.AddrPort{}, false
	}
	a, err := netip.ParseAddrPort(net.JoinHostPort(field[4], field[5]))
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), err == nil && a.Port() != 0
}

// machineAddresses are this machine's own.
func machineAddresses() []netip.Addr {
	networks, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var all []netip.Addr
	for _, n := range networks {
		if prefix, err := netip.ParsePrefix(n.String()); err == nil {
			all = append(all, prefix.Addr().Unmap())
		}
	}
	return all
}

// Reach lets a viewer reach addresses of an agent, besides those from before.
func (r *Relay) Reach(viewer string, addresses []netip.AddrPort) { r.targets.add(viewer, addresses) }

// Forget takes all that a viewer may reach away: it has left, or the agent.
func (r *Relay) Forget(viewer string) { r.targets.forget(viewer) }

func (t *targets) add(viewer string, addresses []netip.AddrPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range addresses {
		if !targetable(a.Addr()) || slices.Contains(t.byViewer[viewer], a) {
			continue
		}
		t.byViewer[viewer] = append(t.byViewer[viewer], a)
	}
	if surplus := len(t.byViewer[viewer]) - maxTargets; surplus > 0 {
		t.byViewer[viewer] = slices.Delete(t.byViewer[viewer], 0, surplus)
	}
}

// targetable leaves out what is nobody's agent whoever says so, link-local ones for what clouds keep there above all.
func targetable(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLinkLocalUnicast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

func (t *targets) forget(viewer string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byViewer, viewer)
}

func (t *targets) has(viewer string, a netip.AddrPort) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Contains(t.byViewer[viewer], a)
}

// hasAddress says whether anybody may reach a port there.
func (t *targets) hasAddress(a netip.Addr) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, addresses := range t.byViewer {
		if slices.ContainsFunc(addresses, func(p netip.AddrPort) bool { return p.Addr() == a }) {
			return true
		}
	}
	return false
}

// permit answers a request for a permission, which names an address and no port, nor its user. It is how a client learns early what is
// refused; each datagram is looked at all the same.
func (r *Relay) permit(_ net.Addr, peer net.IP) bool {
	a, _ := netip.AddrFromSlice(peer)
	a = a.Unmap()
	if r.relaysAt(a) || r.targets.hasAddress(a) {
		return true
	}
	r.counters.refusedTargets.Add(1)
	return false
}
