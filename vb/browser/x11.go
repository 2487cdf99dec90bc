package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// xClient speaks as much of the X11 protocol as it takes to find a window. Xlib would do it too, but ends the whole
// program when the server dies, and this client is there just when servers start and die.
type xClient struct {
	conn net.Conn
	in   *bufio.Reader
	root uint32
}

// X11 opcodes, predefined atoms and values (X Window System Protocol, appendix B).
const (
	opGetWindowAttributes = 3
	opInternAtom          = 16
	opGetProperty         = 20
	atomAny               = 0
	atomWMClass           = 67
	mapStateViewable      = 2
)

var byteOrder = binary.LittleEndian

// dialX connects to display number n with a MIT-MAGIC-COOKIE-1.
func dialX(ctx context.Context, display int, cookie []byte) (*xClient, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", fmt.Sprintf("/tmp/.X11-unix/X%d", display))
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	} else {
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	}
	x := &xClient{conn: conn, in: bufio.NewReader(conn)}
	if err := x.setup(cookie); err != nil {
		conn.Close()
		return nil, fmt.Errorf("connecting to display :%d: %w", display, err)
	}
	return x, nil
}

func (x *xClient) close() { x.conn.Close() }

func (x *xClient) setup(cookie []byte) error {
	request := []byte{'l', 0}
	request = byteOrder.AppendUint16(request, 11)
	request = byteOrder.AppendUint16(request, 0)
	request = byteOrder.AppendUint16(request, uint16(len(cookieName)))
	request = byteOrder.AppendUint16(request, uint16(len(cookie)))
	request = append(request, 0, 0)
	request = append(request, pad4([]byte(cookieName))...)
	request = append(request, pad4(cookie)...)
	if _, err := x.conn.Write(request); err != nil {
		return err
	}
	head := make([]byte, 8)
	if _, err := io.ReadFull(x.in, head); err != nil {
		return err
	}
	body := make([]byte, 4*int(byteOrder.Uint16(head[6:])))
	if _, err := io.ReadFull(x.in, body); err != nil {
		return err
	}
	if head[0] != 1 {
		return fmt.Errorf("refused: %s", bytes.Trim(body[:min(len(body), int(head[1]))], "\x00"))
	}
	if len(body) < 32 {
		return io.ErrUnexpectedEOF
	}
	// The roots follow the vendor's name and the pixmap formats.
	roots := 32 + (int(byteOrder.Uint16(body[16:]))+3)/4*4 + 8*int(body[21])
	if len(body) < roots+4 {
		return io.ErrUnexpectedEOF
	}
	x.root = byteOrder.Uint32(body[roots:])
	return nil
}

func pad4(b []byte) []byte {
	padded := make([]byte, (len(b)+3)/4*4)
	copy(padded, b)
	return padded
}

// xError is an error that the server answers a request with, for instance because a window is gone.
type xError byte

func (e xError) Error() string { return fmt.Sprintf("X error %d", byte(e)) }

// ask sends a request and returns its reply: the 32 bytes of the head and what follows.
func (x *xClient) ask(opcode, data byte, body []byte) ([]byte, error) {
	request := []byte{opcode, data}
	request = byteOrder.AppendUint16(request, uint16(1+len(body)/4))
	if _, err := x.conn.Write(append(request, body...)); err != nil {
		return nil, err
	}
	for {
		head := make([]byte, 32)
		if _, err := io.ReadFull(x.in, head); err != nil {
			return nil, err
		}
		switch head[0] {
		case 0:
			return nil, xError(head[1])
		case 1:
			reply := append(head, make([]byte, 4*int(byteOrder.Uint32(head[4:])))...)
			_, err := io.ReadFull(x.in, reply[32:])
			return reply, err
		} // others are events, as MappingNotify, that everybody gets
	}
}

func (x *xClient) atom(name string) (uint32, error) {
	body := byteOrder.AppendUint16(nil, uint16(len(name)))
	body = append(body, 0, 0)
	reply, err := x.ask(opInternAtom, 0, append(body, pad4([]byte(name))...))
	if err != nil {
		return 0, err
	}
	return byteOrder.Uint32(reply[8:]), nil
}

// property returns at most 4 KiB of a window's property.
func (x *xClient) property(window, property uint32) ([]byte, error) {
	var body []byte
	for _, v := range []uint32{window, property, atomAny, 0, 1024} {
		body = byteOrder.AppendUint32(body, v)
	}
	reply, err := x.ask(opGetProperty, 0, body)
	if err != nil {
		return nil, err
	}
	size := int(byteOrder.Uint32(reply[16:])) * int(reply[1]) / 8
	return reply[32:min(len(reply), 32+size)], nil
}

// rootWindows returns the windows that a property of the root window lists.
func (x *xClient) rootWindows(property string) ([]uint32, error) {
	atom, err := x.atom(property)
	if err != nil {
		return nil, err
	}
	value, err := x.property(x.root, atom)
	if err != nil {
		return nil, err
	}
	var windows []uint32
	for ; len(value) >= 4; value = value[4:] {
		windows = append(windows, byteOrder.Uint32(value))
	}
	return windows, nil
}

// isFirefox says whether a window is a browser window of Firefox that can be seen. Firefox names these "Navigator".
func (x *xClient) isFirefox(window uint32) (bool, error) {
	class, err := x.property(window, atomWMClass)
	if err != nil {
		return false, err
	}
	if instance, _, _ := strings.Cut(string(class), "\x00"); instance != "Navigator" {
		return false, nil
	}
	attributes, err := x.ask(opGetWindowAttributes, 0, byteOrder.AppendUint32(nil, window))
	if err != nil {
		return false, err
	}
	return attributes[26] == mapStateViewable, nil
}

// windowManagerReady says whether a window manager has taken the display (_NET_SUPPORTING_WM_CHECK).
func windowManagerReady(x *xClient) (bool, error) {
	windows, err := x.rootWindows("_NET_SUPPORTING_WM_CHECK")
	if err != nil || len(windows) == 0 {
		return false, err
	}
	// The property outlives a window manager that was killed; its window does not.
	_, err = x.ask(opGetWindowAttributes, 0, byteOrder.AppendUint32(nil, windows[0]))
	return err == nil, ignoreGone(err)
}

// firefoxReady says whether a window of Firefox is on the screen and known to the window manager (_NET_CLIENT_LIST of
// the EWMH specification).
func firefoxReady(x *xClient) (bool, error) {
	windows, err := x.rootWindows("_NET_CLIENT_LIST")
	if err != nil {
		return false, err
	}
	for _, window := range windows {
		found, err := x.isFirefox(window)
		if found || ignoreGone(err) != nil {
			return found, err
		}
	}
	return false, nil
}

// ignoreGone forgets errors about windows that were closed meanwhile.
func ignoreGone(err error) error {
	var refused xError
	if errors.As(err, &refused) {
		return nil
	}
	return err
}

// firefoxTitle is the title of Firefox's window (_NET_WM_NAME of EWMH), empty where there is none.
func (x *xClient) firefoxTitle() (string, error) {
	windows, err := x.rootWindows("_NET_CLIENT_LIST")
	if err != nil {
		return "", err
	}
	name, err := x.atom("_NET_WM_NAME")
	if err != nil {
		return "", err
	}
	for _, window := range windows {
		found, err := x.isFirefox(window)
		if ignoreGone(err) != nil {
			return "", err
		}
		if !found {
			continue
		}
		title, err := x.property(window, name)
		return string(title), ignoreGone(err)
	}
	return "", nil
}
