package docker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	typescontainer "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/pkg/stdcopy"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/browsers"
)

// fakeEngine speaks as much of the Engine's API as the launcher needs, at a Unix socket. It fails where a test wants it to.
type fakeEngine struct {
	*testing.T
	socket string
	server *http.Server

	mu         sync.Mutex
	api        string
	containers map[string]*fakeContainer
	networks   map[string]network.Inspect
	images     map[string]bool
	events     map[chan map[string]any]bool
	asked      map[string]int
	// fails answers a route, such as "POST start", by an error instead, if it returns one.
	fails map[string]func() error
	// pulled is what a pull says, line by line, until it is closed.
	pulled chan string
	hangs  chan struct{} // every request waits for its end
}

type fakeContainer struct {
	typescontainer.CreateRequest
	id, name, state string
	code            int
	oom             bool
	token           string
	log             string
}

func newFakeEngine(t *testing.T) *fakeEngine {
	t.Helper()
	dir, err := os.MkdirTemp("", "engine-")
	require.NoError(t, err)
	f := &fakeEngine{
		T: t, socket: filepath.Join(dir, "docker.sock"), api: "1.41", containers: map[string]*fakeContainer{}, networks: map[string]network.Inspect{},
		images: map[string]bool{"turtus-browser": true}, events: map[chan map[string]any]bool{}, asked: map[string]int{},
		fails: map[string]func() error{}, pulled: make(chan string),
	}
	f.begin()
	t.Cleanup(func() {
		f.end()
		_ = os.RemoveAll(dir)
	})
	return f
}

// begin has it answer; end takes it away with all connections, and what it knows stays.
func (f *fakeEngine) begin() {
	f.Helper()
	l, err := net.Listen("unix", f.socket)
	require.NoError(f, err)
	f.server = &http.Server{Handler: f}
	go func(s *http.Server) { _ = s.Serve(l) }(f.server)
}

func (f *fakeEngine) end() { _ = f.server.Close() }

func (f *fakeEngine) options() Options {
	return Options{
		Engine: "unix://" + f.socket, Server: "one", Image: "turtus-browser", BuildCommand: "docker build", Hub: "/data/agents", Log: testLog(f.T),
		Patience: patience, FirstWait: time.Millisecond, MaxWait: 5 * time.Millisecond, Environ: []string{"TURTUS_VB_BITRATE=1"},
	}
}

func (f *fakeEngine) launcher(change func(*Options)) *Launcher {
	f.Helper()
	o := f.options()
	if change != nil {
		change(&o)
	}
	l, err := New(f.Context(), o)
	require.NoError(f, err)
	f.Cleanup(l.Close)
	return l
}

// with changes what it knows.
func (f *fakeEngine) with(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeEngine) failing(route string, fails func() error) {
	f.with(func() { f.fails[route] = fails })
}

// always fails with the engine's words.
func always(words string) func() error { return func() error { return errors.New(words) } }

func (f *fakeEngine) of(run uuid.UUID) *fakeContainer {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.containers {
		if c.name == nameOf(run) {
			return c
		}
	}
	return nil
}

func (f *fakeEngine) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.containers)
}

// exit ends a container, and tells it.
func (f *fakeEngine) exit(c *fakeContainer, code int, log string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.exitLocked(c, code, log)
}

func (f *fakeEngine) exitLocked(c *fakeContainer, code int, log string) {
	c.state, c.code, c.log = "exited", code, log
	for subscriber := range f.events {
		subscriber <- map[string]any{"Type": "container", "Action": "die", "Actor": map[string]any{"ID": c.id, "Attributes": c.Labels}}
	}
}

