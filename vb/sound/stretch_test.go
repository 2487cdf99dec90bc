package sound_test

import (
	"math"
	"testing"

	"turtus/vb/sound"
)

// sine is stereo whose right channel has half of the left one's amplitude, from sample n on.
func sine(frames, n int, hertz, amplitude float64) []int16 {
	pcm := make([]int16, 2*frames)
	for i := range frames {
		v := amplitude * math.MaxInt16 * math.Sin(2*math.Pi*hertz*float64(n+i)/sound.SampleRate)
		pcm[2*i], pcm[2*i+1] = int16(v), int16(v/2)
	}
	return pcm
}

func TestStretchingLeavesASineWhole(t *testing.T) {
	for _, frames := range []int{479, 480, 481} {
		var heard []int16
		for n := range 20 {
			to := make([]int16, 2*480)
			sound.Stretch(to, sine(frames, n*frames, 1000, 0.5))
			heard = append(heard, to...)
		}
		const bend = 0.0171 // of a sine that goes on: (2 pi 1000 / 48000) squared
		for channel, amplitude := range []float64{0.5, 0.25} {
			worst, loudest := 0.0, 0.0
			for i := 2 + channel; i < len(heard)-2; i += 2 {
				v := float64(heard[i])
				loudest = max(loudest, v)
				worst = max(worst, math.Abs(float64(heard[i-2])-2*v+float64(heard[i+2])+bend*v))
			}
			if worst > 0.002*math.MaxInt16 {
				t.Errorf("%d frames to 480, channel %d: a sine bends by %.0f where it shouldn't", frames, channel, worst)
			}
			if want := amplitude * math.MaxInt16; math.Abs(loudest-want) > 0.01*want {
				t.Errorf("%d frames to 480, channel %d: a sine of %.0f is as loud as %.0f", frames, channel, want, loudest)
			}
		}
	}
}

func TestStretchingKeepsWithinTheRange(t *testing.T) {
	// The spline swings over where the loudest samples stand beside each other.
	from := make([]int16, 2*481)
	for i := range from {
		from[i] = math.MaxInt16
		if i/2%4 == 0 {
			from[i] = 20_000
		}
	}
	to := make([]int16, 2*480)
	sound.Stretch(to, from)
	for i, v := range to {
		if v < 19_000 {
			t.Fatalf("sample %d is %d", i/2, v)
		}
	}
	for name, test := range map[string]struct{ to, from int }{"one frame": {1, 2}, "the same": {480, 480}} {
		to, from := make([]int16, 2*test.to), sine(test.from, 7, 1000, 0.5)
		sound.Stretch(to, from)
		if to[0] != from[0] || to[1] != from[1] {
			t.Errorf("%s: begins with %v, not %v", name, to[:2], from[:2])
		}
	}
}
