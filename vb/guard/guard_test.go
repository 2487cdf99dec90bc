package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// The guard is tried as it runs: in a child, which becomes a stand-in for the agent.
const asGuard = "TURTUS_TEST_AS_GUARD"

func TestMain(m *testing.M) {
	switch {
	case os.Args[0] == "turtus-agent":
		standIn()
	case os.Getenv(asGuard) != "":
		agent = "/proc/self/exe"
		main()
	}
	os.Exit(m.Run())
}

// found is what the stand-in sees of itself.
type found struct {
	Args   []string
	Status map[string]string
	// Regained is how an attempt to become root again ended; Sockets, how it is to open one, by domain and protocol.
	Regained string
	Sockets  map[string]string
}

func standIn() {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	f := found{Args: os.Args[1:], Status: make(map[string]string), Sockets: make(map[string]string)}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		f.Status[name] = strings.Join(strings.Fields(value), " ")
	}
	f.Regained = fmt.Sprint(syscall.Setuid(0))
	for _, s := range []struct {
		name                   string
		domain, kind, protocol int
	}{
		{"udp", unix.AF_INET, unix.SOCK_DGRAM, 0}, {"unix", unix.AF_UNIX, unix.SOCK_STREAM, 0},
		{"route", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE},
		{"netfilter", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_NETFILTER},
		{"xfrm", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_XFRM},
		{"packet", unix.AF_PACKET, unix.SOCK_DGRAM, 0},
	} {
		fd, err := unix.Socket(s.domain, s.kind, s.protocol)
		f.Sockets[s.name] = fmt.Sprint(err)
		if err == nil {
			_ = unix.Close(fd)
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(f)
	os.Exit(0)
}

// start runs the guard with a network namespace of its own, and what changes its process.
func start(t *testing.T, change func(*exec.Cmd), args ...string) (found, error) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: the guard begins as root")
	}
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = []string{asGuard + "=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	if change != nil {
		change(cmd)
	}
	var said strings.Builder
	cmd.Stderr = &said
	output, err := cmd.Output()
	var f found
	if err != nil {
		return f, fmt.Errorf("%w: %s", err, &said)
	}
	require.NoError(t, json.Unmarshal(output, &f), "%s", output)
	return f, nil
}

func environ(variables ...string) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, variables...) }
}

func TestTheAgentHasNoPrivilegeAndCanGetNone(t *testing.T) {
	f, err := start(t, environ("TURTUS_VB_UID=4321"), "-s", "wss://hub/")
	require.NoError(t, err)
	assert.Equal(t, []string{"-s", "wss://hub/"}, f.Args)
	for name, want := range map[string]string{
		"CapInh": "0000000000000000", "CapPrm": "0000000000000000", "CapEff": "0000000000000000",
		"CapBnd": "0000000000000000", "CapAmb": "0000000000000000", "NoNewPrivs": "1", "Seccomp": "2",
		"Uid": "4321 4321 4321 4321", "Gid": "4321 4321 4321 4321", "Groups": "",
	} {
		assert.Equal(t, want, f.Status[name], name)
	}
	assert.Equal(t, unix.EPERM.Error(), f.Regained)
	refused := unix.EPROTONOSUPPORT.Error()
	assert.Equal(t, map[string]string{
		"udp": "<nil>", "unix": "<nil>", "route": "<nil>", "netfilter": refused, "xfrm": refused, "packet": refused,
	}, f.Sockets)
}

func TestWhereItCannotGuardItSaysWhatToDo(t *testing.T) {
	user := func(cmd *exec.Cmd) { cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 4321, Gid: 4321} }
	// Root without the capabilities, as in a container: in a user namespace that does not own the network's.
	var ids []syscall.SysProcIDMap
	for id := range 4 {
		ids = append(ids, syscall.SysProcIDMap{ContainerID: id, HostID: id, Size: 1})
	}
	unable := func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids}
	}
	for _, c := range []struct {
		what   string
		change []func(*exec.Cmd)
		says   string
	}{
		{"not root", []func(*exec.Cmd){user}, "does not run as root"},
		{"no capability", []func(*exec.Cmd){unable}, "--cap-add NET_ADMIN"},
		{"a wrong setting", []func(*exec.Cmd){environ("TURTUS_VB_EGRESS=maybe", "TURTUS_VB_UID=0", "TURTUS_VB_REFUSE=intranet")}, "TURTUS_VB_EGRESS"},
		{"root asked for", []func(*exec.Cmd){environ("TURTUS_VB_UID=0")}, "TURTUS_VB_UID"},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := start(t, func(cmd *exec.Cmd) {
				for _, change := range c.change {
					change(cmd)
				}
			})
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, fmt.Sprintf("exit status %d", exitRefused))
		})
	}
}

