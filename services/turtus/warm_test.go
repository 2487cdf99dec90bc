package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// awaitWarm waits until as many browsers as this have been warm since the server started, and returns the agents' processes.
func (s *server) awaitWarm(times int) []int {
	s.Helper()
	require.Eventually(s, func() bool { return strings.Count(s.log.String(), "a browser is warm") == times }, patience, 20*time.Millisecond, s.log.String())
	agents, _ := s.processes()
	return agents
}

func TestARoomTakesTheProcessThatWaits(t *testing.T) {
	b := newBox(t)
	b.env = append(b.env, "TURTUS_WARM_BROWSERS=1", "TURTUS_MAX_BROWSERS=2", "TURTUS_MAX_BROWSERS_PER_PERSON=2")
	s := b.serve()
	require.Contains(t, s.log.String(), "browsers are kept warm")
	waiting := s.awaitWarm(1)
	require.Len(t, waiting, 1)

	s.signIn("/users")
	s.request("POST", "/rooms", `{"title":"Movies","slug":"movies"}`)
	s.request("POST", "/rooms", `{"title":"Other","slug":"other"}`)
	first := s.request("POST", "/rooms/movies/browser", "")
	require.Equal(t, "starting", first["state"], first)
	second := s.request("POST", "/rooms/other/browser", "") // the second room has to start its own
	require.Equal(t, "starting", second["state"], second)
	s.awaitBrowser("ready")
	require.Eventually(t, func() bool { return s.request("GET", "/rooms/other/browser", "")["state"] == "ready" }, patience, 20*time.Millisecond)
	agents, _ := b.processes()
	require.Len(t, agents, 2, "no place is left for one that waits")
	require.Contains(t, agents, waiting[0], "one of the rooms has the process that waited")

	s.request("DELETE", "/rooms/movies/browser", "")
	s.awaitBrowser("stopped")
	next := s.awaitWarm(2) // after it a new one waits
	require.Len(t, next, 2)
	require.NotContains(t, next, waiting[0], "the one that a room has had is gone")

	t.Run("a killed server's waiting browser is ended by the next, its room's goes on", func(t *testing.T) {
		other := s.request("GET", "/rooms/other/browser", "")
		s.end(syscall.SIGKILL)
		s = b.serve()
		now := s.awaitWarm(1)
		require.Len(t, now, 2)
		kept := 0
		for _, pid := range now {
			for _, before := range next {
				if pid == before {
					kept++
				}
			}
		}
		require.Equal(t, 1, kept)
		s.signIn("/sessions")
		require.Eventually(t, func() bool {
			again := s.request("GET", "/rooms/other/browser", "")
			return again["state"] == "ready" && again["id"] == other["id"]
		}, patience, 20*time.Millisecond)
	})
	t.Run("an orderly end leaves none", func(t *testing.T) {
		s.end(syscall.SIGTERM)
		b.awaitNothing()
		require.NotContains(t, s.log.String(), "level=ERROR")
	})
}
