package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"turtus/services/wire"
	"turtus/vb/agent/settings"
)

// health is the argument that makes it ask the agent that runs here, instead of being one: the container's health check.
const health = "health"

// healthTimeout bounds the question and its answer.
const healthTimeout = 5 * time.Second

// serveHealth answers, by status 200 or 503, whether the browser is there and well, and says what is not.
func (a *agent) serveHealth(w http.ResponseWriter, r *http.Request) {
	answers := make(chan wire.VBStatus, 1)
	word := func() {
		status, _ := a.board.status()
		answers <- status
	}
	select {
	case a.words <- word:
	case <-a.over:
		http.Error(w, "ending", http.StatusServiceUnavailable)
		return
	case <-r.Context().Done():
		return
	}
	status := <-answers
	if status.State != wire.VBStatusStateReady {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	text := string(status.State)
	if status.Detail != nil {
		text += ": " + *status.Detail
	}
	_, _ = io.WriteString(w, text+"\n")
}

// askHealth asks the agent whose metrics are served where the environment says, and returns the exit status.
func askHealth(lookup func(string) (string, bool), say io.Writer) int {
	answer, err := healthOf(lookup)
	if err != nil {
		fmt.Fprintf(say, "turtus-agent: %v\n", err)
		return exitFailed
	}
	fmt.Fprint(say, answer)
	return exitOK
}

func healthOf(lookup func(string) (string, bool)) (string, error) {
	path, _ := lookup(settings.Prefix + "METRICS")
	if path == "" {
		return "", fmt.Errorf("%sMETRICS must name the socket of the agent that runs here", settings.Prefix)
	}
	client := http.Client{Timeout: healthTimeout, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialSocket(ctx, path)
		},
	}}
	answer, err := client.Get("http://agent/health")
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("no agent serves %s yet", path)
		}
		return "", fmt.Errorf("ask the agent: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(text)))
	}
	return string(text), err
}
