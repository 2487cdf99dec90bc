// Package bunch has the UDP packets of one frame leave by one system call: the kernel takes them as one long packet through
// all that is the same for each, and cuts it at the end (UDP_SEGMENT, udp(7)). On the wire they are as ever.
//
// A viewer's connection has one Bunch, and sockets by its Net or by a Share of common ones. What is written to them while
// the Bunch is open leaves by End at the latest, in the order in which it was written; otherwise they are as all sockets.
package bunch

import (
	"net/netip"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// maxPackets is what a kernel takes at once (UDP_MAX_SEGMENTS).
	maxPackets = 64
	// maxBytes is less than what an IP packet holds.
	maxBytes = 60_000
)

// buffers are for what waits: as many as senders run at the same time, not as there are viewers.
var buffers = sync.Pool{New: func() any { return new([maxBytes]byte) }}

// Bunch is what one viewer's connection writes at once. The zero value is ready, and all may call it.
type Bunch struct {
	mu      sync.Mutex
	open    bool
	refused bool // what goes to this viewer can't be cut

	way    *way
	to     netip.AddrPort
	buffer *[maxBytes]byte // nil: nothing waits
	bytes  int
	count  int // of packets
	size   int // of each but the last, which may be shorter
}

// Begin has packets wait for more of them, until End.
func (b *Bunch) Begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = !b.refused
}

// End sends what waits.
func (b *Bunch) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flush()
	b.open = false
}

func (b *Bunch) write(w *way, packet []byte, to netip.AddrPort) (int, error) {
	if b.take(w, packet, to) {
		return len(packet), nil
	}
	return w.single.WriteToAddrPort(packet, to)
}

// take keeps a packet until End, or says that it is to leave by itself.
func (b *Bunch) take(w *way, packet []byte, to netip.AddrPort) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count > 0 && (w != b.way || to != b.to || len(packet) > b.size || b.bytes+len(packet) > maxBytes) {
		b.flush()
	}
	if !b.open || len(packet) == 0 || len(packet) > maxBytes {
		return false
	}
	if b.count == 0 {
		b.way, b.to, b.size = w, to, len(packet)
		b.buffer = buffers.Get().(*[maxBytes]byte)
	}
	b.bytes += copy(b.buffer[b.bytes:], packet)
	b.count++
	if len(packet) < b.size || b.count == maxPackets {
		b.flush()
	}
	return true
}

// flush needs the lock. What can't be sent is lost, as packets are.
func (b *Bunch) flush() {
	if b.count == 0 {
		return
	}
	all := b.buffer[:b.bytes]
	if b.count == 1 || b.way.writeAll(all, b.size, b.to) != nil {
		var failed error
		for len(all) > 0 {
			packet := all[:min(b.size, len(all))]
			all = all[len(packet):]
			if _, err := b.way.single.WriteToAddrPort(packet, b.to); err != nil {
				failed = err
			}
		}
		if b.count > 1 && failed == nil {
			b.refused, b.open = true, false
		}
	}
	buffers.Put(b.buffer)
	b.way, b.buffer, b.bytes, b.count = nil, nil, 0, 0
}

// writeAll sends packets of one size, the last of which may be shorter, by one system call.
func (w *way) writeAll(packets []byte, size int, to netip.AddrPort) error {
	control := struct {
		header unix.Cmsghdr
		size   uint16
		_      [6]byte
	}{size: uint16(size)}
	control.header.Level, control.header.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	control.header.SetLen(unix.CmsgLen(2))
	message := unsafe.Slice((*byte)(unsafe.Pointer(&control)), unix.CmsgSpace(2))
	_, _, err := w.socket.WriteMsgUDPAddrPort(packets, message, to)
	return err
}
