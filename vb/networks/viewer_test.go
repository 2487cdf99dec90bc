package networks

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// totals is what vb/viewer prints each second.
type totals struct {
	Video uint64 `json:"videoPackets"`
	Paths []path `json:"paths"`
}

type path struct {
	State, Local, Remote, Relay, Session string
	Offers, Connections                  int
}

// viewer is a turtus-viewer in a house.
type viewer struct {
	t    *testing.T
	log  *output
	mu   sync.Mutex
	last totals
}

// join has somebody watch who has the server under an address.
func join(t *testing.T, s *server, house, address string, flags ...string) *viewer {
	t.Helper()
	v := &viewer{t: t, log: &output{}}
	cmd := exec.Command("ip", append([]string{"netns", "exec", house, program(t, "turtus-viewer"), "--verbose", "--paths", s.link(address)}, flags...)...)
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+s.ca)
	cmd.Stderr = v.log
	lines, err := cmd.StdoutPipe()
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the viewer: %+v\n%s", v.now(), v.log)
		}
	})
	require.NoError(t, cmd.Start())
	read := make(chan struct{})
	go func() {
		defer close(read)
		for scanner := bufio.NewScanner(lines); scanner.Scan(); {
			var one totals
			if json.Unmarshal(scanner.Bytes(), &one) == nil {
				v.mu.Lock()
				v.last = one
				v.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-read
		_ = cmd.Wait()
	})
	return v
}

func (v *viewer) now() totals {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last
}

func (v *viewer) path() path {
	if paths := v.now().Paths; len(paths) == 1 {
		return paths[0]
	}
	return path{}
}

func (v *viewer) until(what string, holds func(path) bool) path {
	v.t.Helper()
	require.Eventually(v.t, func() bool { return holds(v.path()) }, patience, 50*time.Millisecond, what)
	return v.path()
}

// sees waits until the picture comes, by more than what was on its way, and returns how.
func (v *viewer) sees() path {
	v.t.Helper()
	before := v.now().Video
	return v.until("the picture comes", func(p path) bool { return p.State == "connected" && p.Local != "" && v.now().Video > before+20 })
}
