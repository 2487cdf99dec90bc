package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/vb/agent/settings"
	"turtus/vb/browser"
	"turtus/vb/stream"
	"turtus/vb/supervise"
)

func TestTheHealthCheckTellsHowTheBrowserIs(t *testing.T) {
	a := newAgent(settings.Settings{}, slog.New(slog.DiscardHandler))
	streamer, err := stream.New(stream.Config{Display: func() string { return "" }, Signaller: a})
	require.NoError(t, err)
	t.Cleanup(streamer.Close)
	a.streamer = streamer
	home := t.TempDir()
	lookup := func(name string) (string, bool) {
		return filepath.Join(home, "metrics.sock"), name == "TURTUS_VB_METRICS"
	}
	ask := func() (int, string) {
		var said strings.Builder
		status := askHealth(lookup, &said)
		return status, said.String()
	}

	status, said := ask()
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, said, "no agent serves")

	end := a.serveMetrics(home)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case f := <-a.words:
				f()
			case <-stop:
				return
			}
		}
	}()
	status, said = ask()
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, said, "starting")

	a.do(func() { a.board.processesReady, a.board.captured = true, true })
	status, said = ask()
	assert.Equal(t, exitOK, status)
	assert.Equal(t, "ready\n", said)

	a.do(func() {
		a.board.processes = []supervise.Status{{Event: supervise.Event{Process: browser.Firefox, State: supervise.Restarting}}}
	})
	status, said = ask()
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, said, "Firefox")

	close(stop)
	<-stopped
	close(a.over)
	status, said = ask()
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, said, "ending")
	end()
	a.parts.Wait()

	var help strings.Builder
	assert.Equal(t, exitFailed, askHealth(func(string) (string, bool) { return "", false }, &help))
	assert.Contains(t, help.String(), "TURTUS_VB_METRICS")
}
