package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestItWaitsForARoomAndShowsItsPage(t *testing.T) {
	visits, links := make(chan struct{}, 100), make(chan struct{}, 100)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/room" {
			visits <- struct{}{}
		}
		if r.URL.Path == "/link" {
			links <- struct{}{}
		}
		_, _ = w.Write([]byte("<!doctype html><title>The room's page</title>"))
	}))
	defer site.Close()
	h := newHub(t)
	h.waits = true
	a := startAgent(t, h.url(), "-t", "300000")
	assert.Equal(t, "secret-token", (<-h.hellos).Token)
	status := h.awaitStatus("that it is ready", isReady)
	assert.Nil(t, status.EndsAt, "nobody can watch it yet")
	pid := a.cmd.Process.Pid

	h.mu.Lock()
	h.waits = false
	h.mu.Unlock()
	h.send(wire.TypeVBAssign, "", wire.VBAssign{
		Token: "room-token", StartUrl: site.URL + "/room", Screen: wire.Screen{Width: 854, Height: 480, FrameRate: 25},
	})
	hello := <-h.hellos
	assert.Equal(t, "room-token", hello.Token)
	assert.Nil(t, hello.Resume, "it was in no room")
	status = h.awaitStatus("that it is ready, and when it ends", func(s wire.VBStatus) bool { return isReady(s) && s.EndsAt != nil })
	assert.Zero(t, *status.Viewers)
	for _, process := range *status.Processes {
		assert.Zero(t, process.Restarts, "the %s that waited goes on", process.Name)
	}
	assert.Equal(t, pid, a.cmd.Process.Pid)
	select {
	case <-visits:
	case <-time.After(patience):
		t.Fatal("the room's page is not asked for")
	}
	for _, said := range []string{"width=854 height=480 frame_rate=25", "the room's page was opened"} {
		require.Eventually(t, func() bool { return strings.Contains(a.log.String(), said) }, patience, 10*time.Millisecond, said)
	}
	assert.NotContains(t, a.log.String(), "room-token")

	h.send(wire.TypeVBNavigate, "", wire.VBNavigate{Url: "file:///etc/passwd"})
	h.send(wire.TypeVBNavigate, "", wire.VBNavigate{Url: site.URL + "/link"})
	select {
	case <-links:
	case <-time.After(patience):
		t.Fatal("the link that the room wants opened is not asked for")
	}

	require.NoError(t, a.cmd.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, wire.EndReasonRequested, h.awaitEnding().Reason)
	code, _ := a.ended()
	assert.Equal(t, exitOK, code)
}
