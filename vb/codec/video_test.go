package codec_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"turtus/vb/codec"
	"turtus/vb/codec/codectest"
)

const (
	frameTime = time.Second / 30
	// maxRefinements is what package stream grants a picture.
	maxRefinements = 12
)

// stage is an encoder with its image, its decoder and a capture clock.
type stage struct {
	t   testing.TB
	img *codec.Image
	enc *codec.VideoEncoder
	dec *codectest.VideoDecoder
	pts time.Duration
}

func newStage(t testing.TB, cfg codec.VideoConfig) *stage {
	t.Helper()
	enc, err := codec.NewVideoEncoder(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(enc.Close)
	return &stage{t: t, img: newImage(t, cfg.Width, cfg.Height), enc: enc, dec: codectest.NewVideoDecoder(t, cfg.Kind)}
}

// show encodes p, a frame's time after the one before, and decodes the packet.
func (s *stage) show(p codec.Picture, opts codec.EncodeOptions) (codec.Packet, codectest.Frame) {
	s.t.Helper()
	convert(s.t, s.img, p)
	packet := s.encode(opts)
	return packet, s.dec.Decode(packet.Data)
}

func (s *stage) encode(opts codec.EncodeOptions) codec.Packet {
	s.t.Helper()
	s.pts += frameTime
	opts.PTS = s.pts
	packet, err := s.enc.Encode(s.img, opts)
	if err != nil {
		s.t.Fatal(err)
	}
	return packet
}

func eachKind(t *testing.T, test func(t *testing.T, kind codec.VideoKind)) {
	for _, kind := range []codec.VideoKind{codec.H264, codec.VP8} {
		t.Run(string(kind), func(t *testing.T) { test(t, kind) })
	}
}

// nalTypes lists the types of an Annex B stream's units (Rec. ITU-T H.264, table 7-1).
func nalTypes(data []byte) (types []byte) {
	for {
		i := bytes.Index(data, []byte{0, 0, 1})
		if i < 0 || i+3 >= len(data) {
			return types
		}
		types = append(types, data[i+3]&0x1f)
		data = data[i+3:]
	}
}

const (
	nalSlice, nalIDR, nalSEI, nalSPS, nalPPS = 1, 5, 6, 7, 8
)

func TestEveryFrameGivesItsOwnPacketAtOnce(t *testing.T) {
	eachKind(t, func(t *testing.T, kind codec.VideoKind) {
		s := newStage(t, codec.VideoConfig{Kind: kind, Width: 64, Height: 64})
		for n := range 40 {
			grey := uint8(40 + 5*n)
			packet, frame := s.show(codectest.NewPicture(64, 64, color.RGBA{grey, grey, grey, 255}), codec.EncodeOptions{})
			if packet.Key != (n == 0) {
				t.Errorf("frame %d: key %v", n, packet.Key)
			}
			if got := frame.At(32, 32).R; math.Abs(float64(got)-float64(grey)) > 8 {
				t.Errorf("frame %d decodes to grey %d, shown was %d: a packet of another frame", n, got, grey)
			}
		}
	})
}

func TestAKeyframeComesWhenAskedAndNeverElse(t *testing.T) {
	eachKind(t, func(t *testing.T, kind codec.VideoKind) {
		s := newStage(t, codec.VideoConfig{Kind: kind, Width: 320, Height: 180})
		page := codectest.Page(320, 2*180, 1)
		white := codectest.NewPicture(320, 180, color.RGBA{255, 255, 255, 255})
		for n := range 300 { // libvpx's own habit would be one each 128
			p := codectest.Window(page, n%180, 180)
			if n%50 == 7 {
				p = white // a cut is no reason either
			}
			asked := n == 0 || n == 100
			packet, _ := s.show(p, codec.EncodeOptions{Keyframe: n == 100})
			if packet.Key != asked {
				t.Fatalf("frame %d: key %v, asked %v", n, packet.Key, asked)
			}
			if kind == codec.H264 {
				types := nalTypes(packet.Data)
				for _, want := range []byte{nalSPS, nalPPS, nalIDR} {
					if has := bytes.IndexByte(types, want) >= 0; has != asked {
						t.Fatalf("frame %d has units %v, asked %v", n, types, asked)
					}
				}
			}
			if !asked {
				continue
			}
			// A newcomer can start here.
			if frame := codectest.NewVideoDecoder(t, kind).Decode(packet.Data); frame.PSNR(p) < 20 {
				t.Errorf("frame %d shows a newcomer %.1f dB", n, frame.PSNR(p))
			}
		}
	})
}

func TestH264IsWhatTheOfferSays(t *testing.T) {
	profiles := []struct {
		profile codec.Profile
		// idc and the constraint flags that must be set (A.2).
		idc, constraints byte
	}{{"", 66, 0x40}, {codec.ProfileBaseline, 66, 0x40}, {codec.ProfileMain, 77, 0}, {codec.ProfileHigh, 100, 0}}
	for _, test := range []struct {
		width, height, frameRate int
		maxLevel                 byte
	}{{640, 360, 30, 31}, {1280, 720, 30, 31}, {1280, 720, 60, 32}, {1920, 1080, 30, 40}, {1920, 1080, 60, 42}} {
		for _, p := range profiles {
			s := newStage(t, codec.VideoConfig{Kind: codec.H264, Profile: p.profile, Width: test.width, Height: test.height, FrameRate: test.frameRate})
			data := s.encode(codec.EncodeOptions{}).Data
			if !bytes.HasPrefix(data, []byte{0, 0, 0, 1}) {
				t.Fatalf("not Annex B: % x", data[:8])
			}
			i := bytes.Index(data, []byte{0, 0, 1, 0x67})
			profile, constraints, level := data[i+4], data[i+5], data[i+6]
			if profile != p.idc || constraints&p.constraints != p.constraints {
				t.Errorf("%+v, %+v: profile %d, constraints %#x", test, p, profile, constraints)
			}
			if level > test.maxLevel {
				t.Errorf("%+v, %+v: level %d", test, p, level)
			}
		}
	}
}

func TestColoursSurvive(t *testing.T) {
	colours := []color.RGBA{
		{0, 0, 0, 255}, {255, 255, 255, 255}, {128, 128, 128, 255}, {255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255},
		{255, 255, 0, 255}, {0, 255, 255, 255}, {255, 0, 255, 255}, {26, 13, 171, 255}, {250, 128, 114, 255},
	}
	eachKind(t, func(t *testing.T, kind codec.VideoKind) {
		p := codectest.NewPicture(32*len(colours), 64, color.RGBA{})
		for i, c := range colours {
			codectest.Fill(p, image.Rect(32*i, 0, 32*i+32, 64), c)
		}
		s := newStage(t, codec.VideoConfig{Kind: kind, Width: p.Width, Height: p.Height})
		var frame codectest.Frame
		for range 20 {
			_, frame = s.show(p, codec.EncodeOptions{Refine: true})
		}
		for i, want := range colours {
			got := frame.At(32*i+16, 32)
			if off := max(diff(got.R, want.R), diff(got.G, want.G), diff(got.B, want.B)); off > 3 {
				t.Errorf("%v came out as %v", want, got)
			}
		}
		if kind == codec.H264 {
			// BT.601 matrix in limited range (6), on sRGB's primaries (1) and transfer (13): see video.c.
			if frame.FullRange || frame.Matrix != 6 || frame.Primaries != 1 || frame.Transfer != 13 {
				t.Errorf("announced: full range %v, matrix %d, primaries %d, transfer %d", frame.FullRange, frame.Matrix, frame.Primaries, frame.Transfer)
			}
		}
	})
}

func diff(a, b uint8) int { return max(int(a), int(b)) - min(int(a), int(b)) }

func TestOddSizesArePaddedByTheirOwnEdge(t *testing.T) {
	eachKind(t, func(t *testing.T, kind codec.VideoKind) {
		p := codectest.NewPicture(101, 75, color.RGBA{200, 30, 60, 255})
		s := newStage(t, codec.VideoConfig{Kind: kind, Width: 101, Height: 75})
		_, frame := s.show(p, codec.EncodeOptions{})
		if frame.Width != 102 || frame.Height != 76 {
			t.Fatalf("decoded size %dx%d", frame.Width, frame.Height)
		}
		if w, h := s.img.CodedSize(); w != frame.Width || h != frame.Height {
			t.Errorf("CodedSize says %dx%d", w, h)
		}
		if got := frame.At(101, 75); diff(got.R, 200) > 12 || diff(got.G, 30) > 12 {
			t.Errorf("the padding is %v", got)
		}
	})
}

func TestAStillPictureIsRefinedUntilItIsSettledAndThenCostsNextToNothing(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  codec.VideoConfig
		// atMost is how many frames refining may take, and still what one after it may, in bytes.
		atMost, still int
	}{
		{"baseline", codec.VideoConfig{Kind: codec.H264}, maxRefinements, 300},
		{"main", codec.VideoConfig{Kind: codec.H264, Profile: codec.ProfileMain}, maxRefinements, 300},
		{"VP8", codec.VideoConfig{Kind: codec.VP8}, 90, 3000},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.cfg.Width, test.cfg.Height = 640, 360
			s := newStage(t, test.cfg)
			page := codectest.Page(640, 720, 1)
			var p codec.Picture
			var moving, ssim, refined float64
			for n := range 30 {
				p = codectest.Window(page, 9*n, 360)
				_, frame := s.show(p, codec.EncodeOptions{})
				moving = frame.PSNR(p)
			}
			frames, bytes := 0, 0
			for settled := false; !settled; frames++ {
				if frames == test.atMost {
					t.Fatalf("still not settled after %d frames", frames)
				}
				packet, frame := s.show(p, codec.EncodeOptions{Refine: true})
				bytes += len(packet.Data)
				settled, refined = packet.Settled, frame.PSNR(p)
				// What package stream sends, settled or not.
				if frames < maxRefinements {
					ssim = frame.SSIM(p)
				}
			}
			t.Logf("%.1f dB in motion; %.1f dB and SSIM %.4f refined in %d frames of %d bytes together", moving, refined, ssim, frames, bytes)
			if ssim < 0.995 || refined <= moving {
				t.Errorf("refined to SSIM %.4f, and to %.1f dB from %.1f dB", ssim, refined, moving)
			}
			if packet, _ := s.show(p, codec.EncodeOptions{}); len(packet.Data) > test.still || packet.Settled {
				t.Errorf("the still picture takes %d bytes more, settled %v", len(packet.Data), packet.Settled)
			}
		})
	}
}

