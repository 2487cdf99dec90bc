package networks

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// patience is how long a test waits for what must come; it only decides how late a failure is told.
const patience = 90 * time.Second

// program is the path of one that `make build` made.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs("../../bin/" + name)
	require.NoError(t, err)
	require.FileExists(t, path, "make networks builds it")
	return path
}

// output collects what a program says; it may be read meanwhile.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start runs a program until the test ends, or until the function that it returns is called.
func start(t *testing.T, cmd *exec.Cmd) (exited <-chan struct{}, end func()) {
	t.Helper()
	require.NoError(t, cmd.Start())
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(gone)
	}()
	end = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-gone
	}
	t.Cleanup(end)
	return gone, end
}

// server is a server with a room, in which a browser shows something that moves.
type server struct {
	*testing.T
	log    *output
	token  string
	data   string
	invite string // the path of the invite link
	ca     string // the file of the authority that its certificate is from
}

const local = "http://localhost:8080"

func startServer(t *testing.T) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "tn-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711)) // PostgreSQL and the browsers run as others
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &server{T: t, log: &output{}, data: dir}
	cmd := exec.Command(program(t, "turtus"), "serve")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TURTUS_DATA_DIR=" + filepath.Join(dir, "data"), "TURTUS_LAUNCHER=process",
		"TURTUS_ADDR=localhost:8080", "TURTUS_TLS=self-signed", "TURTUS_LOG_LEVEL=info", "TURTUS_WARM_BROWSERS=0",
		"TURTUS_WIDTH=640", "TURTUS_HEIGHT=360", "TURTUS_FRAME_RATE=10",
	}
	cmd.Stdout, cmd.Stderr = s.log, s.log
	exited, _ := start(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server:\n%s", s.log)
		}
	})
	require.Eventually(t, func() bool {
		select {
		case <-exited:
			return true
		default:
			return strings.Contains(s.log.String(), "Turtus is ready")
		}
	}, patience, 20*time.Millisecond)
	require.Contains(t, s.log.String(), "Turtus is ready")

	setup := regexp.MustCompile(`setup#token=(\w+)`).FindStringSubmatch(s.log.String())
	require.NotNil(t, setup, "the log shows the link of the first account")
	s.token = post[wire.Session](s, "/users", wire.NewUser{Username: "ann", Password: "a long enough password", SetupToken: &setup[1]}).AccessToken
	moving := movingPage(t)
	room := post[wire.Room](s, "/rooms", wire.NewRoom{Title: "Networks", StartUrl: &moving})
	at := "/rooms/" + room.Id.String()
	s.invite = "/i/" + post[wire.Invite](s, at+"/invites", wire.NewInvite{}).Code
	post[wire.Browser](s, at+"/browser", nil)
	var last wire.Browser
	require.Eventually(t, func() bool {
		last = call[wire.Browser](s, http.MethodGet, at+"/browser", nil)
		return last.State == wire.BrowserStateReady || last.State == wire.BrowserStateFailed
	}, patience, 100*time.Millisecond)
	require.Equal(t, wire.BrowserStateReady, last.State, "%v", last.Detail)
	s.ca = filepath.Join(dir, "ca.crt")
	response, err := http.Get("http://" + serverAddress + "/turtus-ca.crt")
	require.NoError(t, err)
	defer response.Body.Close()
	certificate, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.ca, certificate, 0o600))
	return s
}

// link is the invite link as somebody opens it who has the server under an address.
func (s *server) link(address string) string { return "https://" + address + s.invite }

func post[T any](s *server, path string, body any) T {
	s.Helper()
	return call[T](s, http.MethodPost, path, body)
}

func call[T any](s *server, method, path string, body any) (answer T) {
	s.Helper()
	var text io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(s, err)
		text = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(s.Context(), method, local+"/api/v1"+path, text)
	require.NoError(s, err)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(s, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(s, err)
	require.Less(s, response.StatusCode, 300, "%s: %s", path, raw)
	require.NoError(s, json.Unmarshal(raw, &answer), "%s", raw)
	return answer
}

// movingPage serves a page whose picture never stands still, and returns its address.
func movingPage(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	pages := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<!doctype html><title>moving</title><body style="background:#fff"><div style="width:64px;height:64px"></div>
<script>let n = 0; setInterval(() => { document.querySelector('div').style.background = n++ % 2 ? '#c00' : '#00c' }, 100)</script>`)
	})}
	go func() { _ = pages.Serve(l) }()
	t.Cleanup(func() { _ = pages.Close() })
	return "http://" + l.Addr().String() + "/"
}