func (f *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	hangs := f.hangs
	f.mu.Unlock()
	if hangs != nil {
		select {
		case <-hangs:
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set("Api-Version", f.api)
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if strings.HasPrefix(parts[0], "v1.") {
		parts = parts[1:]
	}
	kind, last := parts[0], parts[len(parts)-1]
	route := r.Method + " " + kind
	if len(parts) > 1 {
		route = r.Method + " " + last
	}
	if kind == "containers" && len(parts) == 2 && last != "json" && last != "create" {
		route = r.Method + " container"
	}
	if kind == "networks" && last != "create" {
		route = r.Method + " network"
	}
	if kind == "images" {
		route = r.Method + " image"
	}
	f.mu.Lock()
	f.asked[route]++
	fails := f.fails[route]
	f.mu.Unlock()
	if fails != nil {
		if err := fails(); err != nil {
			f.refuse(w, http.StatusInternalServerError, err.Error())
			return
		}
	}
	switch route {
	case "HEAD _ping", "GET _ping":
	case "GET info":
		f.answer(w, map[string]any{"NCPU": 4, "OSType": "linux", "ServerVersion": "20.10.24", "DockerRootDir": "/var/lib/docker"})
	case "GET events":
		f.stream(w, r)
	case "GET network", "POST create", "GET image", "POST image":
		f.make(w, r, kind, last)
	default:
		f.container(w, r, route, parts)
	}
}

func (f *fakeEngine) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (f *fakeEngine) refuse(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": words})
}

func (f *fakeEngine) stream(w http.ResponseWriter, r *http.Request) {
	messages := make(chan map[string]any, 100)
	f.with(func() { f.events[messages] = true })
	defer f.with(func() { delete(f.events, messages) })
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	for {
		select {
		case m := <-messages:
			_ = json.NewEncoder(w).Encode(m)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// make serves networks, images and new containers.
func (f *fakeEngine) make(w http.ResponseWriter, r *http.Request, kind, last string) {
	if kind == "images" && r.Method == http.MethodPost {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		for {
			select {
			case line, more := <-f.pulled:
				if !more {
					f.with(func() { f.images[r.URL.Query().Get("fromImage")+":"+r.URL.Query().Get("tag")] = true })
					return
				}
				_, _ = io.WriteString(w, line+"\n")
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case kind == "images":
		name := strings.TrimSuffix(r.URL.Path[strings.Index(r.URL.Path, "/images/")+len("/images/"):], "/json")
		if !f.images[name] && !f.images[strings.TrimSuffix(name, ":latest")] {
			f.refuse(w, http.StatusNotFound, "No such image: "+name)
			return
		}
		f.answer(w, map[string]any{"Id": "sha256:1", "Config": map[string]any{"Labels": map[string]string{labelVersion: "1.2.3"}}})
	case kind == "networks" && r.Method == http.MethodGet:
		n, ok := f.networks[last]
		if !ok {
			f.refuse(w, http.StatusNotFound, "network "+last+" not found")
			return
		}
		f.answer(w, n)
	case kind == "networks":
		var request network.CreateRequest
		_ = json.NewDecoder(r.Body).Decode(&request)
		f.networks[request.Name] = network.Inspect{Name: request.Name, Driver: request.Driver, Options: request.Options, EnableIPv6: request.EnableIPv6 == nil || *request.EnableIPv6}
		w.WriteHeader(http.StatusCreated)
		f.answer(w, map[string]any{"Id": "n"})
	default:
		c := &fakeContainer{id: uuid.NewString(), name: r.URL.Query().Get("name"), state: "created"}
		if err := json.NewDecoder(r.Body).Decode(&c.CreateRequest); err != nil {
			f.refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		f.containers[c.id] = c
		w.WriteHeader(http.StatusCreated)
		f.answer(w, map[string]any{"Id": c.id})
	}
}

func (f *fakeEngine) container(w http.ResponseWriter, r *http.Request, route string, parts []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if route == "GET json" && len(parts) == 2 {
		list := []map[string]any{}
		for _, c := range f.containers {
			list = append(list, map[string]any{"Id": c.id, "State": c.state, "Labels": c.Labels})
		}
		f.answer(w, list)
		return
	}
	c := f.containers[parts[1]]
	if c == nil {
		f.refuse(w, http.StatusNotFound, "No such container: "+parts[1])
		return
	}
	switch route {
	case "GET json":
		f.answer(w, map[string]any{
			"Id": c.id, "Config": c.Config, "HostConfig": c.HostConfig,
			"State": map[string]any{
				"Status": c.state, "Running": c.state == "running", "ExitCode": c.code, "OOMKilled": c.oom, "StartedAt": "2026-01-02T03:04:05Z",
			},
			"NetworkSettings": map[string]any{"Networks": map[string]any{"turtus-browsers": map[string]any{"IPAddress": "172.20.0.2"}}},
		})
	case "GET stats":
		if c.state != "running" { // as the real one says it
			f.answer(w, map[string]any{"read": time.Time{}})
			return
		}
		f.answer(w, map[string]any{
			"read": "2026-01-02T03:04:05Z", "cpu_stats": map[string]any{"cpu_usage": map[string]any{"total_usage": 90e9}},
			"memory_stats": map[string]any{"usage": 700 << 20, "stats": map[string]any{"inactive_file": 200 << 20}},
		})
	case "POST attach":
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
		go func() {
			defer conn.Close()
			line, _ := bufio.NewReader(conn).ReadString('\n')
			f.with(func() { c.token = line })
		}()
	case "POST start":
		c.state = "running"
		w.WriteHeader(http.StatusNoContent)
	case "POST stop":
		f.exitLocked(c, 0, "told to end")
		w.WriteHeader(http.StatusNoContent)
	case "POST kill":
		f.exitLocked(c, 137, "")
		w.WriteHeader(http.StatusNoContent)
	case "POST wait":
		f.answer(w, map[string]any{"StatusCode": c.code})
	case "GET logs":
		if r.URL.Query().Get("follow") == "" {
			_, _ = stdcopy.NewStdWriter(w, stdcopy.Stderr).Write([]byte(c.log))
		}
	case "DELETE container":
		delete(f.containers, c.id)
		w.WriteHeader(http.StatusNoContent)
	default:
		f.refuse(w, http.StatusNotFound, "page not found: "+fmt.Sprint(parts))
	}
}

// awaitAvailable waits until browsers can be started, or cannot for a reason.
func awaitAvailable(t *testing.T, l *Launcher, why string) {
	t.Helper()
	require.Eventually(t, func() bool {
		ok, said := l.Available()
		return ok == (why == "") && strings.Contains(said, why)
	}, patience, time.Millisecond, why)
}

func prepare(l *Launcher, progress func(browsers.Download)) chan error {
	done := make(chan error, 1)
	go func() { done <- l.Prepare(context.Background(), progress) }()
	return done
}
