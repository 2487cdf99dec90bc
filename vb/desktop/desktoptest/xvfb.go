// Package desktoptest gives tests a real X server of their own and a small X client to look from the other side: what does a
// program see of the keys that were pressed, what is on the screen when it paints. Only tests import it.
package desktoptest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Server is a running Xvfb.
type Server struct {
	Display string // its name, as ":7"

	cmd  *exec.Cmd
	done chan struct{}
}

// StartXvfb starts an Xvfb on a free display, with one screen of depth 24, and returns the display's name when it accepts
// clients. It ends with the test. Without Xvfb on the machine the test fails.
func StartXvfb(t testing.TB, width, height int) (display string) {
	t.Helper()
	return StartServer(t, width, height).Display
}

// StartServer is StartXvfb for tests that want to end the server themselves or to give it further arguments.
func StartServer(t testing.TB, width, height int, arguments ...string) *Server {
	t.Helper()
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		t.Fatal("Xvfb is not installed; on Debian and Ubuntu: apt-get install xvfb")
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd := exec.Command(path, append([]string{
		"-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", width, height), "-nolisten", "tcp", "-noreset", "-dpi", "96",
	}, arguments...)...)
	var complaint strings.Builder
	cmd.ExtraFiles = []*os.File{write}
	cmd.Stderr = &complaint
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that panics cleans nothing up
	err = cmd.Start()
	write.Close()
	if err != nil {
		t.Fatalf("start Xvfb: %v", err)
	}
	s := &Server{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		_ = cmd.Wait()
	}()
	t.Cleanup(s.Kill)
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		s.Kill()
		t.Fatalf("Xvfb ended at its start: %s", complaint.String())
	}
	s.Display = ":" + strings.TrimSpace(number)
	return s
}

// Kill ends the server by SIGKILL and returns when it is gone.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}
