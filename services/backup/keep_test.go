package backup

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheNightlyBackupIsDueOnceAfterItsHour(t *testing.T) {
	zone := time.FixedZone("there", 2*3600)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, zone) }
	for name, c := range map[string]struct {
		last, now time.Time
		due       bool
	}{
		"never before":                 {time.Time{}, at(6, 12, 0), true},
		"before the hour":              {at(5, 3, 1), at(6, 2, 59), false},
		"at the hour":                  {at(5, 3, 1), at(6, 3, 0), true},
		"done this night":              {at(6, 3, 0), at(6, 3, 1), false},
		"done this night, late":        {at(6, 23, 0), at(7, 1, 0), false},
		"missed while it was off":      {at(1, 3, 0), at(6, 1, 0), true},
		"a clock that was ahead":       {at(9, 3, 0), at(6, 4, 0), false},
		"done late, due the next hour": {at(6, 23, 0), at(7, 3, 0), true},
	} {
		dir := t.TempDir()
		if !c.last.IsZero() {
			require.NoError(t, os.WriteFile(filepath.Join(dir, nightlyPrefix+c.last.UTC().Format(stamp)+suffix), nil, 0o600))
		}
		n := &Nightly{Source: Source{Dir: dir}, Hour: 3}
		require.Equal(t, c.due, n.due(c.now), name)
	}
}

func TestAFailedNightIsTriedAgainAfterAnHour(t *testing.T) {
	now := time.Date(2026, 11, 6, 4, 0, 0, 0, time.UTC)
	n := &Nightly{Source: Source{Dir: t.TempDir()}, Hour: 3, err: os.ErrInvalid, at: now}
	require.False(t, n.due(now.Add(59*time.Minute)))
	require.True(t, n.due(now.Add(time.Hour)))
}

func TestWhatAKilledProgramLeftIsRemovedInAFolderOfAnyName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "[b]*?")
	require.NoError(t, os.Mkdir(dir, 0o700))
	now := time.Now()
	for name, age := range map[string]time.Duration{unfinished + "old": stale + time.Minute, unfinished + "new": time.Minute, "kept" + suffix: 2 * stale} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Chtimes(path, now.Add(-age), now.Add(-age)))
	}
	removeStale(dir, now)
	require.NoFileExists(t, filepath.Join(dir, unfinished+"old"))
	require.FileExists(t, filepath.Join(dir, unfinished+"new"))
	require.FileExists(t, filepath.Join(dir, "kept"+suffix))
}