func TestWhatIsNotDamagedIsNotCodedAndStaysRight(t *testing.T) {
	eachKind(t, func(t *testing.T, kind codec.VideoKind) {
		s := newStage(t, codec.VideoConfig{Kind: kind, Width: 330, Height: 182})
		p := codectest.Page(330, 182, 1)
		other := newImage(t, 330, 182)
		r := rand.New(rand.NewPCG(1, 1))
		for n := range 60 {
			if n > 0 {
				at := image.Pt(r.IntN(330), r.IntN(182))
				p.Damage = []image.Rectangle{{Min: at, Max: at.Add(image.Pt(r.IntN(40), r.IntN(20)))}}
				codectest.Fill(p, p.Damage[0].Intersect(image.Rect(0, 0, 330, 182)), color.RGBA{uint8(n), uint8(4 * n), 90, 255})
			}
			if n%20 == 9 { // an image that the encoder has not seen
				s.img, other, p.Damage = other, s.img, nil
			}
			_, frame := s.show(p, codec.EncodeOptions{})
			if q := frame.PSNR(p); q < 34 {
				t.Fatalf("frame %d shows %.1f dB: something old stayed", n, q)
			}
		}
	})
}

func TestWhatWouldNotFitTheBufferComesAsASmallerKeyframe(t *testing.T) {
	const bitrate = 500_000
	s := newStage(t, codec.VideoConfig{Kind: codec.H264, Width: 640, Height: 360, Bitrate: bitrate})
	white := codectest.NewPicture(640, 360, color.RGBA{255, 255, 255, 255})
	for range 10 {
		s.show(white, codec.EncodeOptions{})
	}
	page := codectest.Page(640, 360, 1)
	packet, frame := s.show(page, codec.EncodeOptions{})
	if limit := bitrate / 8 / 4; len(packet.Data) > limit || !packet.Key {
		t.Errorf("%d bytes, key %v; the buffer of 250 ms holds %d", len(packet.Data), packet.Key, limit)
	}
	if q := frame.PSNR(page); q < 20 {
		t.Errorf("it shows %.1f dB", q)
	}
	if packet, _ := s.show(page, codec.EncodeOptions{}); packet.Key {
		t.Error("and another keyframe")
	}
}

