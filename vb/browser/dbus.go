package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// bus speaks as much of D-Bus as it takes to call one method of Firefox (D-Bus Specification, "Message Protocol"). It is used by one
// goroutine.
type bus struct {
	conn   net.Conn
	in     *bufio.Reader
	serial uint32
}

// Message types and header fields of the specification.
const (
	busCall   = 1
	busReturn = 2
	busError  = 3

	fieldPath        = 1
	fieldInterface   = 2
	fieldMember      = 3
	fieldErrorName   = 4
	fieldReplySerial = 5
	fieldDestination = 6
	fieldSignature   = 8
)

// busPatience bounds a whole conversation; maxBusMessage what an answer may be.
const (
	busPatience   = 10 * time.Second
	maxBusMessage = 1 << 20
)

// dialBus connects to a session bus at a Unix socket and says hello.
func dialBus(ctx context.Context, path string) (*bus, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(busPatience))
	b := &bus{conn: conn, in: bufio.NewReader(conn)}
	if err := b.authenticate(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("session bus: %w", err)
	}
	return b, nil
}

func (b *bus) close() { b.conn.Close() }

// authenticate says who we are, by EXTERNAL: the bus sees our user id at the socket itself.
func (b *bus) authenticate() error {
	uid := hex.EncodeToString([]byte(strconv.Itoa(os.Getuid())))
	if _, err := b.conn.Write([]byte("\x00AUTH EXTERNAL " + uid + "\r\n")); err != nil {
		return err
	}
	line, err := b.in.ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "OK ") {
		return fmt.Errorf("refused: %s", strings.TrimSpace(line))
	}
	if _, err := b.conn.Write([]byte("BEGIN\r\n")); err != nil {
		return err
	}
	_, err = b.toBus("Hello")
	return err
}

// names lists who is on the bus.
func (b *bus) names() ([]string, error) {
	body, err := b.toBus("ListNames")
	if err != nil {
		return nil, err
	}
	in := reader{rest: body}
	end := int(in.uint32()) + 4 // an array's length counts what follows it
	var names []string
	for in.at < end && !in.short {
		names = append(names, in.text())
	}
	if in.short {
		return nil, io.ErrUnexpectedEOF
	}
	return names, nil
}

func (b *bus) toBus(member string) ([]byte, error) {
	return b.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", member, "", nil)
}

// openURL hands a command line to the Firefox of that name on the bus.
func (b *bus) openURL(name, program string, commandLine []byte) error {
	body := append(binary.LittleEndian.AppendUint32(nil, uint32(len(commandLine))), commandLine...)
	_, err := b.call(name, "/org/mozilla/"+program+"/Remote", "org.mozilla."+program, "OpenURL", "ay", body)
	return err
}

// call sends a method call and returns the body of its answer.
func (b *bus) call(destination, path, iface, member, signature string, body []byte) ([]byte, error) {
	b.serial++
	var w writer
	w.bytes('l', busCall, 0, 1)
	w.uint32(uint32(len(body)))
	w.uint32(b.serial)
	length := w.reserve()
	w.field(fieldPath, "o", path)
	w.field(fieldInterface, "s", iface)
	w.field(fieldMember, "s", member)
	w.field(fieldDestination, "s", destination)
	if signature != "" {
		w.field(fieldSignature, "g", signature)
	}
	w.fill(length)
	w.align(8)
	if _, err := b.conn.Write(append(w.out, body...)); err != nil {
		return nil, err
	}
	for {
		kind, re, failure, answer, err := b.read()
		switch {
		case err != nil:
			return nil, err
		case re != b.serial: // a signal that everybody gets
		case kind == busError:
			return nil, fmt.Errorf("%s.%s: %s", iface, member, failure)
		case kind == busReturn:
			return answer, nil
		}
	}
}

var errBigEndian = errors.New("session bus: a message in another byte order")

// read takes in one message: its kind, what it answers, the error's name, and its body.
func (b *bus) read() (kind byte, re uint32, failure string, body []byte, err error) {
	head := make([]byte, 16)
	if _, err := io.ReadFull(b.in, head); err != nil {
		return 0, 0, "", nil, err
	}
	if head[0] != 'l' {
		return 0, 0, "", nil, errBigEndian
	}
	bodyLength, fields := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[12:])
	if bodyLength > maxBusMessage || fields > maxBusMessage {
		return 0, 0, "", nil, fmt.Errorf("session bus: a message of %d bytes", bodyLength)
	}
	rest := make([]byte, (fields+7)/8*8+bodyLength)
	if _, err := io.ReadFull(b.in, rest); err != nil {
		return 0, 0, "", nil, err
	}
	in := reader{rest: rest}
	for in.at < int(fields) && !in.short {
		in.align(8)
		code := in.byte()
		switch signature := in.signature(); signature {
		case "u":
			if value := in.uint32(); code == fieldReplySerial {
				re = value
			}
		case "s", "o":
			if value := in.text(); code == fieldErrorName {
				failure = value
			}
		case "g":
			in.signature()
		default:
			return 0, 0, "", nil, fmt.Errorf("session bus: a header field of type %q", signature)
		}
	}
	if in.short {
		return 0, 0, "", nil, io.ErrUnexpectedEOF
	}
	return head[1], re, failure, rest[len(rest)-int(bodyLength):], nil
}

// writer marshals little-endian; reader reads it back, and says by short that there was too little.
type writer struct{ out []byte }

func (w *writer) bytes(b ...byte) { w.out = append(w.out, b...) }

func (w *writer) align(n int) {
	for len(w.out)%n != 0 {
		w.out = append(w.out, 0)
	}
}

func (w *writer) uint32(v uint32) {
	w.align(4)
	w.out = binary.LittleEndian.AppendUint32(w.out, v)
}

// reserve leaves place for the length of an array of structures, which begins at the next multiple of 8; fill writes it.
func (w *writer) reserve() int {
	w.uint32(0)
	return len(w.out) - 4
}

func (w *writer) fill(at int) { binary.LittleEndian.PutUint32(w.out[at:], uint32(len(w.out)-at-4)) }

func (w *writer) field(code byte, signature, value string) {
	w.align(8)
	w.bytes(code)
	w.signature(signature)
	if signature == "g" {
		w.signature(value)
		return
	}
	w.uint32(uint32(len(value)))
	w.bytes(append([]byte(value), 0)...)
}

func (w *writer) signature(s string) { w.bytes(append(append([]byte{byte(len(s))}, s...), 0)...) }

type reader struct {
	rest  []byte
	at    int
	short bool
}

func (r *reader) take(n int) []byte {
	if r.short || n < 0 || r.at+n > len(r.rest) {
		r.short = true
		return nil
	}
	taken := r.rest[r.at : r.at+n]
	r.at += n
	return taken
}

func (r *reader) align(n int) { r.take((n - r.at%n) % n) }

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint32() uint32 {
	r.align(4)
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) text() string { return string(bytes.TrimSuffix(r.take(int(r.uint32())+1), []byte{0})) }

func (r *reader) signature() string {
	return string(bytes.TrimSuffix(r.take(int(r.byte())+1), []byte{0}))
}
