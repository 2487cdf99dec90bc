package codec_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"turtus/vb/codec"
	"turtus/vb/codec/codectest"
)

func newOpus(t testing.TB, cfg codec.OpusConfig) *codec.OpusEncoder {
	t.Helper()
	enc, err := codec.NewOpusEncoder(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(enc.Close)
	return enc
}

// tone fills pcm with a sine in the left channel and half of it in the right, from sample n on.
func tone(pcm []int16, n int, hertz, amplitude float64) {
	for i := range len(pcm) / 2 {
		v := amplitude * math.MaxInt16 * math.Sin(2*math.Pi*hertz*float64(n+i)/codec.OpusSampleRate)
		pcm[2*i], pcm[2*i+1] = int16(v), int16(v/2)
	}
}

// amplitudeAt correlates one channel with a frequency.
func amplitudeAt(pcm []int16, channel int, hertz float64) float64 {
	var re, im float64
	n := len(pcm) / 2
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * hertz * float64(i) / codec.OpusSampleRate)
		v := float64(pcm[2*i+channel]) / math.MaxInt16
		re, im = re+v*cos, im+v*sin
	}
	return 2 * math.Hypot(re, im) / float64(n)
}

func TestOpusKeepsATone(t *testing.T) {
	for _, duration := range []time.Duration{10 * time.Millisecond, 20 * time.Millisecond} {
		t.Run(duration.String(), func(t *testing.T) {
			enc := newOpus(t, codec.OpusConfig{FrameDuration: duration})
			dec := codectest.NewOpusDecoder(t)
			if want := int(duration.Seconds() * 48000 * 2); enc.FrameSamples() != want {
				t.Fatalf("FrameSamples is %d, not %d", enc.FrameSamples(), want)
			}
			pcm := make([]int16, enc.FrameSamples())
			var heard []int16
			total, frames := 0, int(time.Second/duration)
			for n := range frames {
				tone(pcm, n*len(pcm)/2, 1000, 0.5)
				packet, err := enc.Encode(pcm)
				if err != nil {
					t.Fatal(err)
				}
				total += len(packet)
				samples := dec.Decode(packet)
				if len(samples) != len(pcm) {
					t.Fatalf("packet %d decodes to %d samples, not %d", n, len(samples), len(pcm))
				}
				heard = append(heard, samples...)
			}
			heard = heard[len(heard)/4:] // past the codec's start, a whole number of periods
			for channel, want := range []float64{0.5, 0.25} {
				if got := amplitudeAt(heard, channel, 1000); math.Abs(got-want) > 0.05*want {
					t.Errorf("channel %d: 1 kHz has amplitude %.3f, not %.3f", channel, got, want)
				}
				if got := amplitudeAt(heard, channel, 2000); got > 0.01 {
					t.Errorf("channel %d: 2 kHz appeared with amplitude %.3f", channel, got)
				}
			}
			if rate := total * 8; rate > 160_000 {
				t.Errorf("%d bit/s, about 128,000 were asked for", rate)
			}
		})
	}
}

// correctsErrors tells whether a packet carries its forerunner once more (LBRR: RFC 6716,
// sections 3.1 and 4.2.4).
func correctsErrors(packet []byte) bool {
	const firstCELT = 16
	if len(packet) < 2 || packet[0]>>3 >= firstCELT {
		return false
	}
	mid, side := packet[1]&0x40 != 0, packet[1]&0x10 != 0
	return mid || side && packet[0]&4 != 0
}

func TestOpusCarriesForwardErrorCorrection(t *testing.T) {
	corrected := func(cfg codec.OpusConfig) int {
		enc := newOpus(t, cfg)
		pcm := make([]int16, enc.FrameSamples())
		r := rand.New(rand.NewPCG(1, 1))
		count := 0
		for n := range 100 {
			// A voice: a buzz with formants, louder and softer four times a second.
			for i := range len(pcm) / 2 {
				at := float64(n*len(pcm)/2+i) / codec.OpusSampleRate
				v := 0.0
				for harmonic := 1.0; harmonic < 25; harmonic++ {
					f := 120 * harmonic
					v += math.Sin(2*math.Pi*f*at) / (1 + math.Abs(f-500)/200) / (1 + math.Abs(f-1500)/800)
				}
				v = (v + 0.01*r.NormFloat64()) * (0.5 + 0.5*math.Sin(2*math.Pi*4*at))
				pcm[2*i] = int16(4000 * v)
				pcm[2*i+1] = pcm[2*i]
			}
			packet, err := enc.Encode(pcm)
			if err != nil {
				t.Fatal(err)
			}
			if correctsErrors(packet) {
				count++
			}
		}
		return count
	}
	if n := corrected(codec.OpusConfig{ExpectedLoss: 20}); n < 50 {
		t.Errorf("of 100 packets only %d carry correction at 20 %% loss", n)
	}
	t.Logf("at the default expectation %d of 100 packets of a voice carry correction", corrected(codec.OpusConfig{}))
}

func TestOpusRefusesWhatCannotWork(t *testing.T) {
	for _, cfg := range []codec.OpusConfig{
		{FrameDuration: 15 * time.Millisecond}, {Bitrate: 100}, {Bitrate: 1_000_000}, {ExpectedLoss: -1}, {ExpectedLoss: 101},
	} {
		if _, err := codec.NewOpusEncoder(cfg); !errors.Is(err, codec.ErrInvalid) {
			t.Errorf("%+v: %v, not ErrInvalid", cfg, err)
		}
	}
	enc := newOpus(t, codec.OpusConfig{})
	for _, samples := range []int{0, enc.FrameSamples() - 1, enc.FrameSamples() + 1} {
		if _, err := enc.Encode(make([]int16, samples)); !errors.Is(err, codec.ErrInvalid) {
			t.Errorf("%d samples: %v, not ErrInvalid", samples, err)
		}
	}
	pcm := make([]int16, enc.FrameSamples())
	enc.Close()
	enc.Close()
	if _, err := enc.Encode(pcm); !errors.Is(err, codec.ErrClosed) {
		t.Errorf("a closed encoder: %v, not ErrClosed", err)
	}
}

func BenchmarkEncodeOpus20ms(b *testing.B) {
	enc := newOpus(b, codec.OpusConfig{})
	pcm := make([]int16, enc.FrameSamples())
	tone(pcm, 0, 1000, 0.5)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := enc.Encode(pcm); err != nil {
			b.Fatal(err)
		}
	}
}
