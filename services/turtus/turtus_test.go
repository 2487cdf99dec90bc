package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/turn/v5"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

const patience = 60 * time.Second

// The tests run this very program: as turtus, and as the agent that it launches.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("TURTUS_VB_TOKEN") != "":
		fakeAgent()
	case os.Getenv("RUN_TURTUS") != "":
		os.Exit(run())
	default:
		os.Exit(m.Run())
	}
}

// fakeAgent says hello and that it is ready, ends when told to, and gives up when the hub is away for too long.
func fakeAgent() {
	limit, err := strconv.Atoi(os.Getenv("TURTUS_VB_SIGNAL_TIMEOUT"))
	if err != nil {
		panic(err)
	}
	token := os.Getenv("TURTUS_VB_TOKEN")
	for lost := time.Now(); time.Since(lost) < time.Duration(limit)*time.Millisecond; {
		ws, _, err := websocket.DefaultDialer.Dial(os.Getenv("TURTUS_VB_SIGNAL_SERVER"), nil)
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		_ = ws.WriteJSON(wire.NewEnvelope(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindVb}))
		for err == nil {
			var e wire.Envelope
			switch err = ws.ReadJSON(&e); e.Type {
			case wire.TypeVBAssign:
				assignment, _ := wire.Decode[wire.VBAssign](e)
				token, err = assignment.Token, io.EOF // and comes again
			case wire.TypeIdentity, wire.TypeVBWaiting:
				_ = ws.WriteJSON(wire.NewEnvelope(wire.TypeVBStatus, wire.VBStatus{State: wire.VBStatusStateReady}))
			case wire.TypeVBStop:
				_ = ws.WriteJSON(wire.NewEnvelope(wire.TypeVBEnding, wire.VBEnding{Reason: wire.EndReasonRequested}))
				os.Exit(0)
			}
		}
		ws.Close()
		lost = time.Now()
	}
	os.Exit(3)
}

// box is a machine to run turtus on.
type box struct {
	*testing.T
	dir  string
	addr string
	env  []string
}

