package httpapi

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestALimiterForgetsInAFloodOnlyWhatIsNotUsed(t *testing.T) {
	now := time.Now()
	l := newLimiters(Limits{Writes: Limit{1, time.Hour}}, func() time.Time { return now }).writes
	require.NoError(t, l.take("busy"))
	for i := range 3 * maxKeys {
		require.NoError(t, l.take(strconv.Itoa(i)))
		require.LessOrEqual(t, len(l.young)+len(l.old), maxKeys)
		if i%1000 == 0 {
			require.Equal(t, wire.ErrorCodeRateLimited, wire.CodeOf(l.take("busy")))
		}
	}
	require.NoError(t, l.take("0"), "long unused")
}
