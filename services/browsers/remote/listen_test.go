package remote

import (
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// knock connects as another user with its groups, on a thread that is nobody else's and ends with that.
func knock(path string, uid, gid int, groups ...uint32) (int, error) {
	type result struct {
		fd  int
		err error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // and never unlocked
		list := append([]uint32{0}, groups...)
		for _, call := range [][4]uintptr{
			{unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(&list[1:][0]))},
			{unix.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid)},
			{unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)},
		} {
			if _, _, errno := unix.RawSyscall(call[0], call[1], call[2], call[3]); errno != 0 {
				done <- result{-1, errno}
				return
			}
		}
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
		}
		done <- result{fd, err}
	}()
	r := <-done
	return r.fd, r.err
}

func TestMembersOfTheGroupMayConnect(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	dir, err := os.MkdirTemp("", "turtus-launcher-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	path := filepath.Join(dir, "launcher.sock")
	l, err := Listen(path, "4242", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })

	_, err = knock(path, 54321, 54321, 4343)
	require.ErrorIs(t, err, unix.EACCES)
	many := make([]uint32, 100) // more than are asked for at first
	for i := range many {
		many[i] = uint32(5000 + i)
	}
	for _, groups := range [][]uint32{{4343, 4242}, append(many, 4242)} {
		fd, err := knock(path, 54321, 54321, groups...)
		require.NoError(t, err)
		file := os.NewFile(uintptr(fd), "knock")
		guest, err := net.FileConn(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		t.Cleanup(func() { _ = guest.Close() })
		_, err = guest.Write([]byte("here"))
		require.NoError(t, err)
		require.NoError(t, l.(*listener).SetDeadline(time.Now().Add(patience)))
		c, err := l.Accept()
		require.NoError(t, err, "it was refused")
		said := make([]byte, 4)
		_, err = io.ReadFull(c, said)
		require.NoError(t, err)
		require.Equal(t, "here", string(said))
		require.NoError(t, c.Close())
	}
}