func newBox(t *testing.T) *box {
	t.Helper()
	dir, err := os.MkdirTemp("", "turtus-serve-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711)) // as root, PostgreSQL and the browsers run as others
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	programs := filepath.Join(dir, "programs")
	require.NoError(t, os.Mkdir(programs, 0o755))
	for _, name := range []string{"Xvfb", "pulseaudio", "dbus-daemon", "openbox", "firefox-esr"} {
		require.NoError(t, os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\n"), 0o755))
	}
	agent, err := os.Executable()
	require.NoError(t, err)
	l, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	return &box{t, filepath.Join(dir, "data"), addr, []string{
		"RUN_TURTUS=1", "PATH=" + programs + ":" + os.Getenv("PATH"), "TURTUS_DATA_DIR=" + filepath.Join(dir, "data"), "TURTUS_ADDR=" + addr,
		"TURTUS_AGENT=" + agent, "TURTUS_LAUNCHER=process", "TURTUS_SIGNAL_TIMEOUT=5m", "TURTUS_RELAY_PORT=0", "TURTUS_WARM_BROWSERS=0",
	}}
}

// output is what a program says; it may be read meanwhile. It is a file and no pipe: what is in the log before a word elsewhere is read before it.
type output struct{ *os.File }

func (b *box) output() output {
	b.Helper()
	f, err := os.CreateTemp(b.TempDir(), "output-")
	require.NoError(b, err)
	b.Cleanup(func() { _ = f.Close() })
	return output{f}
}

func (o output) String() string {
	text, err := os.ReadFile(o.Name())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (b *box) command(args ...string) (cmd *exec.Cmd, out, log output) {
	program, err := os.Executable()
	require.NoError(b, err)
	out, log = b.output(), b.output()
	cmd = exec.Command(program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = b.env, out.File, log.File
	return cmd, out, log
}

// run runs turtus to its end.
func (b *box) run(stdin string, args ...string) (out, log string, code int) {
	b.Helper()
	cmd, o, l := b.command(args...)
	cmd.Stdin = strings.NewReader(stdin)
	_ = cmd.Run()
	return o.String(), l.String(), cmd.ProcessState.ExitCode()
}

type server struct {
	*box
	cmd      *exec.Cmd
	out, log output
	token    string
	exited   chan struct{} // closed when the process is gone, with its lock on the folder
}

func (b *box) serve() *server {
	b.Helper()
	return b.begin("serve")
}

// begin returns when the server, or the launcher, says that it is ready.
func (b *box) begin(command string) *server {
	b.Helper()
	cmd, out, log := b.command(command)
	require.NoError(b, cmd.Start())
	exited := make(chan struct{})
	s := &server{box: b, cmd: cmd, out: out, log: log, exited: exited}
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-exited
	})
	require.Eventually(b, func() bool {
		select {
		case <-exited:
			return true
		default:
			return strings.Contains(out.String(), "ready")
		}
	}, patience, 10*time.Millisecond)
	require.Contains(b, out.String(), "ready", log.String())
	return s
}

func (s *server) end(signal syscall.Signal) {
	s.Helper()
	require.NoError(s, s.cmd.Process.Signal(signal))
	select {
	case <-s.exited:
	case <-time.After(patience):
		require.Fail(s, "the server does not end", s.log.String())
	}
}

func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// request calls the API and returns the answer.
func (s *server) request(method, path, body string) map[string]any {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+"/api/v1"+path, strings.NewReader(body))
	require.NoError(s, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(s, err, s.log.String())
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(s, err)
	answer := map[string]any{}
	if len(text) > 0 {
		require.NoError(s, json.Unmarshal(text, &answer), "%s", text)
	}
	return answer
}

func (s *server) signIn(path string) {
	s.Helper()
	answer := s.request("POST", path, `{"username":"anna","password":"a long password"}`)
	token, ok := answer["accessToken"].(string)
	require.True(s, ok, answer)
	s.token = token
}

func (s *server) awaitBrowser(state string) map[string]any {
	s.Helper()
	var b map[string]any
	require.Eventually(s, func() bool {
		b = s.request("GET", "/rooms/movies/browser", "")
		return b["state"] == state
	}, patience, 20*time.Millisecond, state)
	return b
}

// seat takes a seat in a room and leaves.
func (s *server) seat(room string) wire.Identity {
	s.Helper()
	return s.seatAt(websocket.DefaultDialer, "ws://"+s.addr, nil, room)
}

// processes are the living ones with the box's folder in their environment or arguments, besides the servers'.
func (b *box) processes() (agents, postgres []int) {
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		pid, _ := strconv.Atoi(filepath.Base(entry))
		environ, _ := os.ReadFile(entry + "/environ")
		args, _ := os.ReadFile(entry + "/cmdline")
		switch {
		case !alive(pid):
		case bytes.Contains(environ, []byte("TURTUS_VB_HOME="+b.dir)):
			agents = append(agents, pid)
		case bytes.Contains(args, []byte("postgres")) && bytes.Contains(args, []byte(b.dir)):
			postgres = append(postgres, pid)
		}
	}
	return agents, postgres
}

func (b *box) awaitNothing() {
	b.Helper()
	require.Eventually(b, func() bool {
		agents, postgres := b.processes()
		return len(agents)+len(postgres) == 0
	}, patience, 20*time.Millisecond)
}

func TestServeFromNothingToABrowserAndBack(t *testing.T) {
	b := newBox(t)
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, relayPort, _ := net.SplitHostPort(taken.Addr().String())
	b.env = append(b.env, "TURTUS_RELAY_PORT="+relayPort)
	s := b.serve()
	require.Contains(t, s.log.String(), "the relay does without TCP: port "+relayPort)
	_, port, _ := net.SplitHostPort(b.addr)
	require.Equal(t, "Turtus is ready: http://localhost:"+port+"\n", s.out.String(), "one line, and nothing else")
	require.Contains(t, s.log.String(), "NO ISOLATION")

	s.signIn("/users")
	require.Equal(t, "movies", s.request("POST", "/rooms", `{"title":"Movies","slug":"movies"}`)["slug"])
	first := s.request("POST", "/rooms/movies/browser", "")
	require.Equal(t, "starting", first["state"], first)
	s.awaitBrowser("ready")
	require.Equal(t, "browser_running", s.request("POST", "/rooms/movies/browser", "")["code"])

	t.Run("its relay takes the credentials that a seat comes with", func(t *testing.T) {
		server := s.seat("movies").IceServers[1]
		require.Equal(t, []string{"turn:127.0.0.1:" + relayPort + "?transport=udp"}, server.Urls)
		socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
		require.NoError(t, err)
		defer socket.Close()
		client, err := turn.NewClient(&turn.ClientConfig{
			TURNServerAddr: "127.0.0.1:" + relayPort, Username: *server.Username, Password: *server.Credential, Conn: socket,
		})
		require.NoError(t, err)
		defer client.Close()
		require.NoError(t, client.Listen())
		relayed, err := client.Allocate()
		require.NoError(t, err)
		require.NoError(t, relayed.Close())
	})
	t.Run("two servers do not share a data folder", func(t *testing.T) {
		_, log, code := b.run("", "serve")
		require.Equal(t, 1, code)
		require.Contains(t, log, fmt.Sprintf("in use by another turtus, process %d", s.cmd.Process.Pid))
	})
	t.Run("a port in use is named with its setting", func(t *testing.T) {
		other := newBox(t)
		other.env = append(other.env, "TURTUS_ADDR="+b.addr)
		_, log, code := other.run("", "serve")
		require.Equal(t, 1, code)
		require.Contains(t, log, "TURTUS_ADDR")
		require.Contains(t, log, b.addr)
	})
	t.Run("people are looked after beside the running server", func(t *testing.T) {
		out, log, code := b.run("", "admin", "create", "ben")
		require.Equal(t, 0, code, log)
		require.Regexp(t, regexp.MustCompile(`(?m)^Password: \w{20,}$`), out)
		out, log, code = b.run("another password\n", "admin", "reset-password", "anna", "--password-stdin")
		require.Equal(t, 0, code, log)
		require.NotContains(t, out, "another password")
		require.Equal(t, "unauthenticated", s.request("GET", "/rooms/movies", "")["code"], "signed out everywhere")
		_, log, code = b.run("a long password", "admin", "reset-password", "anna", "--password-stdin")
		require.Equal(t, 0, code, log)
		_, log, code = b.run("short", "admin", "create", "cleo", "--password-stdin")
		require.Equal(t, 1, code)
		require.Contains(t, log, "password")
		_, log, _ = b.run("a long password", "admin", "reset-password", "nobody", "--password-stdin")
		require.NotEmpty(t, log)
	})

	t.Run("a killed server's browser is taken back by the next", func(t *testing.T) {
		before, _ := b.processes()
		require.Len(t, before, 1)
		s.end(syscall.SIGKILL)
		s = b.serve()
		s.signIn("/sessions")
		require.Equal(t, first["id"], s.awaitBrowser("ready")["id"])
		after, _ := b.processes()
		require.Equal(t, before, after)
	})
	t.Run("an orderly end leaves nothing, and nothing of what was said is lost", func(t *testing.T) {
		s.end(syscall.SIGINT)
		b.awaitNothing()
		for _, folder := range []string{"homes", "runs"} {
			left, err := os.ReadDir(filepath.Join(b.dir, "browsers", folder))
			require.NoError(t, err)
			require.Empty(t, left)
		}
		require.NotContains(t, s.log.String(), "level=ERROR")

		out, log, code := b.run("", "migrate")
		require.Equal(t, 0, code, log)
		require.Contains(t, out, "up to date")
		s = b.serve()
		s.signIn("/sessions")
		require.Equal(t, "server_stopped", s.awaitBrowser("stopped")["endReason"])
	})
	t.Run("what a server that never comes back leaves ends by itself", func(t *testing.T) {
		s.end(syscall.SIGTERM)
		b.env = append(b.env, "TURTUS_SIGNAL_TIMEOUT=1s")
		s = b.serve()
		s.signIn("/sessions")
		s.request("POST", "/rooms/movies/browser", "")
		s.awaitBrowser("ready")
		s.end(syscall.SIGKILL)
		b.awaitNothing()
		s = b.serve()
		s.signIn("/sessions")
		require.Equal(t, "signal_lost", s.awaitBrowser("failed")["endReason"])
		s.request("POST", "/rooms/movies/browser", "")
		s.awaitBrowser("ready")
	})
}

func TestWrongSettingsStopTheStart(t *testing.T) {
	b := newBox(t)
	b.env = append(b.env, "TURTUS_WIDTH=wide", "TURTUS_NONSENSE=1")
	_, log, code := b.run("", "serve")
	require.Equal(t, 2, code)
	require.Contains(t, log, "TURTUS_WIDTH")
	require.Contains(t, log, "TURTUS_NONSENSE")
	require.NoDirExists(t, b.dir)
}

func TestSettingsAndVersionAreSaid(t *testing.T) {
	b := newBox(t)
	for args, want := range map[string]string{
		"version":                "turtus dev",
		"settings":               "TURTUS_ADDR\n",
		"settings --markdown":    "| `TURTUS_DATABASE_URL` (secret) |",
		"settings --env-example": "#TURTUS_ADDR=localhost:8080",
		"help":                   "serve",
	} {
		out, log, code := b.run("", strings.Fields(args)...)
		require.Equal(t, 0, code, log)
		require.Contains(t, out, want)
	}
	_, log, code := b.run("", "nonsense")
	require.Equal(t, 1, code)
	require.Contains(t, log, "nonsense")
}