func TestTheCapHoldsOnNoiseAndMoves(t *testing.T) {
	eachKind(t, func(t *testing.T, kind codec.VideoKind) {
		const first = 2_000_000
		s := newStage(t, codec.VideoConfig{Kind: kind, Width: 320, Height: 180, Bitrate: first})
		p := codectest.NewPicture(320, 180, color.RGBA{})
		seed := uint64(0)
		// rate is the mean over two seconds of noise, in bits per second.
		rate := func() float64 {
			total := 0
			for range 60 {
				seed++
				codectest.Noise(p, seed)
				convert(t, s.img, p)
				total += len(s.encode(codec.EncodeOptions{}).Data)
			}
			return float64(total) * 8 / 2
		}
		rate() // the buffer may be spent once
		for _, bps := range []int{first, first / 2, 2 * first, 3 * first / 4} {
			if err := s.enc.SetBitrate(bps); err != nil {
				t.Fatal(err)
			}
			rate()
			got := rate()
			t.Logf("cap %d: %.0f bit/s", bps, got)
			if got > 1.1*float64(bps) {
				t.Errorf("cap of %d bit/s, sent %.0f", bps, got)
			}
			if got < 0.6*float64(bps) {
				t.Errorf("cap of %d bit/s, only %.0f used for what needs much more", bps, got)
			}
		}
	})
}

