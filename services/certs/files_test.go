package certs

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestChangedFilesAreServedWithoutARestart(t *testing.T) {
	clock, dir, until := newClock(), t.TempDir(), time.Now().Add(90*24*time.Hour).Truncate(time.Second)
	cert, key := signed(t, dir, until, "a.example.org")
	c := open(t, Options{Mode: ModeFiles, CertFile: cert, KeyFile: key, Now: clock.Now})
	p := serve(t, c, listen(t))
	leaf, err := served(t, p.Addr(), "a.example.org", rootsOf(t, cert))
	require.NoError(t, err)
	require.Equal(t, []string{"a.example.org"}, leaf.DNSNames)
	require.Equal(t, []Name{{Name: "a.example.org", Issuer: "nobody", NotAfter: leaf.NotAfter}}, c.Status().Names)

	signed(t, dir, until, "b.example.org")
	clock.forward(lookEvery)
	leaf, err = served(t, p.Addr(), "b.example.org", rootsOf(t, cert))
	require.NoError(t, err)
	require.Equal(t, []string{"b.example.org"}, leaf.DNSNames)

	t.Run("while they do not go together, what was good is served", func(t *testing.T) {
		whole, err := os.ReadFile(key)
		require.NoError(t, err)
		_, other := signed(t, t.TempDir(), until, "c.example.org")
		half, err := os.ReadFile(other)
		require.NoError(t, err)
		require.NoError(t, write(key, half, 0o600))
		clock.forward(lookEvery)
		_, err = served(t, p.Addr(), "b.example.org", rootsOf(t, cert))
		require.NoError(t, err)
		require.Contains(t, c.Status().Names[0].Problem, "can't be used")

		require.NoError(t, write(key, whole, 0o600))
		clock.forward(lookEvery)
		require.Empty(t, c.Status().Names[0].Problem)
	})
	t.Run("a link that leads elsewhere is a change", func(t *testing.T) {
		live := filepath.Join(dir, "live")
		require.NoError(t, os.Symlink(cert, live))
		linked := open(t, Options{Mode: ModeFiles, CertFile: live, KeyFile: key, Now: clock.Now})
		newer, newerKey := signed(t, t.TempDir(), until, "d.example.org")
		require.NoError(t, os.Remove(live))
		require.NoError(t, os.Symlink(newer, live))
		require.NoError(t, os.Rename(newerKey, key))
		clock.forward(lookEvery)
		require.Equal(t, "d.example.org", linked.Status().Names[0].Name)
	})
}

func TestFilesThatAreNoneStopTheStart(t *testing.T) {
	dir := t.TempDir()
	cert, key := signed(t, dir, time.Now().Add(time.Hour), "a.example.org")
	for _, o := range []Options{{CertFile: filepath.Join(dir, "none"), KeyFile: key}, {CertFile: key, KeyFile: cert}} {
		o.Mode = ModeFiles
		_, err := Open(t.Context(), o)
		require.ErrorContains(t, err, "TURTUS_TLS_CERT")
		require.ErrorContains(t, err, "readable")
	}
	_, err := Open(t.Context(), Options{Mode: "nonsense"})
	require.Error(t, err)
}

func TestFilesThatEndSoonOrLackANameAreAProblem(t *testing.T) {
	cert, key := signed(t, t.TempDir(), time.Now().Add(24*time.Hour), "a.example.org", "*.b.example.org")
	c := open(t, Options{Mode: ModeFiles, CertFile: cert, KeyFile: key, Names: []string{"x.b.example.org", "other.example.org"}})
	all := c.Status().Names
	require.Len(t, all, 3)
	require.Contains(t, all[0].Problem, "ends on")
	require.Equal(t, "other.example.org", all[2].Name)
	require.Contains(t, all[2].Problem, "TURTUS_TLS_CERT is not for this name")
}
