package docker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestABrowserHasItsShareOfTheLog(t *testing.T) {
	s, now := newShare(), time.Unix(1, 0)
	for range shareBurst / 1024 {
		place, lost := s.take(1024, now)
		require.True(t, place)
		require.Zero(t, lost)
	}
	for range 5 {
		place, lost := s.take(1024, now)
		require.False(t, place)
		require.Zero(t, lost)
	}
	place, lost := s.take(1024, now.Add(time.Second))
	require.True(t, place, "a moment later there is place again")
	require.Equal(t, 5, lost, "and what is left out is counted")
	_, lost = s.take(1024, now.Add(time.Second))
	require.Zero(t, lost)
}
