package remote

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxConnections at once; a Client has one for its stream and one for each call.
const maxConnections = 128

// Listen makes the socket. Only root and this process's own user can connect, and the members of group where one is named, by name or number.
// The folder is made where it does not exist; a socket that another launcher serves is an error, one that is left over is replaced.
func Listen(path, group string, log *slog.Logger) (net.Listener, error) {
	gid := -1
	if group != "" {
		var err error
		if gid, err = groupID(group); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the launcher's socket: %w", err)
	}
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the launcher's socket: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("another launcher serves %s: end it, or set TURTUS_LAUNCHER_SOCKET to another path", path)
	}
	l, err := bind(path, gid)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("listen on the launcher's socket: %w", err)
	}
	return &listener{UnixListener: l, path: path, lock: lock, gid: gid, log: log, places: make(chan struct{}, maxConnections)}, nil
}

func groupID(group string) (int, error) {
	if id, err := strconv.ParseUint(group, 10, 31); err == nil {
		return int(id), nil
	}
	g, err := user.LookupGroup(group)
	if err != nil {
		return 0, fmt.Errorf("TURTUS_LAUNCHER_GROUP: there is no group %q: make it, or give its number", group)
	}
	return strconv.Atoi(g.Gid)
}

// bind puts the socket in its place only when its permissions are right.
func bind(path string, gid int) (_ *net.UnixListener, err error) {
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	defer func() {
		if err != nil {
			l.Close()
			_ = os.Remove(fresh)
		}
	}()
	mode := fs.FileMode(0o600)
	if gid >= 0 {
		mode = 0o660
		if err := os.Chown(fresh, -1, gid); err != nil {
			return nil, err
		}
	}
	if err := os.Chmod(fresh, mode); err != nil {
		return nil, err
	}
	return l, os.Rename(fresh, path)
}

// listener lets in whom it is for, and no more than it can serve.
type listener struct {
	*net.UnixListener
	path   string
	lock   *os.File
	gid    int
	log    *slog.Logger
	places chan struct{}
}

// Accept never waits for a place: one who can't be served hears so at once.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		peer, groups, err := credentials(c)
		if err != nil || !l.admits(peer, groups...) {
			l.log.Warn("a connection to the launcher's socket was refused", "user", peer.Uid, "group", peer.Gid, "process", peer.Pid, "error", err)
			c.Close()
			continue
		}
		select {
		case l.places <- struct{}{}:
			return &conn{UnixConn: c, leave: sync.OnceFunc(func() { <-l.places })}, nil
		default:
			l.log.Warn("the launcher's socket has as many connections as it may", "connections", maxConnections)
			c.Close()
		}
	}
}

// admits knows again what the socket's permissions say, should somebody have widened them.
func (l *listener) admits(peer unix.Ucred, groups ...uint32) bool {
	member := l.gid >= 0 && (int(peer.Gid) == l.gid || slices.Contains(groups, uint32(l.gid)))
	return peer.Uid == 0 || int(peer.Uid) == os.Geteuid() || member
}

// Close takes the socket away, unless it is another's by now.
func (l *listener) Close() error {
	err := l.UnixListener.Close()
	if errRemove := os.Remove(l.path); err == nil && !errors.Is(errRemove, fs.ErrNotExist) {
		err = errRemove
	}
	l.lock.Close()
	return err
}

// credentials are the user and group of who connected, and the groups that it is in besides.
func credentials(c *net.UnixConn) (peer unix.Ucred, groups []uint32, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return peer, nil, err
	}
	errControl := raw.Control(func(fd uintptr) {
		var p *unix.Ucred
		if p, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			peer = *p
			groups, err = groupsOf(int(fd))
		}
	})
	return peer, groups, errors.Join(errControl, err)
}

// groupsOf asks with ever more room (socket(7), SO_PEERGROUPS).
func groupsOf(fd int) ([]uint32, error) {
	groups := make([]uint32, 64)
	for {
		size := uint32(4 * len(groups))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case errno == unix.ERANGE && size > uint32(4*len(groups)):
			groups = make([]uint32, size/4)
		case errno != 0:
			return nil, os.NewSyscallError("getsockopt(SO_PEERGROUPS)", errno)
		default:
			return groups[:size/4], nil
		}
	}
}

type conn struct {
	*net.UnixConn
	leave func()
}

func (c *conn) Close() error {
	defer c.leave()
	return c.UnixConn.Close()
}
