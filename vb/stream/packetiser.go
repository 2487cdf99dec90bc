package stream

import (
	"fmt"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"turtus/vb/codec"
)

// maxPayload is the largest RTP payload in bytes: with headers, extensions and SRTP's tag it fits the 1,280 bytes that
// every IPv6 path carries, also through TURN.
const maxPayload = 1170

// frame is one encoded picture or block of sound, ready to be sent. It is shared by all its receivers: nobody writes to it.
type frame struct {
	payloads  [][]byte
	timestamp uint32
	at        time.Time // of capture
	key       bool      // a receiver can start here
	marker    bool      // on the last packet
	bytes     int
}

// packetiser cuts what one encoder makes into RTP payloads.
type packetiser struct {
	payloader rtp.Payloader
	clock     clock
}

func newPacketiser(kind codec.VideoKind, c clock) (*packetiser, error) {
	switch kind {
	case codec.H264:
		return &packetiser{&codecs.H264Payloader{}, c}, nil
	case codec.VP8:
		// Without picture ids: those of two layers would not go on from each other, as sequence numbers do.
		return &packetiser{&codecs.VP8Payloader{}, c}, nil
	}
	return nil, fmt.Errorf("%w: no packetiser for %q", ErrConfig, kind)
}

func (p *packetiser) picture(packet codec.Packet, at time.Time) *frame {
	f := &frame{
		payloads:  p.payloader.Payload(maxPayload, packet.Data),
		timestamp: p.clock.timestamp(at, videoRate),
		at:        at, key: packet.Key, marker: true,
	}
	for _, payload := range f.payloads {
		f.bytes += len(payload)
	}
	return f
}
