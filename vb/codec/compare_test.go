package codec_test

import (
	"image"
	"runtime"
	"testing"

	"turtus/vb/codec"
	"turtus/vb/codec/codectest"
)

// compared are the encoders set side by side by the benchmarks below, at the size and cap of a room.
var compared = []struct {
	name string
	cfg  codec.VideoConfig
}{
	{"H264", codec.VideoConfig{Kind: codec.H264}},
	{"H264Main", codec.VideoConfig{Kind: codec.H264, Profile: codec.ProfileMain}},
	{"VP8", codec.VideoConfig{Kind: codec.VP8}},
}

const compareFrames = 90

// BenchmarkCompare tells what each encoder makes of each content: processor time and bytes a frame, and what is
// seen of it. Run it with -benchtime 1x; times are of one thread, so that they add up.
func BenchmarkCompare(b *testing.B) {
	for _, content := range []struct {
		name   string
		frames func(testing.TB) []codec.Picture
	}{
		{"Scroll", func(testing.TB) []codec.Picture { return codectest.Scroll(1280, 720, compareFrames, 4) }},
		{"Clip", func(t testing.TB) []codec.Picture { return codectest.Clip(t, 1280, 720, compareFrames) }},
		{"Inset", func(t testing.TB) []codec.Picture {
			return codectest.Inset(1280, 720, codectest.Clip(t, 426, 240, compareFrames), image.Pt(500, 300))
		}},
		{"Blink", func(testing.TB) []codec.Picture { return codectest.Blink(1280, 720, compareFrames) }},
	} {
		b.Run(content.name, func(b *testing.B) {
			frames := content.frames(b)
			for _, c := range compared {
				b.Run(c.name, func(b *testing.B) { compare(b, c.cfg, frames) })
			}
		})
	}
}

func compare(b *testing.B, cfg codec.VideoConfig, frames []codec.Picture) {
	cfg.Width, cfg.Height, cfg.Bitrate = frames[0].Width, frames[0].Height, 4_000_000
	s := newStage(b, cfg)
	var m meter
	for b.Loop() {
		for n, p := range frames {
			if n == 0 {
				p.Damage = nil
			}
			convert(b, s.img, p)
			packet := m.encode(s, codec.EncodeOptions{})
			frame := s.dec.Decode(packet.Data)
			if n%5 == 4 {
				m.look(frame, p)
			}
		}
	}
	m.report(b)
}

// BenchmarkRefine tells how far a page that stopped moving is refined, and what that costs altogether.
func BenchmarkRefine(b *testing.B) {
	frames := codectest.Scroll(1280, 720, 30, 9)
	last := frames[len(frames)-1]
	for _, c := range compared {
		b.Run(c.name, func(b *testing.B) {
			var m meter
			for b.Loop() {
				cfg := c.cfg
				cfg.Width, cfg.Height, cfg.Bitrate = last.Width, last.Height, 4_000_000
				s := newStage(b, cfg)
				for _, p := range frames {
					s.show(p, codec.EncodeOptions{})
				}
				for range maxRefinements {
					packet := m.encode(s, codec.EncodeOptions{Refine: true})
					frame := s.dec.Decode(packet.Data)
					if m.look(frame, last); packet.Settled {
						break
					}
				}
			}
			m.report(b)
			b.ReportMetric(float64(m.frames)/float64(b.N), "frames")
			b.ReportMetric(m.lastSSIM, "last-ssim")
		})
	}
}

// meter sums up what encoding took and gave.
type meter struct {
	cpu                  float64
	bytes, frames        int
	psnr, ssim, lastSSIM float64
	looks                int
}

func (m *meter) encode(s *stage, opts codec.EncodeOptions) codec.Packet {
	s.t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := threadTime(s.t)
	packet := s.encode(opts)
	m.cpu += (threadTime(s.t) - start).Seconds()
	m.bytes += len(packet.Data)
	m.frames++
	return packet
}

func (m *meter) look(frame codectest.Frame, p codec.Picture) {
	m.lastSSIM = frame.SSIM(p)
	m.ssim += m.lastSSIM
	m.psnr += min(frame.PSNR(p), 60)
	m.looks++
}

func (m *meter) report(b *testing.B) {
	b.ReportMetric(m.cpu*1000/float64(m.frames), "cpu-ms/frame")
	b.ReportMetric(float64(m.bytes)/float64(m.frames), "bytes/frame")
	b.ReportMetric(m.psnr/float64(m.looks), "dB")
	b.ReportMetric(m.ssim/float64(m.looks), "ssim")
	b.ReportMetric(0, "ns/op") // with decoding and looking in it, it tells nothing
}
