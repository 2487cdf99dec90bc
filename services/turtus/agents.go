package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"

	"turtus/services/hub"
	"turtus/services/wire"
)

// agentFolder makes the folder of the agents' socket, which all browsers are given. One that holds anything else is refused: in /run, say, that
// would be the sockets of this machine, and a read-only mount keeps nobody from connecting to them.
func agentFolder(path string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o711); err != nil {
		return fmt.Errorf("make the folder of TURTUS_AGENT_SOCKET: %w", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("look into the folder of TURTUS_AGENT_SOCKET: %w", err)
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(path) && e.Name() != "lost+found" {
			return fmt.Errorf("the folder of TURTUS_AGENT_SOCKET, %s, is given to each browser and holds other things, such as %s: name a socket in a folder of its own", folder, e.Name())
		}
	}
	return nil
}

// listenForAgents opens the Unix socket of browsers in containers. Whoever gets to its folder may connect, as at a port of this machine; a token
// says who is an agent.
func listenForAgents(path string) (listener net.Listener, err error) {
	folder, name := filepath.Dir(path), filepath.Base(path)
	if err := agentFolder(path); err != nil {
		return nil, err
	}
	err = inFolder(folder, func(short string) error {
		at := filepath.Join(short, name)
		if err := removeSocket(at); err != nil {
			return err
		}
		l, err := net.Listen("unix", at)
		if err != nil {
			return err
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false) // the short path is gone by then
		listener = l
		return os.Chmod(at, 0o666) // browsers have a user of their own
	})
	if err != nil {
		if listener != nil {
			_ = listener.Close()
		}
		return nil, fmt.Errorf("listen for browsers at TURTUS_AGENT_SOCKET=%s: %w", path, err)
	}
	return listener, nil
}

// removeSocket removes what a server before this one left, and nothing else.
func removeSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != os.ModeSocket {
		return errors.New("there is something that is no socket")
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		_ = c.Close()
		return errors.New("another server listens there")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// serveAgents serves agents alone, until ctx ends. Those that are connected stay for as long as the hub has them.
func serveAgents(ctx context.Context, listener net.Listener, h *hub.Hub, log *slog.Logger) {
	mux := http.NewServeMux()
	mux.Handle("GET "+wire.HubPath, h.Agents())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 16 << 10}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(hub.Door(listener)); err != nil && ctx.Err() == nil {
		log.Error("browsers in containers can't connect any more", "error", err)
	}
}
