package stream

import (
	"fmt"
	"image"
	"image/color"
	"log/slog"
	"math/rand/v2"
	"sort"
	"syscall"
	"testing"
	"time"

	"turtus/vb/codec"
	"turtus/vb/desktop/desktoptest"
	"turtus/vb/link"
)

// benchRoom is a viewer of a 720p screen on which a program paints.
func benchRoom(b *testing.B, viewers int) (*desktoptest.Window, []*page, []*decoder) {
	display := desktoptest.StartXvfb(b, 1280, 720)
	window := desktoptest.OpenWindow(b, display, image.Rect(0, 0, 1280, 720))
	r := newRoom(b, display, func(cfg *Config) { cfg.Width, cfg.Height = 1280, 720 })
	var pages []*page
	var decoders []*decoder
	for i := range viewers {
		p := r.open(PeerID(rune('a'+i)), "s", codec.H264)
		d := p.decoder()
		d.decode(p.next())
		p.settled(d)
		pages, decoders = append(pages, p), append(decoders, d)
	}
	return window, pages, decoders
}

// BenchmarkPaintToFrame measures from a paint on a still screen to the last packet of its frame at a viewer. The decoding
// of the bench itself is left out.
func BenchmarkPaintToFrame(b *testing.B) {
	window, pages, decoders := benchRoom(b, 1)
	p, d := pages[0], decoders[0]
	var times []time.Duration
	colour := uint8(0)
	for b.Loop() {
		for { // what refines is not the answer
			select {
			case f := <-p.frames:
				d.decode(f)
				continue
			case <-time.After(4 * refineEvery):
			}
			break
		}
		colour += 97
		start := time.Now()
		window.Fill(image.Rect(600, 300, 800, 400), color.RGBA{colour, 255 - colour, 80, 255})
		f := p.next()
		times = append(times, time.Since(start))
		d.decode(f)
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkJoin measures from a request to the last packet of the first frame.
func BenchmarkJoin(b *testing.B) {
	display := desktoptest.StartXvfb(b, 1280, 720)
	r := newRoom(b, display, func(cfg *Config) { cfg.Width, cfg.Height = 1280, 720 })
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		p := r.open(PeerID(start.String()), "s", codec.H264)
		p.next()
		times = append(times, time.Since(start))
		r.Stop(p.peer, p.session)
		p.close()
		r.until(func() bool { return r.Viewers() == 0 })
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkStillScreen measures the processor time of this whole process, viewer included, while nothing changes.
func BenchmarkStillScreen(b *testing.B) {
	benchRoom(b, 1)
	var usage [2]syscall.Rusage
	const spell = 5 * time.Second
	for b.Loop() {
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage[0])
		time.Sleep(spell)
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage[1])
	}
	spent := func(u syscall.Rusage) time.Duration {
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	b.ReportMetric(100*float64(spent(usage[1])-spent(usage[0]))/float64(spell), "%-of-a-core")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkFramesOverLoss measures from a frame's capture until it and all before it have arrived, over a link that loses
// packets and takes 30 ms each way: of a small part that moves, and of single paints with quiet between them.
func BenchmarkFramesOverLoss(b *testing.B) {
	for _, loss := range []float64{0, 0.02, 0.05} {
		for name, pause := range map[string]time.Duration{"motion": time.Second / 30, "clicks": 400 * time.Millisecond} {
			b.Run(fmt.Sprintf("%g/%s", 100*loss, name), func(b *testing.B) {
				display := desktoptest.StartXvfb(b, 640, 480)
				window := desktoptest.OpenWindow(b, display, vga)
				r := newRoom(b, display, func(cfg *Config) {
					cfg.Width, cfg.Height, cfg.Logger = 640, 480, slog.New(slog.DiscardHandler)
				})
				r.plain = true // pion's viewer takes retransmissions only when the next packet comes
				r.narrow = &link.Config{Delay: 30 * time.Millisecond, Loss: loss, Seed: 1}
				p := r.open("ann", "s", codec.H264)
				p.next()
				random := rand.New(rand.NewPCG(1, 2))
				var times []time.Duration
				clock := r.Streamer.picture.clock
				paints := int(30 * time.Second / pause)
				for b.Loop() {
					for range paints {
						at := image.Pt(random.IntN(500), random.IntN(400))
						window.Fill(image.Rectangle{Min: at, Max: at.Add(image.Pt(60, 40))}, color.RGBA{uint8(random.Uint32()), uint8(random.Uint32()), uint8(random.Uint32()), 255})
						time.Sleep(pause)
						for len(p.frames) > 0 {
							f := p.next()
							late := int32(clock.timestamp(f.at, videoRate) - f.timestamp)
							times = append(times, time.Duration(late)*time.Second/videoRate)
						}
					}
				}
				sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
				for _, q := range []int{50, 95, 99} {
					b.ReportMetric(float64(times[len(times)*q/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", q))
				}
				s := r.viewer("ann", "s").sender
				b.ReportMetric(float64(len(times)), "frames")
				b.ReportMetric(100*float64(s.counters.duplicates.Load())/float64(s.video.packets.Load()), "%-twice")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
