// Command turtus-viewer is a viewer without a screen: it joins a room by an invite link as a guest, asks for the
// stream as a page does, counts what it receives and prints a line of JSON each second. Benchmarks use many of them to
// see what one more viewer costs; it is also the smallest complete example of the protocol.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
)

func main() {
	count := pflag.IntP("count", "n", 1, "how many viewers to be")
	verbose := pflag.BoolP("verbose", "v", false, "log what happens")
	pflag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: turtus-viewer [-n COUNT] INVITE-LINK")
		pflag.PrintDefaults()
	}
	pflag.Parse()
	if pflag.NArg() != 1 || *count < 1 {
		pflag.Usage()
		os.Exit(2)
	}
	level := slog.LevelWarn
	if *verbose {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, pflag.Arg(0), *count); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "turtus-viewer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, invite string, count int) error {
	group, ctx := errgroup.WithContext(ctx)
	viewers := make([]*viewer, count)
	for i := range viewers {
		viewers[i] = newViewer(fmt.Sprintf("Counter %d", i+1))
		group.Go(func() error { return viewers[i].run(ctx, invite) })
	}
	group.Go(func() error { return report(ctx, viewers) })
	return group.Wait()
}

// Totals is what all viewers received since the start.
type Totals struct {
	Viewers   int    `json:"viewers"`
	Receiving int    `json:"receiving"`
	Frames    uint64 `json:"frames"`
	Lost      uint64 `json:"lost"`
	Bytes     uint64 `json:"bytes"`
	Audio     uint64 `json:"audioPackets"`
}

func report(ctx context.Context, viewers []*viewer) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	out := json.NewEncoder(os.Stdout)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			total := Totals{Viewers: len(viewers)}
			for _, v := range viewers {
				v.addTo(&total)
			}
			if err := out.Encode(total); err != nil {
				return err
			}
		}
	}
}

// counter is what one viewer received.
type counter struct {
	mu                         sync.Mutex
	frames, lost, bytes, audio uint64
	last                       uint16
	seen                       bool
}

// video counts one packet: a marker ends a frame, a gap in the sequence is loss (a late packet gives it back).
func (c *counter) video(sequence uint16, marker bool, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += uint64(size)
	if marker {
		c.frames++
	}
	switch step := sequence - c.last; {
	case !c.seen:
		c.seen, c.last = true, sequence
	case step == 0:
	case step < 1<<15:
		c.lost += uint64(step - 1)
		c.last = sequence
	case c.lost > 0:
		c.lost--
	}
}

func (c *counter) sound(size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += uint64(size)
	c.audio++
}

func (c *counter) addTo(t *Totals) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.Frames += c.frames
	t.Lost += c.lost
	t.Bytes += c.bytes
	t.Audio += c.audio
	if c.seen {
		t.Receiving++
	}
}
