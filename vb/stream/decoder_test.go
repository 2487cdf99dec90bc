package stream

import (
	"image/color"
	"time"

	"github.com/pion/rtp"
	"github.com/stretchr/testify/require"

	"turtus/vb/codec"
	"turtus/vb/codec/codectest"
)

// This file is what a page does with the frames that it receives.

// wholeKeyframe finds a keyframe all of whose packets are there.
func wholeKeyframe(kind codec.VideoKind, packets map[uint16]*rtp.Packet) (start uint16, there bool) {
	for sequence, packet := range packets {
		b := packet.Payload
		begins := kind == codec.VP8 && len(b) > 1 && b[0] == 0x10 && b[1]&1 == 0 ||
			kind == codec.H264 && len(b) > 3 && (b[0]&0x1f == 7 || b[0]&0x1f == 24 && b[3]&0x1f == 7)
		if !begins {
			continue
		}
		for next := packet; next != nil && next.Timestamp == packet.Timestamp; next = packets[next.SequenceNumber+1] {
			if next.Marker {
				return sequence, true
			}
		}
	}
	return 0, false
}

func isKey(kind codec.VideoKind, data []byte) bool {
	if kind == codec.VP8 {
		return data[0]&1 == 0
	}
	for i := 0; i+4 < len(data); i++ {
		if data[i] == 0 && data[i+1] == 0 && data[i+2] == 1 && data[i+3]&0x1f == 5 {
			return true
		}
	}
	return false
}

func near(a, b color.RGBA) bool {
	close := func(a, b uint8) bool { return max(a, b)-min(a, b) < 24 }
	return close(a.R, b.R) && close(a.G, b.G) && close(a.B, b.B)
}

// decoder decodes a page's stream strictly, from its first frame on.
type decoder struct {
	p *page
	d *codectest.VideoDecoder
}

func (p *page) decoder() *decoder { return &decoder{p: p} }

func (d *decoder) decode(f encoded) received {
	d.p.t.Helper()
	kind := d.p.kind()
	if d.d == nil {
		d.d = codectest.NewVideoDecoder(d.p.t, kind)
		require.True(d.p.t, isKey(kind, f.data), "the first frame is a keyframe")
	}
	return received{d.d.Decode(f.data), isKey(kind, f.data), f.timestamp}
}

// settled passes over frames until none has come for a while: what refines the picture is over.
func (p *page) settled(d *decoder) {
	p.t.Helper()
	for {
		select {
		case f := <-p.frames:
			d.decode(f)
		case <-time.After(4 * refineEvery):
			return
		}
	}
}
