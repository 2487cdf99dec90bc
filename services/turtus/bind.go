package main

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// bind listens on a TCP address. Ports below 1024 need a right, which a program can have from its file (setcap cap_net_bind_service=p) without
// being root; it is taken up for the call alone. The file only permits it, because a program whose file makes it effective at once can't
// even be started where a container withholds it.
func bind(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if !errors.Is(err, syscall.EACCES) {
		return l, err
	}
	runtime.LockOSThread() // the right is a thread's
	defer runtime.UnlockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var before [2]unix.CapUserData
	if err := unix.Capget(&header, &before[0]); err != nil {
		return nil, fmt.Errorf("read this program's rights: %w", err)
	}
	const right = 1 << unix.CAP_NET_BIND_SERVICE
	if before[0].Permitted&right == 0 {
		return nil, err
	}
	with := before
	with[0].Effective |= right
	if err := unix.Capset(&header, &with[0]); err != nil {
		return nil, fmt.Errorf("take up the right to low ports: %w", err)
	}
	l, err = net.Listen("tcp", addr)
	if errBack := unix.Capset(&header, &before[0]); errBack != nil {
		return nil, errors.Join(fmt.Errorf("give up the right to low ports: %w", errBack), err)
	}
	return l, err
}
