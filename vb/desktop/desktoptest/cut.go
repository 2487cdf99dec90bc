package desktoptest

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Cut is a way to an X server that breaks: to a client it is as if the server died at a certain byte of what it says.
type Cut struct {
	Display string       // its name
	After   atomic.Int64 // how many bytes a connection gets from the server
	Broken  atomic.Int64 // how many connections were cut
}

// StartCut puts a Cut before a display. It ends with the test.
func StartCut(t testing.TB, display string) *Cut {
	t.Helper()
	c := &Cut{}
	var listener net.Listener
	for number := 20000 + os.Getpid()%10000; listener == nil; number++ {
		var err error
		// Xlib looks among the abstract names first.
		if listener, err = net.Listen("unix", fmt.Sprintf("@/tmp/.X11-unix/X%d", number)); err == nil {
			c.Display = fmt.Sprintf(":%d", number)
		} else if number > 40000 {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { c.serve(client, "/tmp/.X11-unix/X"+strings.TrimPrefix(display, ":")) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		all.Wait()
	})
	return c
}

func (c *Cut) serve(client net.Conn, path string) {
	defer client.Close()
	server, err := net.Dial("unix", path)
	if err != nil {
		return
	}
	defer server.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	after := c.After.Load()
	if n, _ := io.CopyN(client, server, after); n == after {
		c.Broken.Add(1)
	}
	_ = client.Close()
	<-done
}
