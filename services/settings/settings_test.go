package settings

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/postgres/pgtest"
	"turtus/services/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }

var defaults = wire.SettingsValues{SignUps: wire.SignUpsOpen, MaxBrowsers: 4, MaxBrowsersPerPerson: 1, MaxRoomsPerPerson: 20, RoomSize: 50}

func TestWhatIsChosenHoldsAndTheRestFollowsTheConfiguration(t *testing.T) {
	ctx, o := context.Background(), Options{Pool: pgtest.New(t), Defaults: defaults}
	s, err := Open(ctx, o)
	require.NoError(t, err)
	var told []wire.SettingsValues
	s.OnChange(func(v wire.SettingsValues) { told = append(told, v) })
	require.Equal(t, []wire.SettingsValues{defaults}, told)

	chosen := wire.SettingsChosen{SignUps: wire.Ptr(wire.SignUpsClosed), MaxBrowsers: wire.Ptr(0)}
	after, err := s.Change(ctx, uuid.New(), s.Wire().Revision, chosen)
	require.NoError(t, err)
	require.Equal(t, chosen, after.Chosen)
	want := defaults
	want.SignUps, want.MaxBrowsers = wire.SignUpsClosed, 0
	require.Equal(t, want, told[1])

	// The next start has another configuration, and what was chosen.
	o.Defaults.RoomSize, o.Defaults.MaxBrowsers = 9, 8
	next, err := Open(ctx, o)
	require.NoError(t, err)
	want.RoomSize = 9
	require.Equal(t, want, next.Values())
	_, err = next.Change(ctx, uuid.New(), next.Wire().Revision, wire.SettingsChosen{})
	require.NoError(t, err)
	require.Equal(t, o.Defaults, next.Values())
	s.reread(ctx)
	require.Equal(t, defaults, s.Values(), "another process's change is seen")
}

func TestOfChangesAtOnceOneHoldsAndTheOthersAreTold(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Pool: pgtest.New(t), Defaults: defaults})
	require.NoError(t, err)
	var mu sync.Mutex
	var last wire.SettingsValues
	s.OnChange(func(v wire.SettingsValues) { last = v })
	revision := s.Wire().Revision
	var won, lost int
	var together sync.WaitGroup
	for i := range 8 {
		together.Go(func() {
			_, err := s.Change(ctx, uuid.New(), revision, wire.SettingsChosen{RoomSize: wire.Ptr(i + 1)})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if wire.CodeOf(err) == wire.ErrorCodeSettingsChanged {
				lost++
			}
		})
	}
	together.Wait()
	require.Equal(t, 1, won)
	require.Equal(t, 7, lost)
	require.Equal(t, s.Values(), last)
}
