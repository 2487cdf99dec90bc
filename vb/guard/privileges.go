package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// drop gives up, for this thread and for good, every capability (capabilities(7)) and the root user.
func drop(root bool, uid int) error {
	if root {
		// The bounding set first: that takes a capability itself.
		for c := 0; ; c++ {
			if set, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(c), 0, 0, 0); err != nil {
				break // more than the kernel has
			} else if set == 0 {
				continue
			}
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil {
				return lacking("SETPCAP", "limit the capabilities", err)
			}
		}
		if err := syscall.Setgroups(nil); err != nil {
			return lacking("SETGID", "leave root's groups", err)
		}
		if err := syscall.Setresgid(uid, uid, uid); err != nil {
			return lacking("SETGID", "leave root's group", err)
		}
		if err := syscall.Setresuid(uid, uid, uid); err != nil {
			return lacking("SETUID", "become another user than root", err)
		}
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl(PR_CAP_AMBIENT)", err)
	}
	var none [2]unix.CapUserData
	if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]); err != nil {
		return os.NewSyscallError("capset", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl(PR_SET_NO_NEW_PRIVS)", err)
	}
	return nil
}

func lacking(capability, what string, err error) error {
	return fmt.Errorf("%s: %w (this container needs --cap-add %s, which is given up before the browser starts)", what, err, capability)
}

// verify reads this thread's status (proc_pid_status(5)) and returns what it should not have.
func verify(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	status := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		status[name] = strings.TrimSpace(value)
	}
	for _, name := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
		if set, err := strconv.ParseUint(status[name], 16, 64); err != nil || set != 0 {
			return fmt.Errorf("a capability is left: %s is %q", name, status[name])
		}
	}
	// Where it was not root's, the bounding set can't be changed, and is of no use with no_new_privs.
	for _, want := range []struct{ name, value string }{{"NoNewPrivs", "1"}, {"Seccomp", "2"}} {
		if status[want.name] != want.value {
			return fmt.Errorf("%s is %q and must be %s", want.name, status[want.name], want.value)
		}
	}
	for _, id := range strings.Fields(status["Uid"] + " " + status["Gid"]) {
		if id == "0" {
			return fmt.Errorf("root is left: user %s, group %s", status["Uid"], status["Gid"])
		}
	}
	return nil
}
