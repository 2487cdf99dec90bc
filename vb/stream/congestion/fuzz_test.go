package congestion

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// FuzzFeedback has a viewer send whatever it likes, as bytes from the network and as structures that no bytes give.
func FuzzFeedback(f *testing.F) {
	honest, err := told(0, 1, 0, gone, time.Millisecond, 0).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(honest, uint16(0), uint16(100))
	f.Add(honest, uint16(65_530), uint16(5000))
	// Huge counts: runs that claim all there can be.
	huge := []byte{0x8f, 205, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0x1f, 0xff, 0x3f, 0xff, 0xdf, 0xff, 0, 0}
	f.Add(huge, uint16(40_000), uint16(20))
	f.Fuzz(func(t *testing.T, raw []byte, first, sent uint16) {
		e := New(Config{})
		at := zero
		next := first
		send := func(n uint16) {
			for range n {
				e.Sent(next, int(next)%1300, at)
				next++
				at = at.Add(time.Duration(next%7) * time.Millisecond)
			}
		}
		check := func() {
			s := e.State()
			if s.Target < 100_000 || s.Target > 20_000_000 || s.Loss < 0 || s.Loss > 1 || math.IsNaN(s.Loss) || s.QueueDelay < 0 ||
				s.Delivered < 0 || s.RTT < 0 {
				t.Fatalf("%+v", s)
			}
		}
		send(sent % 6000)
		parsed := &rtcp.TransportLayerCC{}
		if parsed.Unmarshal(raw) == nil {
			for range 3 {
				e.Feedback(parsed, at)
				check()
				send(100)
			}
		}
		// The same bytes as one report after another, with no deltas, too few, or too many.
		for ; len(raw) >= 8; raw = raw[1:] {
			made := &rtcp.TransportLayerCC{
				BaseSequenceNumber: first + binary.BigEndian.Uint16(raw),
				PacketStatusCount:  binary.BigEndian.Uint16(raw[2:]),
				ReferenceTime:      binary.BigEndian.Uint32(raw[3:]),
				PacketChunks: []rtcp.PacketStatusChunk{
					&rtcp.RunLengthChunk{PacketStatusSymbol: uint16(raw[4] % 5), RunLength: binary.BigEndian.Uint16(raw[5:])},
					&rtcp.StatusVectorChunk{SymbolList: []uint16{1, 2, 0, 3, uint16(raw[6])}},
					nil,
				},
			}
			for i := range int(raw[7]) {
				made.RecvDeltas = append(made.RecvDeltas, &rtcp.RecvDelta{Delta: int64(int16(binary.BigEndian.Uint16(raw[i%(len(raw)-1):]))) * 250})
			}
			e.Feedback(made, at)
			e.Expire(at)
			check()
			send(20)
			at = at.Add(time.Duration(raw[0]) * time.Millisecond)
		}
	})
}
