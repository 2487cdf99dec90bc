package relay

import "sync/atomic"

// counters are what Statistics reads.
type counters struct {
	allocations, quotas, unauthorised, refusedTargets, overRate     atomic.Uint64
	sentPackets, sentBytes, receivedPackets, receivedBytes, streams atomic.Uint64
}

// Statistics is what a relay has done since it was opened.
type Statistics struct {
	// Allocations are the relayed addresses at the moment, and Streams the TCP connections.
	Allocations, Streams int
	// AllocationsMade and StreamsAccepted are those since the start.
	AllocationsMade, StreamsAccepted uint64
	// Unauthorised are requests with no good credential, OverQuota allocations beyond what one peer or all may have.
	Unauthorised, OverQuota uint64
	// RefusedTargets are permissions and datagrams for addresses that the client may not reach, or from them.
	RefusedTargets uint64
	// OverRate are datagrams lost for a peer's limit.
	OverRate uint64
	// Sent is what went from clients to agents and other relayed addresses, Received what came back.
	SentPackets, SentBytes, ReceivedPackets, ReceivedBytes uint64
}

// Statistics reads the counters.
func (r *Relay) Statistics() Statistics {
	r.mu.RLock()
	legs, streams := len(r.legs), len(r.streams)
	r.mu.RUnlock()
	c := &r.counters
	return Statistics{
		Allocations: legs, Streams: streams, AllocationsMade: c.allocations.Load(), StreamsAccepted: c.streams.Load(),
		Unauthorised: c.unauthorised.Load(), OverQuota: c.quotas.Load(), RefusedTargets: c.refusedTargets.Load(), OverRate: c.overRate.Load(),
		SentPackets: c.sentPackets.Load(), SentBytes: c.sentBytes.Load(), ReceivedPackets: c.receivedPackets.Load(), ReceivedBytes: c.receivedBytes.Load(),
	}
}
