package congestion

import (
	"time"

	"github.com/pion/rtcp"
)

const (
	referenceUnit = 64 * time.Millisecond
	referenceWrap = 1 << 24
)

// arrivals reads the viewer's clock out of feedback.
type arrivals struct {
	reference int64 // the newest one, unwrapped
	known     bool
}

func (a *arrivals) start(fb *rtcp.TransportLayerCC) time.Duration {
	// A wrap ahead, so that what came before the first one is not negative.
	reference := int64(fb.ReferenceTime&(referenceWrap-1)) + referenceWrap
	if a.known {
		// The nearest to the last one: it wraps every twelve days, and feedback may overtake another.
		difference := (reference - a.reference) & (referenceWrap - 1)
		if difference >= referenceWrap/2 {
			difference -= referenceWrap
		}
		reference = a.reference + difference
	}
	a.reference, a.known = reference, true
	return time.Duration(reference) * referenceUnit
}

// read calls f for each packet that the feedback tells about, in the order of sequence numbers. at is by the viewer's
// clock, and zero for a packet that was lost. What was received at a time that was not told is left out.
func (a *arrivals) read(fb *rtcp.TransportLayerCC, f func(offset int, received bool, at time.Duration)) {
	at := a.start(fb)
	deltas := fb.RecvDeltas
	offset, count := 0, int(fb.PacketStatusCount)
	one := func(symbol uint16) bool {
		switch symbol {
		case rtcp.TypeTCCPacketNotReceived:
			f(offset, false, 0)
		case rtcp.TypeTCCPacketReceivedSmallDelta, rtcp.TypeTCCPacketReceivedLargeDelta:
			if len(deltas) == 0 || deltas[0] == nil {
				return false
			}
			at += time.Duration(deltas[0].Delta) * time.Microsecond
			deltas = deltas[1:]
			f(offset, true, at)
		}
		offset++
		return offset < count
	}
	if count == 0 {
		return
	}
	for _, chunk := range fb.PacketChunks {
		switch c := chunk.(type) {
		case *rtcp.RunLengthChunk:
			for range c.RunLength {
				if !one(c.PacketStatusSymbol) {
					return
				}
			}
		case *rtcp.StatusVectorChunk:
			for _, symbol := range c.SymbolList {
				if !one(symbol) {
					return
				}
			}
		default:
			return
		}
	}
}
