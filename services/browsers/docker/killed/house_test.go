package killed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// program is a process that a test started, and what it says.
type program struct {
	*testing.T
	cmd    *exec.Cmd
	exited chan struct{}

	mu   sync.Mutex
	said bytes.Buffer
}

func (p *program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(text)
}

func (p *program) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

func run(t *testing.T, args []string, env ...string) *program {
	t.Helper()
	p := &program{T: t, cmd: exec.Command(args[0], args[1:]...), exited: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(os.Environ(), env...), p, p
	// What it leaves behind keeps these: they are not to be waited for.
	p.cmd.WaitDelay = time.Millisecond
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	return p
}

// await waits for something of a program that goes on.
func (p *program) await(is func() bool) {
	p.Helper()
	if !assert.Eventually(p, func() bool {
		select {
		case <-p.exited:
			return true
		default:
			return is()
		}
	}, patience, 10*time.Millisecond) {
		require.Fail(p, "it does not come", p.log())
	}
	require.True(p, is(), p.log())
}

func (p *program) end(signal syscall.Signal) {
	p.Helper()
	_ = p.cmd.Process.Signal(signal)
	select {
	case <-p.exited:
	case <-time.After(patience):
		require.Fail(p, "it does not end", p.log())
	}
}

// house is a server and its launcher on an engine, as Compose has them, with one room.
type house struct {
	*testing.T
	engine           *engine
	server, launcher *program
	turtus, addr     string
	env              []string
	token            string
}

// freeAddress is one with a free port of those that no system gives out by itself: the server comes back to it.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		if l, err := net.Listen("tcp", address); err == nil {
			require.NoError(t, l.Close())
			return address
		}
	}
}

func newHouse(t *testing.T, e *engine) *house {
	t.Helper()
	dir, err := os.MkdirTemp("", "turtus-killed-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711)) // PostgreSQL runs as another user
	h := &house{T: t, engine: e, turtus: build(t, "turtus/services/turtus"), addr: freeAddress(t)}
	h.env = []string{
		"TURTUS_DATA_DIR=" + filepath.Join(dir, "data"), "TURTUS_ADDR=" + h.addr, "TURTUS_LAUNCHER_SOCKET=" + filepath.Join(dir, "launcher.sock"),
		"TURTUS_LAUNCHER=docker", "DOCKER_HOST=" + e.address(), "TURTUS_BROWSER_IMAGE=" + testImage, "TURTUS_RELAY_PORT=0", "TURTUS_WARM_BROWSERS=0",
	}
	t.Cleanup(func() {
		for _, p := range []*program{h.server, h.launcher} {
			if p != nil {
				p.end(syscall.SIGTERM)
			}
		}
		_ = os.RemoveAll(dir)
	})
	h.launch()
	h.serve()
	h.sign("/users")
	require.Equal(t, "movies", h.request("POST", "/rooms", `{"title":"Movies","slug":"movies"}`)["slug"])
	return h
}

func (h *house) launch() {
	h.Helper()
	h.start(&h.launcher, "launcher")
}

func (h *house) serve() {
	h.Helper()
	h.start(&h.server, "serve")
}

// start sets p before it waits, so that one that does not get ready is ended too.
func (h *house) start(p **program, command string) {
	h.Helper()
	started := run(h.T, []string{h.turtus, command}, h.env...)
	*p = started
	started.await(func() bool { return strings.Contains(started.log(), "is ready: ") })
}

// request calls the API and returns the answer.
func (h *house) request(method, path, body string) map[string]any {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+h.addr+"/api/v1"+path, strings.NewReader(body))
	require.NoError(h, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if h.token != "" {
		r.Header.Set("Authorization", "Bearer "+h.token)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(h, err, h.server.log())
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(h, err)
	answer := map[string]any{}
	if len(text) > 0 {
		require.NoError(h, json.Unmarshal(text, &answer), "%s", text)
	}
	return answer
}

// sign makes an account at /users, and signs in at /sessions.
func (h *house) sign(path string) {
	h.Helper()
	answer := h.request("POST", path, `{"username":"anna","password":"a long password"}`)
	token, ok := answer["accessToken"].(string)
	require.True(h, ok, answer)
	h.token = token
}

// startBrowser is the one click, and returns the run's id.
func (h *house) startBrowser() string {
	h.Helper()
	started := h.request("POST", "/rooms/movies/browser", "")
	require.Equal(h, "starting", started["state"], started)
	require.Equal(h, started["id"], h.awaitBrowser("ready")["id"])
	return started["id"].(string)
}

func (h *house) browser() map[string]any {
	h.Helper()
	return h.request("GET", "/rooms/movies/browser", "")
}

func (h *house) awaitBrowser(state string) map[string]any {
	h.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(patience); ; <-look.C {
		b := h.browser()
		if b["state"] == state {
			return b
		}
		require.True(h, time.Now().Before(end), "the browser is not %s: %v\n%s\n%s", state, b, h.server.log(), h.launcher.log())
	}
}

// awaitBrowsers waits until the lobby says that browsers can be started, or that they can't, and returns why.
func (h *house) awaitBrowsers(available bool) (why string) {
	h.Helper()
	require.Eventually(h, func() bool {
		server := h.request("GET", "/server", "")
		why, _ = server["browsersDetail"].(string)
		return server["browsersAvailable"] == available
	}, patience, 20*time.Millisecond)
	return why
}

func (h *house) awaitNoContainer() {
	h.Helper()
	require.Eventually(h, func() bool { return len(h.engine.all()) == 0 }, patience, 20*time.Millisecond)
}