func TestOpenIsSaidLoudlyAndStillDropsEverything(t *testing.T) {
	for _, uid := range []int{0, 4321} {
		f, err := start(t, func(cmd *exec.Cmd) {
			environ("TURTUS_VB_EGRESS=open")(cmd)
			cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
		}, "turtus-agent", "--help")
		require.NoError(t, err)
		assert.Equal(t, []string{"--help"}, f.Args, "its own name is no argument")
		assert.Equal(t, "0000000000000000", f.Status["CapEff"])
		assert.NotContains(t, strings.Fields(f.Status["Uid"]), "0")
	}
}

func TestVerifyNamesWhatIsLeft(t *testing.T) {
	good := "Uid:\t1 1 1 1\nGid:\t1 1 1 1\nCapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapAmb:\t0\nNoNewPrivs:\t1\nSeccomp:\t2\n"
	path := t.TempDir() + "/status"
	for _, c := range []struct{ from, to, says string }{
		{"", "", ""},
		{"CapEff:\t0", "CapEff:\t0000000000001000", "CapEff"},
		{"CapPrm:\t0\n", "", "CapPrm"},
		{"NoNewPrivs:\t1", "NoNewPrivs:\t0", "NoNewPrivs"},
		{"Seccomp:\t2", "Seccomp:\t0", "Seccomp"},
		{"Uid:\t1 1 1 1", "Uid:\t1 1 0 1", "root is left"},
		{"Gid:\t1 1 1 1", "Gid:\t0 0 0 0", "root is left"},
	} {
		require.NoError(t, os.WriteFile(path, []byte(strings.Replace(good, c.from, c.to, 1)), 0o600))
		err := verify(path)
		if c.says == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, c.says)
		}
	}
}

// The other architecture's filter runs here too, in a machine that only knows BPF.
func TestTheFilterOfEachArchitecture(t *testing.T) {
	for name, a := range architectures {
		program, err := filter(name)
		require.NoError(t, err)
		raw := make([]bpf.RawInstruction, len(program))
		for i, instruction := range program {
			raw[i] = bpf.RawInstruction{Op: instruction.Code, Jt: instruction.Jt, Jf: instruction.Jf, K: instruction.K}
		}
		instructions, all := bpf.Disassemble(raw)
		require.True(t, all)
		machine, err := bpf.NewVM(instructions)
		require.NoError(t, err)
		for _, c := range []struct {
			architecture, number, domain, protocol, want uint32
		}{
			{a.audit, a.socket, unix.AF_INET, 0, unix.SECCOMP_RET_ALLOW},
			{a.audit, a.socket, unix.AF_NETLINK, unix.NETLINK_ROUTE, unix.SECCOMP_RET_ALLOW},
			{a.audit, a.socket, unix.AF_NETLINK, unix.NETLINK_NETFILTER, unix.SECCOMP_RET_ERRNO | uint32(unix.EPROTONOSUPPORT)},
			{a.audit, a.socket, unix.AF_PACKET, 0, unix.SECCOMP_RET_ERRNO | uint32(unix.EPROTONOSUPPORT)},
			{a.audit, a.socket + 1, unix.AF_PACKET, 0, unix.SECCOMP_RET_ALLOW},
			{a.audit, a.socket | 0x40000000, unix.AF_INET, 0, unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
			{a.audit + 1, a.socket, unix.AF_INET, 0, unix.SECCOMP_RET_KILL_PROCESS},
		} {
			// The machine of package bpf reads big-endian, as packets are.
			data := make([]byte, atArguments+6*8)
			for at, value := range map[int]uint32{atNumber: c.number, atArchitecture: c.architecture, atArguments: c.domain, atArguments + 16: c.protocol} {
				data[at], data[at+1], data[at+2], data[at+3] = byte(value>>24), byte(value>>16), byte(value>>8), byte(value)
			}
			got, err := machine.Run(data)
			require.NoError(t, err)
			assert.Equal(t, c.want, uint32(got), "%s: %+v", name, c)
		}
	}
	_, err := filter("mips")
	assert.Error(t, err)
	assert.Contains(t, architectures, runtime.GOARCH)
}
