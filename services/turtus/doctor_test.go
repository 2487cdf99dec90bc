package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func (b *box) doctor() (report wire.DoctorReport, code int) {
	b.Helper()
	out, log, code := b.run("", "doctor", "--json")
	require.NoError(b, json.Unmarshal([]byte(out), &report), log)
	return report, code
}

func finding(t *testing.T, r wire.DoctorReport, id string) wire.DoctorCheck {
	t.Helper()
	i := slices.IndexFunc(r.Checks, func(c wire.DoctorCheck) bool { return c.Id == id })
	require.GreaterOrEqual(t, i, 0, id)
	return r.Checks[i]
}

func TestTheDoctorKnowsAServerThatRunsAndOneThatDoesNot(t *testing.T) {
	b := newBox(t)
	b.dir = filepath.Join(b.dir, "with a long name, since the path of a socket may have 107 bytes only and this one has more of them", "data")
	require.NoError(t, os.MkdirAll(b.dir, 0o711))
	require.NoError(t, os.Chmod(filepath.Dir(b.dir), 0o711))
	require.NoError(t, os.Chmod(filepath.Dir(filepath.Dir(b.dir)), 0o711))
	b.env = append(b.env, "TURTUS_DATA_DIR="+b.dir)
	r, code := b.doctor()
	require.Equal(t, 0, code)
	require.False(t, r.Running)
	require.Equal(t, "server_down", *finding(t, r, "server").Code)
	require.Equal(t, wire.DoctorStateUnknown, finding(t, r, "database").State)
	left, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	require.Empty(t, left, "it only looks")

	s := b.serve()
	r, code = b.doctor()
	require.Equal(t, 0, code)
	require.True(t, r.Running)
	require.Equal(t, wire.DoctorStateOk, finding(t, r, "database").State)
	require.Equal(t, "engine_no_isolation", *finding(t, r, "engine").Code)
	require.Empty(t, r.IceServers, "no credentials for who asks without a name")
	require.Nil(t, r.Visit)
	info, err := os.Stat(filepath.Join(b.dir, "admin"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	out, log, code := b.run("", "doctor")
	require.Equal(t, 0, code, log)
	require.Contains(t, out, "PostgreSQL")
	s.signIn("/users")
	page := s.request("GET", "/admin/doctor", "")
	require.Equal(t, "127.0.0.1", page["visit"].(map[string]any)["address"].(string)[:9])

	s.end(syscall.SIGKILL)
	r, _ = b.doctor()
	require.Equal(t, "server_down", *finding(t, r, "server").Code, "the socket of a killed server answers nobody")
	b.env = append(b.env, "TURTUS_AGENT=/nowhere")
	s = b.serve()
	out, _, code = b.run("", "doctor")
	require.Equal(t, 1, code, "something fails")
	require.Contains(t, out, "/nowhere")
	s.end(syscall.SIGTERM)
	require.NoFileExists(t, filepath.Join(b.dir, "admin", "doctor.sock"))

	b.env = append(b.env, "TURTUS_WIDTH=wide")
	r, code = b.doctor()
	require.Equal(t, 1, code)
	require.Contains(t, finding(t, r, "settings").Found, "TURTUS_WIDTH")
}
