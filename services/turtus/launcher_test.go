package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestALauncherOfItsOwnStartsTheBrowsersAndMayDie(t *testing.T) {
	b := newBox(t)
	socket := filepath.Join(filepath.Dir(b.dir), "run", "launcher.sock")
	b.env = append(b.env, "TURTUS_LAUNCHER_SOCKET="+socket)
	l := b.begin("launcher")
	require.Contains(t, l.log.String(), "NO ISOLATION")
	require.Equal(t, "Turtus's launcher is ready: "+socket+"\n", l.out.String())
	_, log, code := b.run("", "health", "--launcher")
	require.Equal(t, 0, code, log)
	_, log, code = b.run("", "health")
	require.Equal(t, 1, code, "no server is there yet")
	require.Contains(t, log, b.addr)
	_, log, code = b.run("", "launcher")
	require.Equal(t, 1, code)
	require.Contains(t, log, "in use")

	s := b.serve()
	require.NotContains(t, s.log.String(), "NO ISOLATION", "it starts none itself")
	_, log, code = b.run("", "health")
	require.Equal(t, 0, code, log)
	s.signIn("/users")
	s.request("POST", "/rooms", `{"title":"Movies","slug":"movies"}`)
	first := s.request("POST", "/rooms/movies/browser", "")
	require.Equal(t, "starting", first["state"], first)
	s.awaitBrowser("ready")
	before, _ := b.processes()
	require.Len(t, before, 1)

	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} { // its browsers go on either way
		l.end(signal)
		require.Equal(t, "ready", s.awaitBrowser("ready")["state"])
		require.Eventually(t, func() bool {
			return s.request("GET", "/server", "")["browsersAvailable"] == false
		}, patience, 20*time.Millisecond)
		l = b.begin("launcher")
		require.Eventually(t, func() bool {
			return s.request("GET", "/server", "")["browsersAvailable"] == true
		}, patience, 20*time.Millisecond)
		after, _ := b.processes()
		require.Equal(t, before, after)
	}

	l.end(syscall.SIGKILL)
	require.NoError(t, syscall.Kill(before[0], syscall.SIGKILL))
	l = b.begin("launcher")
	require.Equal(t, first["id"], s.awaitBrowser("failed")["id"], "what died meanwhile is told")
	s.request("POST", "/rooms/movies/browser", "")
	s.awaitBrowser("ready")

	before, _ = b.processes()
	s.end(syscall.SIGTERM) // an upgrade is no reason to end a film
	s = b.serve()
	s.signIn("/sessions")
	s.awaitBrowser("ready")
	after, _ := b.processes()
	require.Equal(t, before, after)
	s.request("DELETE", "/rooms/movies/browser", "")
	s.awaitBrowser("stopped")
	s.end(syscall.SIGTERM)
	b.awaitNothing()
	l.end(syscall.SIGTERM)
	require.NoFileExists(t, socket)
	_, log, code = b.run("", "health", "--launcher")
	require.Equal(t, 1, code)
	require.Contains(t, log, socket)
}

func TestALauncherSaysWhereItsSocketIsSet(t *testing.T) {
	b := newBox(t)
	_, log, code := b.run("", "launcher")
	require.Equal(t, 1, code)
	require.Contains(t, log, "TURTUS_LAUNCHER_SOCKET is needed")
	require.NoDirExists(t, b.dir)
	b.env = append(b.env, "TURTUS_LAUNCHER_SOCKET="+filepath.Join(os.TempDir(), "x.sock"), "TURTUS_LAUNCHER_GROUP=no-such-group")
	_, log, code = b.run("", "launcher")
	require.Equal(t, 1, code)
	require.Contains(t, log, "TURTUS_LAUNCHER_GROUP")
}
