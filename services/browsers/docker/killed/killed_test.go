package killed

import (
	"context"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhateverIsKilledTheRoomRecovers(t *testing.T) {
	e := newEngine(t)
	h := newHouse(t, e)
	run := h.startBrowser()
	id, pid := e.only()
	same := func(t *testing.T) {
		t.Helper()
		require.Equal(t, run, h.awaitBrowser("ready")["id"])
		nowID, nowPID := e.only()
		require.Equal(t, id, nowID)
		require.Equal(t, pid, nowPID)
	}

	t.Run("the server: the next one takes its container back", func(t *testing.T) {
		h.server.end(syscall.SIGKILL)
		h.serve()
		h.sign("/sessions")
		same(t)
	})
	t.Run("the launcher: the room goes on, and browsers start again with the next one", func(t *testing.T) {
		h.launcher.end(syscall.SIGKILL)
		h.awaitBrowsers(false)
		require.Equal(t, "ready", h.browser()["state"])
		h.launch()
		h.awaitBrowsers(true)
		same(t)
	})
	t.Run("both at once", func(t *testing.T) {
		h.launcher.end(syscall.SIGKILL)
		h.server.end(syscall.SIGKILL)
		h.launch()
		h.serve()
		h.sign("/sessions")
		h.awaitBrowsers(true)
		same(t)
	})
	t.Run("a container: the room says failed and why, nothing stays, and one click starts again", func(t *testing.T) {
		require.NoError(t, e.ContainerKill(context.Background(), id, "KILL"))
		failed := h.awaitBrowser("failed")
		require.Equal(t, run, failed["id"])
		require.Contains(t, failed["detail"], "its agent was ended by signal 9")
		h.awaitNoContainer()
		run = h.startBrowser()
		id, pid = e.only()
	})
	t.Run("a container while the launcher is away: it is told once that is back", func(t *testing.T) {
		h.launcher.end(syscall.SIGKILL)
		require.NoError(t, e.ContainerKill(context.Background(), id, "KILL"))
		h.launch()
		require.Equal(t, run, h.awaitBrowser("failed")["id"])
		h.awaitNoContainer()
		h.awaitBrowsers(true)
		run = h.startBrowser()
		id, pid = e.only()
	})
	t.Run("the engine: its containers end when it comes back, their rooms are told, and one click starts again", func(t *testing.T) {
		e.daemon.end(syscall.SIGKILL)
		require.Contains(t, h.awaitBrowsers(false), "Docker does not answer")
		require.NoError(t, syscall.Kill(pid, 0), "the container outlives its engine")
		require.Equal(t, "ready", h.browser()["state"], "so the film goes on meanwhile")
		h.request("POST", "/rooms", `{"title":"Other","slug":"other"}`)
		require.Equal(t, "browser_not_available", h.request("POST", "/rooms/other/browser", "")["code"])
		e.begin()
		failed := h.awaitBrowser("failed")
		require.Equal(t, run, failed["id"])
		require.NotEmpty(t, failed["detail"])
		h.awaitNoContainer()
		h.awaitBrowsers(true)
		h.startBrowser()
	})
}

// An engine with live-restore leaves containers alone when it comes back.
func TestBrowsersOutliveAnEngineWithLiveRestore(t *testing.T) {
	e := newEngine(t, "--live-restore")
	h := newHouse(t, e)
	run := h.startBrowser()
	id, pid := e.only()
	same := func(t *testing.T) {
		t.Helper()
		h.awaitBrowsers(true)
		require.Equal(t, run, h.awaitBrowser("ready")["id"])
		nowID, nowPID := e.only()
		require.Equal(t, id, nowID)
		require.Equal(t, pid, nowPID)
	}

	t.Run("the engine alone", func(t *testing.T) {
		e.daemon.end(syscall.SIGKILL)
		h.awaitBrowsers(false)
		require.Equal(t, "ready", h.browser()["state"])
		e.begin()
		same(t)
	})
	t.Run("engine, launcher and server: the latter start before it is there, and take back what lives once it is", func(t *testing.T) {
		e.daemon.end(syscall.SIGKILL)
		h.launcher.end(syscall.SIGKILL)
		h.server.end(syscall.SIGKILL)
		h.launch()
		h.serve()
		h.sign("/sessions")
		h.awaitBrowsers(false)
		e.begin()
		same(t)
	})
	t.Run("what ends afterwards is noticed", func(t *testing.T) {
		require.NoError(t, e.ContainerKill(context.Background(), id, "KILL"))
		require.Equal(t, run, h.awaitBrowser("failed")["id"])
		h.awaitNoContainer()
		h.startBrowser()
	})
}
