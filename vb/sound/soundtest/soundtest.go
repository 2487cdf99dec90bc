// Package soundtest runs a real PulseAudio server for tests, and plays into it.
package soundtest

// #cgo pkg-config: libpulse-simple libpulse
// #cgo CFLAGS: -O2 -Wall
// #include <stdlib.h>
// #include "tone.h"
import "C"

import (
	"bytes"
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"turtus/vb/sound"
)

// startTimeout is far beyond what a start takes; only a broken one meets it.
const startTimeout = 30 * time.Second

// Server is a running PulseAudio.
type Server struct {
	// Address is for PULSE_SERVER and sound.Config.
	Address string

	cmd  *exec.Cmd
	kill sync.Once
}

// StartPulse runs a private PulseAudio server with one null sink for the time of
// the test and returns its address, as PULSE_SERVER takes it. It fails the test
// where the program is not installed.
func StartPulse(t testing.TB) (server string) {
	t.Helper()
	return Start(t).Address
}

// Start is StartPulse for tests that need a hold of the server.
func Start(t testing.TB) *Server {
	t.Helper()
	program, err := exec.LookPath("pulseaudio")
	if err != nil {
		t.Fatal("pulseaudio is not installed: apt-get install pulseaudio")
	}
	// Not t.TempDir: a socket's path has room for 107 bytes.
	dir, err := os.MkdirTemp("", "pulse")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "native")
	// Without norewinds a null sink sleeps two seconds before its first sound, and its
	// monitor's latency is wrong for as long.
	var output bytes.Buffer
	cmd := exec.Command(program, "-n", "--daemonize=no", "--system=no", "--use-pid-file=no", "--exit-idle-time=-1",
		"--realtime=no", "--high-priority=no", "--log-target=stderr", "--log-level=error",
		"-L", "module-null-sink sink_name=room rate=48000 channels=2 format=s16le norewinds=1",
		// The shortest there is.
		"-L", "module-suspend-on-idle timeout=1",
		"-L", "module-native-protocol-unix auth-anonymous=1 socket="+socket)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_RUNTIME_DIR=" + dir,
		"PULSE_RUNTIME_PATH=" + dir, "PULSE_STATE_PATH=" + dir}
	cmd.Stderr = &output
	// A test that is killed leaves no server behind.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &Server{Address: "unix:" + socket, cmd: cmd}
	t.Cleanup(s.Kill)
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	if err := sound.Ready(ctx, s.Address); err != nil {
		s.Kill() // and with it ends who writes to output
		t.Fatalf("pulseaudio does not answer: %v\n%s", err, &output)
	}
	return s
}

// Kill ends the server at once, as a crash would.
func (s *Server) Kill() {
	s.kill.Do(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	})
}

// PlayTone plays a sine of the given frequency and amplitude (0 to 1) in both
// channels until stop is called or the test ends.
func PlayTone(t testing.TB, server string, hertz, amplitude float64) (stop func()) {
	t.Helper()
	address := C.CString(server)
	defer C.free(unsafe.Pointer(address))
	stream := C.tone_open(address)
	if stream == nil {
		t.Fatalf("cannot play to %s", server)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer C.pa_simple_free(stream)
		pcm := make([]int16, 2*480)
		for n := 0; ctx.Err() == nil; n += len(pcm) / 2 {
			for i := range len(pcm) / 2 {
				v := int16(amplitude * math.MaxInt16 * math.Sin(2*math.Pi*hertz*float64(n+i)/48000))
				pcm[2*i], pcm[2*i+1] = v, v
			}
			if C.tone_write(stream, (*C.int16_t)(&pcm[0]), C.size_t(2*len(pcm))) < 0 {
				return // the server is gone
			}
		}
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return stop
}
