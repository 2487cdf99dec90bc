package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metricsTimeout bounds one answer to Prometheus.
const metricsTimeout = 5 * time.Second

// serveMetrics answers Prometheus on a Unix socket that only the agent's user may open, until the returned function is
// called. Without it the agent is as good, so failing is only told.
func (a *agent) serveMetrics(home string) (end func()) {
	path := a.settings.Metrics
	if path == "" {
		path = filepath.Join(home, "metrics.sock")
	}
	listener, err := listenPrivately(path)
	if err != nil {
		a.logger.Warn("no metrics", "error", err)
		return func() {}
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(a.streamer, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	handler := http.NewServeMux()
	handler.Handle("/", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Timeout: metricsTimeout, MaxRequestsInFlight: 2}))
	handler.HandleFunc("/health", a.serveHealth)
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: metricsTimeout,
	}
	a.parts.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.logger.Warn("metrics", "error", err)
		}
	})
	return func() { _ = server.Close() }
}

// maxSocketPath is how long the path of a Unix socket may be (unix(7)).
const maxSocketPath = 107

// inReach runs f with a name of a socket that is no longer than one may be, however deep its folder lies.
func inReach(path string, f func(name string) error) error {
	if len(path) <= maxSocketPath {
		return f(path)
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return f(fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), filepath.Base(path)))
}

func dialSocket(ctx context.Context, path string) (conn net.Conn, err error) {
	err = inReach(path, func(name string) (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, "unix", name)
		return err
	})
	return conn, err
}

// private is a Unix socket that only its user may open.
type private struct {
	net.Listener
	path string
	own  os.FileInfo
}

// listenPrivately makes a socket of mode 0600 in place of one that an earlier run left, and of no other. It is made in a
// folder of its own, for nobody may open it before it has that mode.
func listenPrivately(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("%s is no socket", path)
		}
		if other, err := dialSocket(context.Background(), path); err == nil {
			return nil, errors.Join(fmt.Errorf("%s is in use", path), other.Close())
		}
	}
	folder, err := os.MkdirTemp(filepath.Dir(path), ".m")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	made := filepath.Join(folder, "s")
	var listener *net.UnixListener
	if err := inReach(made, func(name string) (err error) {
		listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
		return err
	}); err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	err = os.Chmod(made, 0o600)
	own, statErr := os.Lstat(made)
	if err = errors.Join(err, statErr); err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return &private{listener, path, own}, nil
}

// Close also removes the socket, unless another one has taken its place.
func (p *private) Close() error {
	if now, err := os.Lstat(p.path); err == nil && os.SameFile(now, p.own) {
		_ = os.Remove(p.path)
	}
	return p.Listener.Close()
}
