package main

import (
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
	server := &http.Server{
		Handler:           promhttp.HandlerFor(registry, promhttp.HandlerOpts{Timeout: metricsTimeout, MaxRequestsInFlight: 2}),
		ReadHeaderTimeout: metricsTimeout,
	}
	a.parts.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.logger.Warn("metrics", "error", err)
		}
	})
	return func() { _ = server.Close() }
}

// listenPrivately makes a socket of mode 0600 in place of one that an earlier run left.
func listenPrivately(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("remove an old socket: %w", err)
		}
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}
