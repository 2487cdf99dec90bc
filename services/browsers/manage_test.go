package browsers

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// metered is a launcher that measures what a test says.
type metered struct {
	*fakeLauncher
	mu    sync.Mutex
	seen  map[uuid.UUID]Usage
	err   error
	looks int
}

func (m *metered) Usage(context.Context) (map[uuid.UUID]Usage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looks++
	return m.seen, m.err
}

func (m *metered) says(run uuid.UUID, at time.Time, cpu time.Duration, memory int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen, m.err = map[uuid.UUID]Usage{run: {At: at, CPU: cpu, Memory: memory}}, err
}

func TestAnAdministratorSeesWhatBrowsersTake(t *testing.T) {
	var passed atomic.Int64
	begin, launcher := time.Now(), &metered{}
	clock := func() time.Time { return begin.Add(time.Duration(passed.Load())) }
	h := newHouse(t, func(o *Options) {
		launcher.fakeLauncher = o.Launcher.(*fakeLauncher)
		o.Launcher, o.Now = launcher, clock
	})
	s := h.Service
	room, person := h.room()
	spec := h.ready(room, person)

	launcher.says(spec.Run, clock(), time.Minute, 500<<20, nil)
	all, err := s.All(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, room.ID, all[0].Room)
	require.Equal(t, wire.BrowserStateReady, all[0].State)
	require.EqualValues(t, 500<<20, all[0].Memory)
	require.True(t, all[0].Measured)
	require.False(t, all[0].Rated, "one look says nothing of a rate")

	_, _ = s.All(t.Context())
	require.Equal(t, 1, launcher.looks, "who looks at once sees the same")
	passed.Add(int64(2 * time.Second))
	launcher.says(spec.Run, clock(), time.Minute+3*time.Second, 600<<20, nil)
	all, err = s.All(t.Context())
	require.NoError(t, err)
	require.True(t, all[0].Rated)
	require.InDelta(t, 1.5, all[0].CPU, 0.001)
	require.EqualValues(t, 600<<20, all[0].Memory)

	passed.Add(int64(2 * time.Second))
	launcher.says(spec.Run, clock(), 0, 0, errors.New("the engine is away"))
	all, err = s.All(t.Context())
	require.ErrorContains(t, err, "away")
	require.Len(t, all, 1, "what runs is known all the same")
}

func TestAKilledBrowserSaysByWhom(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	spec := h.ready(room, person)
	h.refused(wire.ErrorCodeBrowserNotRunning, h.Kill(uuid.New()))
	require.NoError(t, h.Kill(spec.Run))
	b := h.ended(room, wire.BrowserStateStopped, wire.EndReasonKilled)
	require.Nil(t, b.Detail)
	h.refused(wire.ErrorCodeBrowserNotRunning, h.Kill(spec.Run))
}

func TestLimitsHoldFromTheMomentTheyAreSet(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	other, somebody := h.room()
	h.ready(room, person)
	h.Limit(1, 1)
	_, err := h.Start(t.Context(), other.ID, somebody.ID)
	h.refused(wire.ErrorCodeBrowserQuotaServer, err)
	require.Equal(t, 1, h.Running())
	h.Limit(2, 1)
	h.ready(other, somebody)
	h.Limit(0, 0)
	require.Equal(t, 2, h.Running(), "what runs goes on")
}
