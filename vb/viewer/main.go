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
	paths := pflag.Bool("paths", false, "tell the path of each, too: which candidates are in use, and how often it was connected")
	persist := pflag.Bool("persist", false, "come back when the network or the server was away, as a page does")
	seats := pflag.Bool("seats", false, "only take seats: ask for no picture and receive nothing")
	verbose := pflag.BoolP("verbose", "v", false, "log what happens")
	pflag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: turtus-viewer [-n COUNT] [--persist] [--paths] [--seats] INVITE-LINK")
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
	if err := run(ctx, pflag.Arg(0), *count, *persist, *paths, *seats); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "turtus-viewer:", err)
		os.Exit(1)
	}
}

// atOnce is how many viewers join at the same time: a crowd comes within seconds, not within one handshake.
const atOnce = 32

func run(ctx context.Context, invite string, count int, persist, paths, seats bool) error {
	group, ctx := errgroup.WithContext(ctx)
	viewers := make([]*viewer, count)
	joining := make(chan struct{}, atOnce)
	for i := range viewers {
		viewers[i] = newViewer(i+1, persist, seats)
		group.Go(func() error {
			select {
			case joining <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			return viewers[i].run(ctx, invite, sync.OnceFunc(func() { <-joining }))
		})
	}
	group.Go(func() error { return report(ctx, viewers, paths) })
	return group.Wait()
}

// Totals is what all viewers received since the start. A packet counts as lost, and its frame as broken or whole, once
// 256 newer ones have come.
type Totals struct {
	Viewers   int      `json:"viewers"`
	Receiving int      `json:"receiving"`
	Frames    uint64   `json:"frames"` // whole ones
	Broken    uint64   `json:"broken"`
	Lost      uint64   `json:"lost"`
	Bytes     uint64   `json:"bytes"`
	Audio     uint64   `json:"audioPackets"`
	Video     uint64   `json:"videoPackets"` // as they come
	Each      []uint64 `json:"each"`         // whole frames of each viewer
	Paths     []Path   `json:"paths,omitempty"`
}

func report(ctx context.Context, viewers []*viewer, paths bool) error {
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
				if paths {
					total.Paths = append(total.Paths, v.current.Load().path())
				}
			}
			if err := out.Encode(total); err != nil {
				return err
			}
		}
	}
}

const (
	// late is how many packets after it a packet may still come, sent again: then its frame is judged.
	late = 256
	// remembered is how many packets are, a power of two above late.
	remembered = 1024
)

// counter is what one viewer received.
type counter struct {
	mu                                 sync.Mutex
	frames, broken, lost, bytes, audio uint64
	came                               uint64 // packets of the picture

	started bool
	newest  uint16
	behind  int // packets from the last one judged to the newest
	packets [remembered]state
	holed   bool // the frame being judged misses a packet
}

type state uint8

const (
	missing state = iota
	there
	thereLast // of its frame
)

// video counts one packet. A frame is whole when every packet since the frame before is there, however late.
func (c *counter) video(sequence uint16, marker bool, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += uint64(size)
	c.came++
	step := sequence - c.newest
	switch {
	case !c.started:
		c.started, c.behind = true, 1
		c.newest = sequence
	case step == 0:
		return
	case step < 1<<15:
		for range step {
			c.newest++
			c.packets[c.newest%remembered] = missing
			c.behind++
			if c.behind > late {
				c.judge(c.newest - late)
			}
		}
	case int(-step) >= c.behind: // older than what is judged
		return
	}
	c.packets[sequence%remembered] = there
	if marker {
		c.packets[sequence%remembered] = thereLast
	}
}

// judge needs the lock.
func (c *counter) judge(sequence uint16) {
	c.behind--
	switch c.packets[sequence%remembered] {
	case missing:
		c.lost++
		c.holed = true
	case thereLast:
		if c.holed {
			c.broken++
		} else {
			c.frames++
		}
		c.holed = false
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
	t.Each = append(t.Each, c.frames)
	t.Broken += c.broken
	t.Lost += c.lost
	t.Bytes += c.bytes
	t.Audio += c.audio
	t.Video += c.came
	if c.started {
		t.Receiving++
	}
}
