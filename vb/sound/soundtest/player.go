package soundtest

// #include <stdlib.h>
// #include "player.h"
import "C"

import (
	"testing"
	"time"
	"unsafe"
)

// Player plays silence and, when told to, a click.
type Player struct {
	t testing.TB
	c *C.player
}

// NewPlayer begins to play for the time of the test, with the buffers that Firefox has when it is told of such a latency
// (media.cubeb_latency_playback_ms).
func NewPlayer(t testing.TB, server string, latency time.Duration) *Player {
	t.Helper()
	address := C.CString(server)
	defer C.free(unsafe.Pointer(address))
	p := &Player{t, C.player_open(address, C.uint32_t(latency*48000/time.Second))}
	if p.c == nil {
		t.Fatalf("cannot play to %s", server)
	}
	t.Cleanup(func() { C.player_close(p.c) })
	return p
}

// Click plays 10 ms of a loud constant as soon as it can, and tells when it is heard, as the server says: what a browser
// shows its pictures by. It returns before that, when the sound is handed over.
func (p *Player) Click() (heard time.Time) {
	var in C.int64_t
	if C.player_click(p.c, &in) < 0 {
		p.t.Error("the sound server is gone")
	}
	return time.Now().Add(time.Duration(in) * time.Microsecond)
}

// Pause stops the playing, or takes it up again.
func (p *Player) Pause(paused bool) {
	var c C.int
	if paused {
		c = 1
	}
	C.player_pause(p.c, c)
}
