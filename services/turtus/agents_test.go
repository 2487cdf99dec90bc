package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/config"
)

func TestTheAgentsSocketIsTakenOverFromADeadServerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("deep", 40), "hub.sock") // longer than a socket's path may be
	first, err := listenForAgents(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o666), info.Mode().Perm())
	_, err = listenForAgents(path)
	require.ErrorContains(t, err, "another server listens there")
	require.NoError(t, first.Close()) // and its socket stays, as after a crash
	require.FileExists(t, path)
	second, err := listenForAgents(path)
	require.NoError(t, err)
	require.NoError(t, second.Close())
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	_, err = listenForAgents(path)
	require.ErrorContains(t, err, "TURTUS_AGENT_SOCKET")
	require.FileExists(t, path)
}

func TestWhatBrowsersAreGivenHoldsTheSocketAlone(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "hub.sock")
	require.NoError(t, os.Mkdir(filepath.Join(folder, "lost+found"), 0o700))
	l, err := listenForAgents(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	require.NoError(t, agentFolder(path), "its own socket is there already")
	other, err := net.Listen("unix", filepath.Join(folder, "docker.sock"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	require.ErrorContains(t, agentFolder(path), "docker.sock")
	_, err = listenForAgents(path)
	require.ErrorContains(t, err, "a folder of its own")
}

func TestTheAgentsSocketServesNothingElse(t *testing.T) {
	b := newBox(t)
	socket := filepath.Join(filepath.Dir(b.dir), "launcher.sock")
	b.env = append(b.env, "TURTUS_LAUNCHER_SOCKET="+socket)
	b.begin("launcher")
	b.serve()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(b.dir, "agents", "hub.sock"))
	}, DisableKeepAlives: true}}
	for path, want := range map[string]int{"/": 404, "/api/v1/server": 404, "/api/v1/ws": 400} {
		answer, err := client.Get("http://localhost" + path)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, want, answer.StatusCode, path)
	}
}

func TestWhereBrowsersRunIsChosenOnceForAServerThatOthersReach(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	folder, err := openDataFolder(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(folder.close)
	here, everywhere := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.TCPAddr{IP: net.IPv4zero}
	chosen := func(c config.Config, bound net.Addr) (bool, string) {
		yes, why, err := wantsContainers(t.Context(), c, folder, bound)
		require.NoError(t, err)
		return yes, why
	}
	auto := config.Config{Launcher: "auto", BrowserImage: "turtus-browser"}
	for _, bound := range []net.Addr{here, everywhere} {
		yes, why := chosen(auto, bound)
		require.False(t, yes)
		require.Contains(t, why, "no /nowhere/docker.sock")
	}
	require.NoError(t, os.WriteFile(folder.join(containersFile), nil, 0o600))
	yes, why := chosen(auto, everywhere)
	require.True(t, yes, "an engine that is away does not cost the isolation")
	require.Contains(t, why, "TURTUS_LAUNCHER=process")
	yes, _ = chosen(auto, here)
	require.False(t, yes, "one's own computer goes on")
	yes, _ = chosen(config.Config{Launcher: "process"}, everywhere)
	require.False(t, yes)
	yes, _ = chosen(config.Config{Launcher: "docker"}, here)
	require.True(t, yes)
}

func TestAServerKeepsItsName(t *testing.T) {
	folder, err := openDataFolder(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(folder.close)
	id, err := folder.identity()
	require.NoError(t, err)
	again, err := folder.identity()
	require.NoError(t, err)
	require.Equal(t, id, again)
}

func TestBrowsersThatWereProcessesEndWhereTheyAreToBeContainers(t *testing.T) {
	b := newBox(t)
	s := b.serve()
	s.signIn("/users")
	s.request("POST", "/rooms", `{"title":"Movies","slug":"movies"}`)
	s.request("POST", "/rooms/movies/browser", "")
	s.awaitBrowser("ready")
	s.end(syscall.SIGKILL)
	agents, _ := b.processes()
	require.NotEmpty(t, agents)

	b.env = append(b.env, "TURTUS_LAUNCHER=docker", "DOCKER_HOST=unix:///nowhere/docker.sock")
	s = b.serve()
	agents, _ = b.processes()
	require.Empty(t, agents, "nobody would look after them")
	s.signIn("/sessions")
	require.Equal(t, "failed", s.request("GET", "/rooms/movies/browser", "")["state"])
	require.NotContains(t, s.log.String(), "NO ISOLATION")
	server := s.request("GET", "/server", "")
	require.Equal(t, false, server["browsersAvailable"])
	require.Contains(t, server["browsersDetail"], "Docker is not there")
	left, err := os.ReadDir(filepath.Join(b.dir, "browsers", "homes"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAServerThatCannotHearAgentsLeavesBrowsersAlone(t *testing.T) {
	b := newBox(t)
	s := b.serve()
	s.signIn("/users")
	s.request("POST", "/rooms", `{"title":"Movies","slug":"movies"}`)
	s.request("POST", "/rooms/movies/browser", "")
	s.awaitBrowser("ready")
	s.end(syscall.SIGKILL)

	socket := filepath.Join(filepath.Dir(b.dir), "hub", "hub.sock")
	require.NoError(t, os.Mkdir(filepath.Dir(socket), 0o700))
	require.NoError(t, os.WriteFile(socket, nil, 0o600))
	b.env = append(b.env, "TURTUS_LAUNCHER=docker", "DOCKER_HOST=unix:///nowhere/docker.sock", "TURTUS_AGENT_SOCKET="+socket)
	_, log, code := b.run("", "serve")
	require.Equal(t, 1, code)
	require.Contains(t, log, "TURTUS_AGENT_SOCKET")
	require.NotContains(t, log, "browser ended", "it has taken none back")
}
