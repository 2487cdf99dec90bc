package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServersBeforeTheOldestThatWorksAreRefused(t *testing.T) {
	require.ErrorIs(t, checkVersion("12.20 (Debian 12.20-1)"), ErrTooOld)
	require.ErrorIs(t, checkVersion("9.6.24"), ErrTooOld)
	require.NoError(t, checkVersion("13.0"))
	require.NoError(t, checkVersion("15.14 (Debian 15.14-0+deb12u1)"))
	require.NoError(t, checkVersion("18beta1"))
	require.NoError(t, checkVersion(""))
}
