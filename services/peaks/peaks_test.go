package peaks

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/postgres/pgtest"
	"turtus/services/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }

func TestADayKeepsTheMostOfEach(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2030, 5, 7, 13, 0, 0, 0, time.UTC)
	s := New(pgtest.New(t), func() wire.Load { return wire.Load{People: 1} }, func() time.Time { return now }, slog.Default())
	today := now.Truncate(24 * time.Hour)
	for _, seen := range []wire.Load{{People: 3, Rooms: 1}, {People: 2, Rooms: 2, Browsers: 1}, {}} {
		require.NoError(t, s.record(ctx, today, seen))
	}
	require.NoError(t, s.record(ctx, today.AddDate(0, 0, -1), wire.Load{People: 9}))
	require.NoError(t, s.record(ctx, today.AddDate(0, 0, -31), wire.Load{People: 99}))
	days, err := s.Days(ctx)
	require.NoError(t, err)
	require.Equal(t, []wire.Peak{{Day: today, People: 3, Rooms: 2, Browsers: 1}, {Day: today.AddDate(0, 0, -1), People: 9}}, days)
	require.Equal(t, 1, s.Now().People)
}
