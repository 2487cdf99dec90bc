package browser

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// startPage is what Firefox begins with, also after a restart.
type startPage struct {
	mu  sync.Mutex
	url string
}

func (p *startPage) get() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.url
}

// SetStartURL changes the page that the next Firefox begins with, and says whether it was another.
func (e *Environment) SetStartURL(url string) bool {
	e.page.mu.Lock()
	defer e.page.mu.Unlock()
	changed := e.page.url != url
	e.page.url = url
	return changed
}

// Open has the Firefox that runs show a page in place of the one that it shows. It is what `firefox URL` does while another one runs,
// without starting a program: a call to the running one on the session bus (toolkit/components/remote in Mozilla's source). A Firefox
// that has just come up may still go to its own start page after it; so Open returns when the window has another title than before, which
// is when the page begins to come. Errors: ErrNoFirefox; ErrNotShown, and it may be tried again; what bus or display say.
func (e *Environment) Open(ctx context.Context, url string) error {
	if strings.HasPrefix(url, "-") || strings.ContainsRune(url, 0) {
		return fmt.Errorf("%q is not a URL", url)
	}
	var before string
	if err := e.display.until(ctx, func(x *xClient) (_ bool, err error) {
		before, err = x.firefoxTitle()
		return true, err
	}); err != nil {
		return err
	}
	if err := e.callFirefox(ctx, url); err != nil {
		return err
	}
	soon, cancel := context.WithTimeoutCause(ctx, shownTimeout, ErrNotShown)
	defer cancel()
	err := e.display.until(soon, func(x *xClient) (bool, error) {
		now, err := x.firefoxTitle()
		return now != before && now != "", err
	})
	// The connection to the display may notice the end of its time before the context does.
	if err != nil && ctx.Err() == nil && (soon.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded)) {
		return ErrNotShown
	}
	return err
}

// shownTimeout is how long a page may take until its beginning has come.
const shownTimeout = 4 * time.Second

// callFirefox hands the page to the Firefox on the session bus.
func (e *Environment) callFirefox(ctx context.Context, url string) error {
	bus, err := dialBus(ctx, e.bus())
	if err != nil {
		return err
	}
	defer bus.close()
	names, err := bus.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		// org.mozilla.<program>.<profile>
		rest, found := strings.CutPrefix(name, "org.mozilla.")
		program, _, dotted := strings.Cut(rest, ".")
		if !found || !dotted {
			continue
		}
		if err := bus.openURL(name, program, commandLine(e.home, "firefox", "-url", url)); err != nil {
			return fmt.Errorf("open a page in Firefox: %w", err)
		}
		return nil
	}
	return ErrNoFirefox
}

// commandLine packs arguments as Firefox takes them from another one: how many, where each begins, the working directory, then they
// themselves, each closed by a zero; numbers are little-endian.
func commandLine(dir string, args ...string) []byte {
	offset := uint32(4*(1+len(args)) + len(dir) + 1)
	packed := binary.LittleEndian.AppendUint32(nil, uint32(len(args)))
	for _, arg := range args {
		packed = binary.LittleEndian.AppendUint32(packed, offset)
		offset += uint32(len(arg) + 1)
	}
	for _, text := range append([]string{dir}, args...) {
		packed = append(append(packed, text...), 0)
	}
	return packed
}
