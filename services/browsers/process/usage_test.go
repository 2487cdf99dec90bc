package process

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABrowsersFamilyIsMeasuredAsAWhole(t *testing.T) {
	f := setUp(t, "stubborn")
	l := f.launcher()
	s, handle, pids := f.start(l)
	all, err := l.Usage(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	u := all[s.Run]
	require.False(t, u.At.IsZero())
	var memory int64
	for _, pid := range pids {
		memory = max(memory, memoryOf(pid))
	}
	require.Positive(t, memory)
	require.Greater(t, u.Memory, memory, "more than the largest of its processes")

	require.NoError(t, l.Stop(t.Context(), handle, 0))
	all, err = l.Usage(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestTheTimeOfAProcessIsItsOwnAndItsEndedChildrens(t *testing.T) {
	before, err := statusOf(os.Getpid())
	require.NoError(t, err)
	for sum := 0; ; sum++ { // until the kernel has counted some of it
		if now, err := statusOf(os.Getpid()); err == nil && now.busy > before.busy {
			return
		}
	}
}
