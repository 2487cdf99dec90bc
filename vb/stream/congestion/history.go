package congestion

import "time"

// historySize is how many packets can be out: two seconds at 20 Mbit/s. A power of two.
const historySize = 4096

type status uint8

const (
	unknown status = iota // not reported yet
	lost                  // reported as not received; a later feedback may know better
	assumed               // not reported, but a later one was: that feedback was lost, and most of its packets were not
	received
)

type packet struct {
	sequence int64
	sent     time.Duration
	bytes    int32
	status   status
}

// history remembers the packets that were sent last, by their unwrapped transport-wide sequence number.
type history struct {
	packets [historySize]packet
	newest  int64 // 0: nothing was sent
}

// unwrap is the sequence number nearest to the newest one.
func (h *history) unwrap(sequence uint16) int64 {
	return h.newest + int64(int16(sequence-uint16(h.newest)))
}

func (h *history) add(sequence uint16, bytes int, sent time.Duration) {
	if h.newest == 0 {
		// Far from zero, which empty places have.
		h.newest = 1<<20 + int64(sequence)
	}
	number := h.unwrap(sequence)
	if number <= h.newest-historySize {
		return
	}
	h.newest = max(h.newest, number)
	h.packets[number&(historySize-1)] = packet{sequence: number, sent: sent, bytes: int32(bytes)}
}

// get is nil for what was never sent or is forgotten.
func (h *history) get(number int64) *packet {
	p := &h.packets[number&(historySize-1)]
	if p.sequence != number || number == 0 {
		return nil
	}
	return p
}
