package main

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Where a system call's number, architecture and arguments are for a filter (struct seccomp_data of seccomp(2)).
const (
	atNumber       = 0
	atArchitecture = 4
	atArguments    = 16
)

// confine takes from this thread and all that comes of it the sockets by which a network namespace is administered.
// Firefox's sandbox makes namespaces, and whoever makes one is master in it; so this keeps pages that have broken out of
// their process from the many parts of the kernel that only such masters reach. The container's own profile can't,
// because the guard needs one of these sockets.
func confine() error {
	program, err := filter(runtime.GOARCH)
	if err != nil {
		return err
	}
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog))); errno != 0 {
		return fmt.Errorf("limit the sockets: %w", errno)
	}
	return nil
}

// architectures of the kernel (linux/audit.h), and the number of socket(2) there.
var architectures = map[string]struct{ audit, socket uint32 }{
	"amd64": {unix.AUDIT_ARCH_X86_64, 41},
	"arm64": {unix.AUDIT_ARCH_AARCH64, 198},
}

// filter lets through all but socket(AF_NETLINK) for another protocol than NETLINK_ROUTE, and socket(AF_PACKET); and
// nothing at all of another architecture, whose numbers are others.
func filter(architecture string) ([]unix.SockFilter, error) {
	a, known := architectures[architecture]
	if !known {
		return nil, fmt.Errorf("there is no filter for %s", architecture)
	}
	load := func(offset uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: offset, Size: 4} }
	// unless skips instructions when the loaded value is not the wanted one.
	unless := func(value uint32, skip uint8) bpf.Instruction {
		return bpf.JumpIf{Cond: bpf.JumpEqual, Val: value, SkipFalse: skip}
	}
	const x32 = 0x40000000 // set in the numbers of x32's system calls (amd64)
	raw, err := bpf.Assemble([]bpf.Instruction{
		load(atArchitecture),
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: a.audit, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		load(atNumber),
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: x32, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		unless(a.socket, 5),
		load(atArguments), // the domain; both architectures are little-endian, so these are its low bits
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.AF_PACKET, SkipTrue: 4},
		unless(unix.AF_NETLINK, 2),
		load(atArguments + 2*8), // the protocol
		unless(unix.NETLINK_ROUTE, 1),
		bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.EPROTONOSUPPORT)},
	})
	if err != nil {
		return nil, err
	}
	program := make([]unix.SockFilter, len(raw))
	for i, instruction := range raw {
		program[i] = unix.SockFilter{Code: instruction.Op, Jt: instruction.Jt, Jf: instruction.Jf, K: instruction.K}
	}
	return program, nil
}
