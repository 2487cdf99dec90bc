// Command probe stands in for turtus-agent in a browser's container and tries to get out, as the test asks it to by the
// hub's socket. With an address as its argument it is a service on the other side: it takes connections there.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Command is one line of JSON; so is its Answer.
type Command struct {
	Do   string
	Args []string
}

// Answer has the error's text as the kernel gave it; empty for none.
type Answer struct {
	Error string
	Text  string
	Table map[string]string
}

func main() {
	var err error
	switch {
	case len(os.Args) > 2 && os.Args[1] == "serve":
		err = serve(os.Args[2:])
	case len(os.Args) > 1 && os.Args[1] == "wait":
		_, err = os.Stdin.Read(make([]byte, 1))
	case len(os.Args) > 2 && os.Args[1] == "take":
		err = take(os.Args[2])
	case len(os.Args) > 1 && os.Args[1] == "master":
		err = beMaster()
	default:
		err = obey()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

// obey does what the hub's end says until it is closed.
func obey() error {
	conn, err := net.Dial("unix", strings.TrimPrefix(os.Getenv("TURTUS_VB_SIGNAL_SERVER"), "unix://"))
	if err != nil {
		return err
	}
	defer conn.Close()
	lines, out := bufio.NewScanner(conn), json.NewEncoder(conn)
	for lines.Scan() {
		var c Command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return err
		}
		var a Answer
		if err := do(c, &a); err != nil {
			var errno syscall.Errno
			a.Error = err.Error()
			if errors.As(err, &errno) {
				a.Error = unix.ErrnoName(errno)
			}
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}

func do(c Command, a *Answer) error {
	switch c.Do {
	case "status":
		return status(a)
	case "connect":
		conn, err := net.DialTimeout(c.Args[0], c.Args[1], 20*time.Second)
		if err == nil {
			err = conn.Close()
		}
		return err
	case "send":
		return send(c.Args[0])
	case "look up":
		addresses, err := net.DefaultResolver.LookupHost(context.Background(), c.Args[0])
		a.Text = strings.Join(addresses, " ")
		return err
	case "write":
		return os.WriteFile(c.Args[0], []byte("x"), 0o600)
	case "read":
		text, err := os.ReadFile(c.Args[0])
		a.Text = string(text)
		return err
	case "stat":
		_, err := os.Stat(c.Args[0])
		return err
	case "escape":
		return escape(a)
	case "multiply":
		return multiply(c.Args[0], a)
	case "take":
		return childTakes(c.Args[0], a)
	case "spin":
		return spin(a)
	case "master":
		return master(a)
	case "listen":
		return listen(c.Args[0])
	case "hear":
		text, err := hear()
		a.Text = text
		return err
	}
	return fmt.Errorf("what is %q?", c.Do)
}

func status(a *Answer) error {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	a.Table = make(map[string]string)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		a.Table[name] = strings.Join(strings.Fields(value), " ")
	}
	return nil
}

// send sends a datagram; the kernel says at once when it may not leave.
func send(address string) error {
	conn, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte("probe"))
	return err
}

var heard net.PacketConn

func listen(address string) (err error) {
	heard, err = net.ListenPacket("udp", address)
	return err
}

func hear() (string, error) {
	buffer := make([]byte, 64)
	n, _, err := heard.ReadFrom(buffer)
	return string(buffer[:n]), err
}

// escape tries the system calls by which containers were left, and says how each ended.
func escape(a *Answer) error {
	name := func(err error) string {
		if err == nil {
			return "done"
		}
		var errno syscall.Errno
		if errors.As(err, &errno) {
			return unix.ErrnoName(errno)
		}
		return err.Error()
	}
	call := func(number uintptr, args ...uintptr) string {
		args = append(args, make([]uintptr, 6)...)
		_, _, errno := unix.Syscall6(number, args[0], args[1], args[2], args[3], args[4], args[5])
		if errno == 0 {
			return "done"
		}
		return unix.ErrnoName(errno)
	}
	a.Table = map[string]string{
		"become root":       name(syscall.Setuid(0)),
		"mount":             name(unix.Mount("none", "/tmp", "tmpfs", 0, "")),
		"mount namespace":   call(unix.SYS_UNSHARE, unix.CLONE_NEWNS),
		"join a namespace":  call(unix.SYS_SETNS, 0, unix.CLONE_NEWNS),
		"trace":             call(unix.SYS_PTRACE, unix.PTRACE_SEIZE, 1<<30), // a process that there is not
		"load a program":    call(unix.SYS_BPF, 0),
		"keys":              call(unix.SYS_KEYCTL, 0),
		"io_uring":          call(unix.SYS_IO_URING_SETUP, 1),
		"watch performance": call(unix.SYS_PERF_EVENT_OPEN, 0),
		"page faults":       call(unix.SYS_USERFAULTFD, 0),
		"make a device":     name(unix.Mknod("/tmp/device", unix.S_IFBLK, 0)),
		"set the clock":     name(unix.ClockSettime(unix.CLOCK_REALTIME, &unix.Timespec{})),
		"raw socket":        socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP, name),
		"packet socket":     socket(unix.AF_PACKET, unix.SOCK_DGRAM, 0, name),
		"firewall":          socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_NETFILTER, name),
		"virtual machines":  socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0, name),
	}
	return nil
}

