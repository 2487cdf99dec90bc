package codec_test

import (
	"fmt"
	"image/color"
	"testing"

	"turtus/vb/codec"
	"turtus/vb/codec/codectest"
)

// What ruins its own references is larger the coarser it is, and must not stay so.
func TestFilmThatFitsIsNotHeldAtTheWorstQuantizer(t *testing.T) {
	film := codectest.Film(1280, 720, 30)
	grain := make([]codec.Picture, 3)
	for i := range grain {
		grain[i] = codectest.NewPicture(1280, 720, color.RGBA{})
		codectest.Noise(grain[i], uint64(i))
	}
	for _, c := range []struct{ bitrate, noise int }{{700_000, 0}, {500_000, 0}, {1_500_000, 15}, {1_500_000, 300}} {
		t.Run(fmt.Sprintf("%d after %d of noise", c.bitrate, c.noise), func(t *testing.T) {
			s := newStage(t, codec.VideoConfig{Kind: codec.H264, Width: 1280, Height: 720, Bitrate: c.bitrate})
			encode := func(p codec.Picture) codec.Packet {
				convert(t, s.img, p)
				return s.encode(codec.EncodeOptions{})
			}
			for n := range c.noise {
				encode(grain[n%len(grain)])
			}
			const frames = 120
			bytes, qp, keys := 0, 0, 0
			for n := range frames {
				packet := encode(film[n%len(film)])
				if packet.Key {
					keys++
				}
				if n >= frames/2 {
					bytes += len(packet.Data)
					qp += packet.QP
				}
			}
			rate, mean := float64(bytes)*8*30*2/frames, float64(qp)*2/frames
			t.Logf("%.0f bit/s at a quantiser of %.1f, %d keyframes", rate, mean, keys)
			if rate > 1.15*float64(c.bitrate) || mean >= 40 {
				t.Errorf("%.0f bit/s at a quantiser of %.1f under a cap of %d", rate, mean, c.bitrate)
			}
			if keys > 4 {
				t.Errorf("%d keyframes", keys)
			}
		})
	}
}
