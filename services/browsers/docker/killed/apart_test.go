// Package killed holds tests alone: what people see when a part of Turtus is killed while browsers run in containers (DESIGN 6). The server and
// the launcher are the real ones, each a process; so is the Docker Engine, which the tests start and kill themselves. Only the agent is not.
package killed

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

const (
	wanted = "TURTUS_TEST_ENGINE"
	inside = "TURTUS_TEST_ENGINE_INSIDE"
)

// TestMain begins this program again in namespaces of its own: what the tests' engine does to the network and what it mounts is seen by
// nobody else on this machine, another engine above all, and whatever is left of it goes with them.
func TestMain(m *testing.M) {
	if os.Getenv(wanted) == "required" && os.Getenv(inside) == "" {
		fmt.Fprintln(os.Stderr, "killed:", apart())
		os.Exit(1)
	}
	os.Exit(work(m))
}

// programs is where build puts them.
var programs string

func work(m *testing.M) int {
	var err error
	if programs, err = os.MkdirTemp("", "turtus-killed-programs-"); err != nil {
		fmt.Fprintln(os.Stderr, "killed:", err)
		return 1
	}
	defer os.RemoveAll(programs)
	return m.Run()
}

// apart returns only when it fails.
func apart() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s=required, and an engine of one's own needs root", wanted)
	}
	for _, program := range []string{"dockerd", "ip", "iptables", "unshare", "mount"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is missing: install docker.io, iproute2, iptables, util-linux and mount", program)
		}
	}
	unshare, _ := exec.LookPath("unshare")
	own := []string{unshare, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"}
	try := append(own[1:len(own):len(own)], "true")
	if out, err := exec.Command(unshare, try...).CombinedOutput(); err != nil {
		return fmt.Errorf("this machine gives no namespaces (in a container that takes --privileged): %w: %s", err, out)
	}
	// A shell is the first process there: it reaps what a killed engine leaves, as every machine's first does.
	shell := append(own, "sh", "-c", `"$@"; exit $?`, "sh")
	return syscall.Exec(unshare, append(shell, os.Args...), append(os.Environ(), inside+"=1"))
}