func socket(domain, kind, protocol int, name func(error) string) string {
	fd, err := unix.Socket(domain, kind, protocol)
	if err != nil {
		return name(err)
	}
	_ = unix.Close(fd)
	return "done"
}

// multiply starts children until it may not, and ends them.
func multiply(most string, a *Answer) error {
	limit, err := strconv.Atoi(most)
	if err != nil {
		return err
	}
	var children []*exec.Cmd
	for len(children) < limit && err == nil {
		child := exec.Command("/proc/self/exe", "wait")
		if _, pipeErr := child.StdinPipe(); pipeErr != nil {
			return pipeErr
		}
		if err = child.Start(); err == nil {
			children = append(children, child)
		}
	}
	for _, child := range children {
		_ = child.Process.Kill()
		_ = child.Wait()
	}
	a.Text = strconv.Itoa(len(children))
	return err
}

// childTakes has a child take memory, and says how it ended.
func childTakes(bytes string, a *Answer) error {
	child := exec.Command("/proc/self/exe", "take", bytes)
	output, err := child.CombinedOutput()
	a.Text = child.ProcessState.String() + ": " + string(output)
	return err
}

func take(bytes string) error {
	size, err := strconv.Atoi(bytes)
	if err != nil {
		return err
	}
	// It, and not its parent, is who has to go.
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0); err != nil {
		return err
	}
	taken, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	for i := 0; i < size; i += os.Getpagesize() {
		taken[i] = 1
	}
	fmt.Println("took it all")
	return nil
}

// spin takes a second of processor time with as many threads as there are processors, and says how long that took.
func spin(a *Answer) error {
	const want = time.Second
	var done sync.WaitGroup
	begin := time.Now()
	for range runtime.NumCPU() {
		done.Go(func() {
			for i := 0; ; i++ {
				if i%1000 != 0 {
					continue
				}
				var used unix.Rusage
				if unix.Getrusage(unix.RUSAGE_SELF, &used) != nil || time.Duration(used.Utime.Nano()+used.Stime.Nano()) > want {
					return
				}
			}
		})
	}
	done.Wait()
	a.Text = time.Since(begin).String()
	return nil
}

// master is what the child, master of a user and a network namespace of its own, may do there.
func master(a *Answer) error {
	child := exec.Command("/proc/self/exe", "master")
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	output, err := child.Output()
	if err != nil {
		return err
	}
	return json.Unmarshal(output, &a.Table)
}

func beMaster() error {
	var a Answer
	if err := escape(&a); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(a.Table)
}

// serve takes connections and datagrams at each address until it is killed, and answers names at those that end with :53.
func serve(addresses []string) error {
	for _, address := range addresses {
		if strings.HasSuffix(address, ":53") {
			if err := serveNames(address); err != nil {
				return err
			}
			continue
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_ = conn.Close()
			}
		}()
	}
	fmt.Println("ready", filepath.Base(os.Args[0]))
	select {}
}
