package stream

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/wire"
	"turtus/vb/link"
)

// patience is how long a test waits for what must come; it only decides how late a failure is told.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(pagesProcess) != "" {
		if err := runPages(); err != nil {
			fmt.Fprintln(os.Stderr, "pages:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// room is a Streamer with the part of the hub between it and its pages.
type room struct {
	*Streamer
	t        testing.TB
	activity chan uint32
	network  net.PacketConn       // of the pages opened from now on; one of their own when nil
	plain    bool                 // pages opened from now on know only H.264, without retransmission
	light    bool                 // pages opened from now on only count what they receive, and report on it
	deaf     bool                 // pages opened from now on report on no sound, as Firefox
	networks []webrtc.NetworkType // what pages opened from now on speak; UDP when nil
	only     string               // pages opened from now on reach the agent by this address alone; any when empty
	narrow   *link.Config         // pages opened from now on reach the agent by a link of these conditions alone; nil: directly

	mu    sync.Mutex
	pages map[PeerID]*page
}

func newRoom(t testing.TB, display string, change func(*Config)) *room {
	t.Helper()
	r := &room{t: t, pages: make(map[PeerID]*page), activity: make(chan uint32, 100)}
	cfg := Config{
		Display:   func() string { return display },
		Signaller: r, Activity: func(epoch uint32) { r.activity <- epoch },
		Width: 320, Height: 240, Loopback: true,
		Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	require.NoError(t, err)
	r.Streamer = s
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return r
}

// Signal implements Signaller.
func (r *room) Signal(to PeerID, s wire.Signal) {
	r.mu.Lock()
	p := r.pages[to]
	r.mu.Unlock()
	if p != nil {
		p.signals <- s
	}
}
