// Package bunch has the UDP packets of one frame leave by one system call: the kernel takes them as one long packet through
// all that is the same for each, and cuts it at the end (UDP_SEGMENT, udp(7)). On the wire they are as ever.
//
// A viewer's connection has one Bunch, and sockets by its Net or by a Share of common ones. What is written to them while
// the Bunch is open leaves by End at the latest, in the order in which it was written; otherwise they are as all sockets.
package bunch

import (
	"net/netip"
	"sync"
	"sync/atomic"
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
	Spared  atomic.Uint64 // system calls: one less than packets for each bunch
	Refused atomic.Uint64 // bunches that could not be cut, and left packet by packet

	mu      sync.Mutex
	open    bool
	refused path // on which nothing can be cut: another network, another answer
	failing path // on which nothing left lately: who writes there hears of it packet by packet, until one leaves

	path   path            // of what waits
	buffer *[maxBytes]byte // nil: nothing waits
	bytes  int
	count  int // of packets
	size   int // of each but the last, which may be shorter
}

// path is where packets go.
type path struct {
	way *way
	to  netip.AddrPort
}

// Begin has packets wait for more of them, until End.
func (b *Bunch) Begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = true
}

// End sends what waits.
func (b *Bunch) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flush()
	b.open = false
}

func (b *Bunch) write(p path, packet []byte) (int, error) {
	if b.take(p, packet) {
		return len(packet), nil
	}
	n, err := p.write(packet)
	if isMedia(packet) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if err != nil {
			b.failing = p
		} else if b.failing == p {
			b.failing = path{}
		}
	}
	return n, err
}

// isMedia tells RTP and RTCP from all else (RFC 7983).
func isMedia(packet []byte) bool { return len(packet) > 0 && packet[0]>>6 == 2 }

// take keeps a packet until End, or says that it is to leave by itself, as all but RTP and RTCP does: ICE measures by its
// own, the mux learns a viewer's address from them, and a last word must leave before its socket closes.
func (b *Bunch) take(p path, packet []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	media := isMedia(packet)
	if b.count > 0 && (!media || p != b.path || len(packet) > b.size || b.bytes+len(packet) > maxBytes) {
		b.flush()
	}
	if !b.open || !media || p == b.refused || p == b.failing || len(packet) > maxBytes {
		return false
	}
	if b.count == 0 {
		b.path, b.size = p, len(packet)
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
	if b.count > 1 && b.path.writeAll(all, b.size) == nil {
		b.Spared.Add(uint64(b.count - 1))
	} else {
		b.oneByOne(all)
	}
	buffers.Put(b.buffer)
	b.path, b.buffer, b.bytes, b.count = path{}, nil, 0, 0
}

// oneByOne sends what could not be sent at once, and keeps why.
func (b *Bunch) oneByOne(all []byte) {
	left := 0
	for len(all) > 0 {
		packet := all[:min(b.size, len(all))]
		all = all[len(packet):]
		if _, err := b.path.write(packet); err == nil {
			left++
		}
	}
	if left == 0 {
		b.failing = b.path
	} else if b.count > 1 && left == b.count {
		b.refused = b.path
		b.Refused.Add(1)
	}
}

func (p path) write(packet []byte) (int, error) { return p.way.single.WriteToAddrPort(packet, p.to) }

// writeAll sends packets of one size, the last of which may be shorter, by one system call.
func (p path) writeAll(packets []byte, size int) error {
	control := struct {
		header unix.Cmsghdr
		size   uint16
		_      [6]byte
	}{size: uint16(size)}
	control.header.Level, control.header.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	control.header.SetLen(unix.CmsgLen(2))
	message := unsafe.Slice((*byte)(unsafe.Pointer(&control)), unix.CmsgSpace(2))
	_, _, err := p.way.socket.WriteMsgUDPAddrPort(packets, message, p.to)
	return err
}
