package browser

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pollPause is the time between two looks at something that gives no sign of its change.
const pollPause = 20 * time.Millisecond

// display is the X display of a browser. Its number is chosen by Xvfb (-displayfd), which takes the first free one, and
// asked for again at restarts.
type display struct {
	cookie []byte

	mu     sync.Mutex
	number int      // of the last Xvfb that was ready
	known  bool     // there was one
	keep   bool     // the last one asked for got its number: ask for it again
	report *os.File // where the Xvfb that starts writes its number to
}

func (d *display) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.known {
		return ""
	}
	return fmt.Sprintf(":%d", d.number)
}

// command makes the next Xvfb report its number.
func (d *display) command(path string, args ...string) (*exec.Cmd, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closeReport()
	from, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	d.report = from
	if d.keep {
		args = append([]string{fmt.Sprintf(":%d", d.number)}, args...)
	}
	d.keep = false
	cmd := exec.Command(path, append(args, "-displayfd", "3")...)
	cmd.ExtraFiles = []*os.File{to}
	return cmd, nil
}

// ready reads the number of the Xvfb that has started, which it writes once clients may come.
func (d *display) ready(ctx context.Context) error {
	d.mu.Lock()
	report := d.report
	d.report = nil
	d.mu.Unlock()
	if report == nil {
		return os.ErrClosed
	}
	defer report.Close()
	defer context.AfterFunc(ctx, func() { _ = report.SetReadDeadline(time.Unix(1, 0)) })()
	line := make([]byte, 0, 16)
	for !strings.HasSuffix(string(line), "\n") && len(line) < cap(line) {
		n, err := report.Read(line[len(line):cap(line)])
		if err != nil {
			return fmt.Errorf("reading the display's number: %w", err)
		}
		line = line[:len(line)+n]
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(line)))
	if err != nil {
		return fmt.Errorf("reading the display's number: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.number, d.known, d.keep = number, true, true
	return nil
}

func (d *display) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closeReport()
}

// closeReport needs the lock.
func (d *display) closeReport() {
	if d.report != nil {
		d.report.Close()
		d.report = nil
	}
}

// until polls a condition of the display.
func (d *display) until(ctx context.Context, holds func(*xClient) (bool, error)) error {
	d.mu.Lock()
	number := d.number
	d.mu.Unlock()
	x, err := dialX(ctx, number, d.cookie)
	if err != nil {
		return err
	}
	defer x.close()
	defer context.AfterFunc(ctx, x.close)()
	tick := time.NewTicker(pollPause)
	defer tick.Stop()
	for {
		if done, err := holds(x); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

const cookieName = "MIT-MAGIC-COOKIE-1"

// newCookie makes a secret that admits a client to the display.
func newCookie() []byte {
	cookie := make([]byte, 16)
	_, _ = rand.Read(cookie) // never fails
	return cookie
}

// xauthority returns an Xauthority file (Xsecurity(7), Xau library) with a cookie for any display of any host. So it
// stays right when Xvfb comes back with another number.
func xauthority(cookie []byte) []byte {
	const familyWild = 65535
	file := binary.BigEndian.AppendUint16(nil, familyWild)
	for _, field := range [][]byte{nil /* address */, nil /* number */, []byte(cookieName), cookie} {
		file = binary.BigEndian.AppendUint16(file, uint16(len(field)))
		file = append(file, field...)
	}
	return file
}
