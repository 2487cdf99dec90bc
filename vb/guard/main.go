// Command turtus-guard is what the container of a virtual browser starts with. As root in a network namespace of its own
// it puts up the rules of what may be reached from there, gives up every privilege for good, and becomes turtus-agent.
// No part of the browser ever runs before that, and nothing that runs after it can undo it.
//
// It fails closed: where the rules can't be set or a privilege stays, it ends with a sentence that says what to do.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"turtus/vb/guard/egress"
)

// agent is the program that it becomes.
var agent = "/usr/local/bin/turtus-agent"

// exitRefused: the container is not what it must be. It is none of the agent's statuses.
const exitRefused = 4

func main() {
	if err := run(os.Args[1:], os.LookupEnv); err != nil {
		fmt.Fprintf(os.Stderr, "turtus-guard: %v\n", err)
		os.Exit(exitRefused)
	}
}

func run(args []string, lookup func(string) (string, bool)) error {
	// Privileges belong to a thread; exec leaves the calling one alone.
	runtime.LockOSThread()
	s, err := read(lookup)
	if err != nil {
		return err
	}
	// `docker run … turtus-browser turtus-agent -s …` is as good as without the name.
	if len(args) > 0 && args[0] == "turtus-agent" {
		args = args[1:]
	}
	root := os.Geteuid() == 0
	switch {
	case len(args) > 0 && args[0] == "health":
		// The container's health check: everything is set up, and only the agent's user may ask it.
	case s.open:
		fmt.Fprintln(os.Stderr, "turtus-guard: WARNING: TURTUS_VB_EGRESS=open: nothing keeps this browser from the private network that it runs in")
	case !root:
		return errors.New("this container does not run as root, so what its browser may reach can't be limited: " +
			"leave out --user (the browser itself never runs as root), or set TURTUS_VB_EGRESS=open where nothing private can be reached anyway")
	default:
		if err := guard(s); err != nil {
			return err
		}
	}
	if err := drop(root, s.uid); err != nil {
		return err
	}
	if err := confine(); err != nil {
		return err
	}
	if err := verify("/proc/thread-self/status"); err != nil {
		return err
	}
	if err := syscall.Exec(agent, append([]string{"turtus-agent"}, args...), os.Environ()); err != nil {
		return fmt.Errorf("start %s: %w", agent, err)
	}
	return nil
}

// guard puts up the rules of this network namespace.
func guard(s settings) error {
	own, err := egress.OnLink()
	if err != nil {
		return fmt.Errorf("read this container's addresses: %w", err)
	}
	s.rules.Refuse = append(s.rules.Refuse, own...)
	err = egress.Set(s.rules)
	if errors.Is(err, os.ErrPermission) {
		return errors.New("this container may not limit what its browser reaches: give it --cap-add NET_ADMIN " +
			"(given up before the browser starts), or set TURTUS_VB_EGRESS=open where nothing private can be reached anyway")
	}
	if err != nil {
		return fmt.Errorf("limit what the browser reaches (by nftables, which the kernel must have): %w", err)
	}
	return nil
}
