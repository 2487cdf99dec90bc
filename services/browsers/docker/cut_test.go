package docker

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// cable stands between a launcher and the real engine, and can be cut: to the launcher that is an engine that was restarted.
type cable struct {
	*testing.T
	path, engine string

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	working  sync.WaitGroup
}

func newCable(t *testing.T, engine string) *cable {
	t.Helper()
	dir, err := os.MkdirTemp("", "wire-")
	require.NoError(t, err)
	w := &cable{T: t, path: filepath.Join(dir, "docker.sock"), engine: strings.TrimPrefix(engine, "unix://"), conns: map[net.Conn]bool{}}
	w.join()
	t.Cleanup(func() {
		w.cut()
		_ = os.RemoveAll(dir)
	})
	return w
}

func (w *cable) join() {
	w.Helper()
	l, err := net.Listen("unix", w.path)
	require.NoError(w, err)
	w.listener = l
	w.working.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", w.engine)
			if err != nil {
				_ = c.Close()
				continue
			}
			w.mu.Lock()
			w.conns[c], w.conns[to] = true, true
			w.mu.Unlock()
			w.working.Go(func() { w.carry(c, to) })
			w.working.Go(func() { w.carry(to, c) })
		}
	})
}

// carry copies one way, and says to the other end when there is no more.
func (w *cable) carry(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if err == nil && to.(*net.UnixConn).CloseWrite() == nil {
		return
	}
	_ = to.Close()
	_ = from.Close()
}

func (w *cable) cut() {
	_ = w.listener.Close()
	w.mu.Lock()
	for c := range w.conns {
		_ = c.Close()
	}
	clear(w.conns)
	w.mu.Unlock()
	w.working.Wait()
}

func TestAnEngineThatComesBackTellsWhatEnded(t *testing.T) {
	b := newBox(t, "orderly")
	w := newCable(t, b.engine.DaemonHost())
	b.options.Engine = "unix://" + w.path
	l := b.launcher()
	dies, _ := start(t, l)
	lives, handle := start(t, l)
	w.cut()
	awaitAvailable(t, l, "Docker")
	require.NoError(t, b.engine.ContainerKill(t.Context(), nameOf(dies.Run), "KILL"))
	w.join()
	awaitAvailable(t, l, "")
	require.Equal(t, dies.Run, nextEvent(t, l).Run)
	require.Equal(t, []uuid.UUID{lives.Run}, list(t, l))
	// Its events are heard again.
	require.NoError(t, b.engine.ContainerKill(t.Context(), nameOf(lives.Run), "KILL"))
	require.Equal(t, handle, nextEvent(t, l).Handle)
	require.Empty(t, b.all())
}
