package stream

import "time"

// historySize is how many packets of the picture a viewer may ask for again: two and a half seconds at 4 Mbit/s. A power
// of two.
const historySize = 1024

// maxTimes is how often a packet that is asked for is sent again.
const maxTimes = 6

// past is one packet that went: a place in a frame that all its receivers share.
type past struct {
	frame    *frame
	sent     time.Duration // on the clock, the last time
	index    uint16
	sequence uint16
	times    uint8 // it was asked for and sent again
}

// history finds the packets that one viewer was sent by their sequence numbers, and copies none. The zero value is ready.
type history struct {
	slots []past
	start time.Time
}

func (h *history) put(sequence uint16, f *frame, index int, now time.Time) {
	if h.slots == nil {
		h.slots, h.start = make([]past, historySize), now
	}
	h.slots[sequence%historySize] = past{frame: f, sent: now.Sub(h.start), index: uint16(index), sequence: sequence}
}

// get is a packet of the past, or nil when it is too long ago or never went.
func (h *history) get(sequence uint16) *past {
	if h.slots == nil {
		return nil
	}
	if p := &h.slots[sequence%historySize]; p.frame != nil && p.sequence == sequence {
		return p
	}
	return nil
}

// asked notes that a packet is asked for, and refuses when it went less than a gap ago and may still be on its way, or has
// gone often enough.
func (h *history) asked(p *past, now time.Time, gap time.Duration) bool {
	if now.Sub(h.start)-p.sent < gap || p.times >= maxTimes {
		return false
	}
	p.times++
	return true
}
