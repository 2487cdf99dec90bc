package desktop

/*
#cgo CFLAGS: -O2 -Wall
#cgo LDFLAGS: -lX11 -lXext -lXdamage -lXfixes -lXtst -lXrandr
#include <stdlib.h>
#include "x11.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

var initialise = sync.OnceFunc(func() { C.connection_init() })

// connection is one client of an X server. Requests go through do, which lets one caller at a time to it; waiting goes
// through wait, which leaves it free meanwhile.
type connection struct {
	mu     sync.Mutex // held for each use of c
	c      *C.connection
	closed atomic.Bool

	waiting sync.Mutex // held during wait, so that close can tell when the descriptors are no longer polled
	fd      int        // the X server's end
	wake    int        // an eventfd that ends poll
}

func open(display string) (*connection, error) {
	initialise()
	name := C.CString(display)
	defer C.free(unsafe.Pointer(name))
	c := C.connection_open(name)
	if c == nil {
		return nil, fmt.Errorf("open display %q: %w", display, ErrNoServer)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		C.connection_close(c)
		return nil, fmt.Errorf("make an eventfd: %w", err)
	}
	return &connection{c: c, fd: int(C.XConnectionNumber(c.display)), wake: wake}, nil
}

// do runs f with the connection locked. What f asks may fail by an X error or by the end of the server; do tells.
func (x *connection) do(what string, f func() error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed.Load() {
		return fmt.Errorf("%s: %w", what, ErrClosed)
	}
	if x.gone() {
		return fmt.Errorf("%s: %w", what, ErrServerGone)
	}
	err := f()
	if x.gone() {
		err = ErrServerGone
	} else if failure := x.takeError(); err == nil {
		err = failure
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (x *connection) gone() bool { return C.int(x.c.gone) != 0 }

func (x *connection) takeError() error {
	var request, minor C.int
	if code := C.connection_take_error(x.c, &request, &minor); code != 0 {
		return fmt.Errorf("%w: error %d of request %d.%d", ErrProtocol, code, request, minor)
	}
	return nil
}

// wait blocks until ready, asked at first and then whenever the server has said something, returns true.
func (x *connection) wait(ctx context.Context, what string, ready func() bool) error {
	x.waiting.Lock()
	defer x.waiting.Unlock()
	if ctx.Done() != nil {
		over := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(over)
			x.interrupt()
		})
		defer func() {
			if !stop() {
				<-over
			}
		}()
	}
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		var is bool
		err := x.do(what, func() error {
			is = ready()
			return nil
		})
		if err != nil || is {
			return err
		}
		fds := []unix.PollFd{{Fd: int32(x.fd), Events: unix.POLLIN}, {Fd: int32(x.wake), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("%s: poll: %w", what, err)
		}
		if fds[1].Revents != 0 {
			var count [8]byte
			_, _ = unix.Read(x.wake, count[:])
		}
	}
}

func (x *connection) interrupt() {
	_, _ = unix.Write(x.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

// close ends a wait in progress, runs last (which may use the connection if the server is still there) and disconnects.
func (x *connection) close(last func(alive bool)) error {
	if x.closed.Swap(true) {
		return nil
	}
	x.interrupt()
	x.waiting.Lock()
	defer x.waiting.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	if last != nil {
		last(!x.gone())
	}
	C.connection_close(x.c)
	x.c = nil
	return unix.Close(x.wake)
}

// sync waits until the server has done all that was asked of it. The caller is within do.
func (x *connection) sync() error {
	C.connection_sync(x.c)
	return nil
}
