package icetcp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/pion/stun/v4"
	"golang.org/x/sys/unix"
)

const (
	// maxFrame is more than what fits a datagram of any network, which is what pages make.
	maxFrame = 2048
	// chunk is how much leaves within bounds.stalled, so that a slow viewer is told from one that takes nothing.
	chunk = 16 << 10
	// unsent is how much the kernel keeps besides what is on its way: what waits, waits with us, where it is bounded.
	unsent = 16 << 10
)

var (
	errFrame   = errors.New("a frame is longer than any that pages send")
	errNobody  = errors.New("it does not say whose it is")
	errUnknown = errors.New("it is nobody's who is waited for, or one too many")
)

// stream is one connection. Its reading goroutine owns it, and ends what sends by it.
type stream struct {
	mux         *Mux
	conn        net.Conn
	from        netip.AddrPort
	local       netip.Addr
	reader      *bufio.Reader
	endpoint    *endpoint // nil until it said whose it is; under Mux.mu
	gone        chan struct{}
	wake        chan struct{} // something waits; capacity 1
	overflowing sync.Once

	mu      sync.Mutex
	waiting []byte // whole frames
	leaving int    // bytes that are being written
}

func newStream(m *Mux, c net.Conn) *stream {
	return &stream{
		mux: m, conn: c, from: plain(c.RemoteAddr().(*net.TCPAddr).AddrPort()), local: plain(c.LocalAddr().(*net.TCPAddr).AddrPort()).Addr(),
		reader: bufio.NewReaderSize(c, maxFrame+2), gone: make(chan struct{}), wake: make(chan struct{}, 1),
	}
}

// read is the connection's life.
func (s *stream) read() {
	err := s.serve()
	_ = s.conn.Close()
	close(s.gone)
	s.mux.forget(s)
	s.mux.logger.Debug("a TCP connection of a viewer ended", "from", s.from, "error", err)
}

func (s *stream) serve() error {
	first, err := s.frame(s.mux.b.firstWord)
	if err != nil {
		s.mux.Counters.Refused.Add(1)
		return err
	}
	ufrag, ok := whose(first)
	if !ok {
		s.mux.Counters.Refused.Add(1)
		return errNobody
	}
	e := s.mux.known(s, ufrag)
	if e == nil {
		s.mux.Counters.Refused.Add(1)
		return errUnknown
	}
	if err := s.keepLittle(); err != nil {
		return err
	}
	s.mux.running.Go(s.write)
	select {
	case <-s.mux.b.after(s.mux.b.headStart):
	case <-e.done:
		return net.ErrClosed
	}
	for next := first; ; {
		select {
		case e.in <- frame{next, s.from}:
		case <-e.done:
			return net.ErrClosed
		}
		if next, err = s.frame(s.mux.b.idle); err != nil {
			return err
		}
	}
}

// frame reads the next one that is not empty; all of it must come in that time.
func (s *stream) frame(within time.Duration) ([]byte, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return nil, err
	}
	for {
		header, err := s.reader.Peek(2)
		if err != nil {
			return nil, err
		}
		length := int(binary.BigEndian.Uint16(header))
		if length > maxFrame {
			return nil, errFrame
		}
		_, _ = s.reader.Discard(2)
		if length == 0 {
			continue
		}
		data := make([]byte, length)
		if _, err := io.ReadFull(s.reader, data); err != nil {
			return nil, err
		}
		return data, nil
	}
}

// whose is our user name fragment in the check that a connection begins with (RFC 8445, section 7.2.2).
func whose(data []byte) (string, bool) {
	message := stun.Message{Raw: data}
	if !stun.IsMessage(data) || message.Decode() != nil || message.Type != stun.BindingRequest {
		return "", false
	}
	name, err := message.Get(stun.AttrUsername)
	if err != nil {
		return "", false
	}
	ufrag, _, ok := strings.Cut(string(name), ":")
	return ufrag, ok
}

// keepLittle has the kernel keep little of what it can't send yet.
func (s *stream) keepLittle() error {
	raw, err := s.conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	err = raw.Control(func(fd uintptr) {
		refused = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent)
	})
	if err = errors.Join(err, refused); err != nil {
		return fmt.Errorf("TCP_NOTSENT_LOWAT: %w", err)
	}
	return nil
}

// send has a packet leave when those before it have. A packet that finds no room is lost.
func (s *stream) send(p []byte) {
	s.mu.Lock()
	full := len(p) > 1<<16-1 || s.leaving+len(s.waiting)+2+len(p) > s.mux.b.queue
	if !full {
		s.waiting = binary.BigEndian.AppendUint16(s.waiting, uint16(len(p)))
		s.waiting = append(s.waiting, p...)
	}
	s.mu.Unlock()
	if full {
		s.mux.Counters.Dropped.Add(1)
		s.overflowing.Do(func() {
			s.mux.logger.Debug("a viewer takes less by TCP than it is sent; packets are lost", "from", s.from)
		})
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// write sends what waits, many packets by one call.
func (s *stream) write() {
	var batch []byte
	for {
		select {
		case <-s.gone:
			return
		case <-s.wake:
		}
		for {
			s.mu.Lock()
			batch, s.waiting = s.waiting, batch[:0]
			s.leaving = len(batch)
			s.mu.Unlock()
			if len(batch) == 0 {
				break
			}
			if err := s.flush(batch); err != nil {
				_ = s.conn.Close() // half a frame may be out
				return
			}
		}
	}
}

func (s *stream) flush(batch []byte) error {
	for len(batch) > 0 {
		n := min(len(batch), chunk)
		if err := s.conn.SetWriteDeadline(time.Now().Add(s.mux.b.stalled)); err != nil {
			return err
		}
		if _, err := s.conn.Write(batch[:n]); err != nil {
			return err
		}
		batch = batch[n:]
		s.mu.Lock()
		s.leaving -= n
		s.mu.Unlock()
	}
	return nil
}