func TestAFrameAfterALongSilenceIsNoBurst(t *testing.T) {
	eachKind(t, func(t *testing.T, kind codec.VideoKind) {
		s := newStage(t, codec.VideoConfig{Kind: kind, Width: 640, Height: 360, Bitrate: 1_000_000})
		page := codectest.Page(640, 720, 1)
		for range 60 {
			s.show(codectest.Window(page, 0, 360), codec.EncodeOptions{Refine: true})
		}
		s.pts += time.Hour
		packet, _ := s.show(codectest.Window(page, 360, 360), codec.EncodeOptions{})
		if limit := 1_000_000 / 8 / 4; len(packet.Data) > limit {
			t.Errorf("%d bytes at once; the buffer of 250 ms holds %d", len(packet.Data), limit)
		}
	})
}

func TestSliceThreadsAddNoDelay(t *testing.T) {
	s := newStage(t, codec.VideoConfig{Kind: codec.H264, Width: 640, Height: 360, Threads: 2})
	page := codectest.Page(640, 720, 1)
	for n := range 10 {
		p := codectest.Window(page, 10*n, 360)
		packet, frame := s.show(p, codec.EncodeOptions{})
		if frame.PSNR(p) < 20 {
			t.Fatalf("frame %d shows %.1f dB: another picture", n, frame.PSNR(p))
		}
		if slices := bytes.Count(nalTypes(packet.Data), []byte{nalSlice}) + bytes.Count(nalTypes(packet.Data), []byte{nalIDR}); slices != 2 {
			t.Fatalf("frame %d has %d slices", n, slices)
		}
	}
}

func TestTwoEncodersShareOneImage(t *testing.T) {
	a := newStage(t, codec.VideoConfig{Kind: codec.H264, Width: 320, Height: 180})
	b := newStage(t, codec.VideoConfig{Kind: codec.VP8, Width: 320, Height: 180})
	p := codectest.Page(320, 180, 1)
	convert(t, a.img, p)
	b.img = a.img
	packets := make(chan []byte, 1)
	go func() {
		packet, _ := b.enc.Encode(b.img, codec.EncodeOptions{})
		packets <- packet.Data
	}()
	h264 := a.encode(codec.EncodeOptions{})
	if q := a.dec.Decode(h264.Data).PSNR(p); q < 35 {
		t.Errorf("H.264 shows %.1f dB", q)
	}
	if q := b.dec.Decode(<-packets).PSNR(p); q < 35 {
		t.Errorf("VP8 shows %.1f dB", q)
	}
}

