package stream

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/pion/webrtc/v4"

	"turtus/services/wire"
)

// localPreference is the unit of a priority's second part (RFC 8445, section 5.1.2.1): each further address is preferred a little less.
const localPreference = 1 << 8

// openings are a host candidate under the addresses of the machine around us, which forwards the same port to us, of UDP or TCP. They are for pages
// alone: what arrives by them arrives at c's socket, so to our own end they are c.
func openings(c webrtc.ICECandidate, addresses []netip.Addr) []webrtc.ICECandidate {
	own, err := netip.ParseAddr(c.Address)
	if c.Typ != webrtc.ICECandidateTypeHost || err != nil {
		return nil
	}
	var found []webrtc.ICECandidate
	for i, a := range addresses {
		if a == own || a.Is4() != own.Is4() {
			continue
		}
		opening := c
		opening.Address = a.String()
		opening.Foundation += strconv.Itoa(i + 1)
		opening.Priority -= min(uint32(i+1)*localPreference, opening.Priority)
		found = append(found, opening)
	}
	return found
}

// gathered tells the page of a candidate, or of the end of them, and once in an offer of the openings for it.
func (v *viewer) gathered(c *webrtc.ICECandidate) {
	if c == nil {
		v.send(wire.Signal{Candidate: &wire.ICECandidate{Candidate: wire.Ptr("")}})
		return
	}
	v.sendCandidate(*c)
	for _, opening := range openings(*c, v.streamer.cfg.Addresses) {
		// The port is forwarded to one of our sockets, whichever that is.
		known := func(o webrtc.ICECandidate) bool {
			return o.Address == opening.Address && o.Protocol == opening.Protocol
		}
		if !slices.ContainsFunc(v.openings, known) {
			v.openings = append(v.openings, opening)
			v.sendCandidate(opening)
		}
	}
}

func (v *viewer) sendCandidate(c webrtc.ICECandidate) {
	init := c.ToJSON()
	v.send(wire.Signal{Candidate: &wire.ICECandidate{
		Candidate: &init.Candidate, SdpMid: init.SDPMid, SdpMLineIndex: wire.Ptr(int(*init.SDPMLineIndex)), UsernameFragment: init.UsernameFragment,
	}})
}
