package stream

import (
	"io"

	"github.com/pion/rtcp"
	"github.com/pion/transport/v4/packetio"
)

// feedback takes a viewer's RTCP where pion would keep it for readers, in the goroutine that decrypts it. pion sorts by the
// SSRC that a packet is about, and a transport-wide report may name any of ours, also one that has no reader: all of a
// viewer's RTCP is this one. A packet about several of them comes once for each.
type feedback struct{ take func(rtcp.Packet) }

// buffer is webrtc.SettingEngine's BufferFactory. Viewers send us no media: what comes all the same is
// dropped, and only its SSRC stays noted in pion.
func (f feedback) buffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	if kind != packetio.RTCPBufferPacket {
		return feedback{}
	}
	return f
}

// Write implements io.Writer.
func (f feedback) Write(b []byte) (int, error) {
	if f.take == nil {
		return len(b), nil
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return len(b), nil // its sender's mistake
	}
	for _, packet := range packets {
		f.take(packet)
	}
	return len(b), nil
}

// Read implements io.Reader: there is nothing left to read.
func (f feedback) Read([]byte) (int, error) { return 0, io.EOF }

// Close implements io.Closer.
func (f feedback) Close() error { return nil }
