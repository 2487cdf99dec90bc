package pgtest

import (
	"os"
	"os/exec"
	"syscall"
)

// removal waits for the end of its standard input, which the kernel brings when this process ends in any way, then for the
// postmaster of the folder $1, which ends by itself (see cluster), and removes the folder.
const removal = `cat
tries=0
while pid=$(head -n 1 "$1/data/postmaster.pid") && kill -0 "$pid" && [ $tries -lt 300 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
rm -rf "$1"`

// removeAtEnd has dir removed when this process ends, also by a panic or kill -9, or when now is called.
func removeAtEnd(dir string) (now func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command("sh", "-c", removal, "sh", dir)
	cmd.Stdin = r
	// Ctrl-C in a terminal must not reach it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return func() {
		w.Close()
		_ = cmd.Wait()
	}, nil
}
