package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAUserListensOnALowPortByTheProgramsFile runs a copy of this program, with the right on its file, as nobody in a network of its own.
func TestAUserListensOnALowPortByTheProgramsFile(t *testing.T) {
	if os.Getenv("TEST_BIND") != "" {
		l, err := bind("127.0.0.1:443")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file the right")
	}
	for _, tool := range []string{"setcap", "unshare", "setpriv", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is missing")
		}
	}
	program, err := os.Executable()
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "turtus-bind-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	target := filepath.Join(dir, "turtus.test")
	text, err := os.ReadFile(program)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(target, text, 0o755))
	attempt := func(bounding string) (string, error) {
		script := `ip link set lo up && echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start && cd / && TEST_BIND=1 exec setpriv --reuid 65534 --regid 65534 --clear-groups ` +
			`--inh-caps=-all --bounding-set ` + bounding + ` "$0" -test.run TestAUserListensOnALowPortByTheProgramsFile`
		out, err := exec.Command("unshare", "--net", "sh", "-ec", script, target).CombinedOutput()
		return string(out), err
	}
	out, err := attempt("-all,+net_bind_service")
	require.Error(t, err, "a file without the right")
	require.Contains(t, out, "permission denied")
	require.NoError(t, exec.Command("setcap", "cap_net_bind_service=p", target).Run())
	out, err = attempt("-all,+net_bind_service")
	require.NoError(t, err, out)
	out, err = attempt("-all")
	require.Error(t, err)
	require.Contains(t, out, "permission denied", "it starts where the right is withheld, and says what it can't do")
}