func TestEncodersRefuseWhatCannotWork(t *testing.T) {
	good := codec.VideoConfig{Kind: codec.VP8, Width: 64, Height: 48}
	for name, spoil := range map[string]func(*codec.VideoConfig){
		"no kind":           func(c *codec.VideoConfig) { c.Kind = "" },
		"unknown profile":   func(c *codec.VideoConfig) { c.Kind, c.Profile = codec.H264, "extended" },
		"VP8 of a profile":  func(c *codec.VideoConfig) { c.Profile = codec.ProfileMain },
		"unknown kind":      func(c *codec.VideoConfig) { c.Kind = "AV1" },
		"no width":          func(c *codec.VideoConfig) { c.Width = 0 },
		"negative height":   func(c *codec.VideoConfig) { c.Height = -2 },
		"too wide":          func(c *codec.VideoConfig) { c.Width = codec.MaxDimension + 1 },
		"negative rate":     func(c *codec.VideoConfig) { c.FrameRate = -1 },
		"absurd rate":       func(c *codec.VideoConfig) { c.FrameRate = 10_000 },
		"no bits":           func(c *codec.VideoConfig) { c.Bitrate = 1 },
		"negative buffer":   func(c *codec.VideoConfig) { c.Buffer = -1 },
		"negative threads":  func(c *codec.VideoConfig) { c.Threads = -1 },
		"a thousand thread": func(c *codec.VideoConfig) { c.Threads = 1000 },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := codec.NewVideoEncoder(cfg); !errors.Is(err, codec.ErrInvalid) {
			t.Errorf("%s: %v, not ErrInvalid", name, err)
		}
	}
	eachKind(t, func(t *testing.T, kind codec.VideoKind) {
		cfg := good
		cfg.Kind = kind
		s := newStage(t, cfg)
		if _, err := s.enc.Encode(newImage(t, 64, 64), codec.EncodeOptions{}); !errors.Is(err, codec.ErrInvalid) {
			t.Errorf("an image of another size: %v, not ErrInvalid", err)
		}
		closed := newImage(t, 64, 48)
		closed.Close()
		if _, err := s.enc.Encode(closed, codec.EncodeOptions{}); !errors.Is(err, codec.ErrClosed) {
			t.Errorf("a closed image: %v, not ErrClosed", err)
		}
		if packet := s.encode(codec.EncodeOptions{}); !packet.Key {
			t.Error("refused images used up the first keyframe")
		}
		s.enc.Close()
		s.enc.Close()
		if _, err := s.enc.Encode(s.img, codec.EncodeOptions{}); !errors.Is(err, codec.ErrClosed) {
			t.Errorf("a closed encoder: %v, not ErrClosed", err)
		}
		if err := s.enc.SetBitrate(1_000_000); !errors.Is(err, codec.ErrClosed) {
			t.Errorf("a closed encoder's bitrate: %v, not ErrClosed", err)
		}
	})
	var zero codec.VideoEncoder
	if _, err := zero.Encode(newImage(t, 2, 2), codec.EncodeOptions{}); !errors.Is(err, codec.ErrClosed) {
		t.Errorf("a zero encoder: %v, not ErrClosed", err)
	}
}

func TestABitrateFarFromTheFirstStillHolds(t *testing.T) {
	eachKind(t, func(t *testing.T, kind codec.VideoKind) {
		s := newStage(t, codec.VideoConfig{Kind: kind, Width: 320, Height: 180, Bitrate: 4_000_000})
		p := codectest.NewPicture(320, 180, color.RGBA{})
		codectest.Noise(p, 1)
		s.show(p, codec.EncodeOptions{})
		if err := s.enc.SetBitrate(200_000); err != nil {
			t.Fatal(err)
		}
		packet, _ := s.show(p, codec.EncodeOptions{})
		if kind == codec.VP8 && !packet.Key {
			t.Error("libvpx was not started anew")
		}
		if got := s.enc.Config().Bitrate; got != 200_000 {
			t.Errorf("Config tells %d", got)
		}
		s.enc.SetBitrate(0)
		if got := s.enc.Config().Bitrate; got != 30_000 {
			t.Errorf("no bitrate became %d, not the least there is", got)
		}
		s.show(p, codec.EncodeOptions{})
	})
}
