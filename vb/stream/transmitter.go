package stream

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/pion/rtp"
)

const (
	// midPackets is how many packets of a stream carry its MID: until surely one has arrived (RFC 8843 section 14).
	midPackets = 50
)

var errNotReady = errors.New("nothing can be sent yet")

// outgoing says what is special about one RTP packet.
type outgoing struct {
	ssrc        uint32
	payloadType uint8
	sequence    uint16
	timestamp   uint32
	marker      bool
	mid         string
	delay       playoutDelay
}

// transmitter writes RTP packets of one viewer. One goroutine uses it; so header and extensions are made in place, and a
// packet costs no memory of its own.
type transmitter struct {
	// left is told of each packet that was written with a transport-wide number: of that and of its bytes as RTP.
	left func(number uint16, bytes int, at time.Time)

	number  uint16 // transport-wide, of the next packet
	header  rtp.Header
	numbers [2]byte
	delay   [3]byte
	mid     []byte
	again   [2 + maxPayload]byte
}

func newTransmitter(left func(uint16, int, time.Time)) *transmitter {
	return &transmitter{left: left, number: uint16(rand.Uint32())}
}

// write sends one packet and returns its bytes as RTP.
func (t *transmitter) write(a *agreement, o outgoing, payload []byte, now time.Time) (int, error) {
	h := &t.header
	h.Version, h.Marker, h.PayloadType = 2, o.marker, o.payloadType
	h.SequenceNumber, h.Timestamp, h.SSRC = o.sequence, o.timestamp, o.ssrc
	h.Extension, h.Extensions = false, h.Extensions[:0]
	if a.transport != 0 {
		binary.BigEndian.PutUint16(t.numbers[:], t.number)
		if err := h.SetExtension(a.transport, t.numbers[:]); err != nil {
			return 0, err
		}
	}
	if a.playoutDelay != 0 && o.delay.said {
		o.delay.put(&t.delay)
		if err := h.SetExtension(a.playoutDelay, t.delay[:]); err != nil {
			return 0, err
		}
	}
	if a.mid != 0 && o.mid != "" {
		t.mid = append(t.mid[:0], o.mid...)
		if err := h.SetExtension(a.mid, t.mid); err != nil {
			return 0, err
		}
	}
	bytes := h.MarshalSize() + len(payload)
	n, err := a.writer.WriteRTP(h, payload)
	if err == nil && n == 0 {
		return bytes, errNotReady // pion's way to say that there are no keys or no path yet
	}
	// A number that no packet carried would be reported as lost.
	if a.transport != 0 {
		t.left(t.number, bytes, now)
		t.number++
	}
	return bytes, err
}

// retransmission is the payload of a packet as its retransmission carries it (RFC 4588 section 4), until the next call.
func (t *transmitter) retransmission(sequence uint16, payload []byte) []byte {
	binary.BigEndian.PutUint16(t.again[:], sequence)
	return t.again[:2+copy(t.again[2:], payload)]
}
