package docker

import (
	"testing"
	"time"

	typescontainer "github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"
)

func TestTheEngineMeasuresItsContainers(t *testing.T) {
	f := newFakeEngine(t)
	l := f.launcher(nil)
	awaitAvailable(t, l, "")
	one, two := aSpec(), aSpec()
	_, err := l.Start(t.Context(), one)
	require.NoError(t, err)
	_, err = l.Start(t.Context(), two)
	require.NoError(t, err)
	all, err := l.Usage(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, 90*time.Second, all[one.Run].CPU)
	require.EqualValues(t, 500<<20, all[one.Run].Memory, "what is kept of files can be had back")

	f.failing("GET stats", always("out of order"))
	_, err = l.Usage(t.Context())
	require.ErrorContains(t, err, "out of order")
}

func TestOldControlGroupsNameWhatIsKeptOfFilesOtherwise(t *testing.T) {
	var stats typescontainer.StatsResponse
	stats.MemoryStats = typescontainer.MemoryStats{Usage: 10, Stats: map[string]uint64{"total_inactive_file": 4}}
	require.EqualValues(t, 6, usageIn(stats).Memory)
	stats.MemoryStats.Stats = nil
	require.EqualValues(t, 10, usageIn(stats).Memory)
}
