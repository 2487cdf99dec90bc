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

// voice fills pcm with a buzz with formants, louder and softer four times a second, from sample n on.
func voice(pcm []int16, n int, r *rand.Rand) {
	for i := range len(pcm) / 2 {
		at := float64(n+i) / codec.OpusSampleRate
		v := 0.0
		for harmonic := 1.0; harmonic < 25; harmonic++ {
			f := 120 * harmonic
			v += math.Sin(2*math.Pi*f*at) / (1 + math.Abs(f-500)/200) / (1 + math.Abs(f-1500)/800)
		}
		v = (v + 0.01*r.NormFloat64()) * (0.5 + 0.5*math.Sin(2*math.Pi*4*at))
		pcm[2*i] = int16(4000 * v)
		pcm[2*i+1] = pcm[2*i]
	}
}

func TestOpusCarriesForwardErrorCorrection(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	corrected := func(enc *codec.OpusEncoder) (count int) {
		pcm := make([]int16, enc.FrameSamples())
		for n := range 100 {
			voice(pcm, n*len(pcm)/2, r)
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
	if n := corrected(newOpus(t, codec.OpusConfig{ExpectedLoss: 20})); n < 50 {
		t.Errorf("of 100 packets only %d carry correction at 20 %% loss", n)
	}
	later := newOpus(t, codec.OpusConfig{ExpectedLoss: 1})
	t.Logf("at 1 %% loss %d of 100 packets of a voice carry correction", corrected(later))
	if err := later.SetLoss(20); err != nil {
		t.Fatal(err)
	}
	if n := corrected(later); n < 50 {
		t.Errorf("of 100 packets only %d carry correction once 20 %% are lost", n)
	}
}

func TestOpusChangesItsMindUnheard(t *testing.T) {
	enc, dec := newOpus(t, codec.OpusConfig{ExpectedLoss: 1}), codectest.NewOpusDecoder(t)
	pcm := make([]int16, enc.FrameSamples())
	heard := make([]int16, 0, 100*len(pcm))
	for n := range 100 {
		if n > 20 && n%5 == 0 {
			if err := enc.SetLoss(1 + n%2); err != nil {
				t.Fatal(err)
			}
		}
		tone(pcm, n*len(pcm)/2, 1000, 0.5)
		packet, err := enc.Encode(pcm)
		if err != nil {
			t.Fatal(err)
		}
		heard = append(heard, dec.Decode(packet)...)
	}
	heard = heard[len(heard)/5:]
	// A click spreads over all frequencies, and a sine that goes on bends by the same share everywhere.
	const bend = 0.0171 // (2 pi 1000 / 48000) squared
	worst := 0.0
	for i := 4; i < len(heard)-2; i += 2 {
		v := float64(heard[i])
		worst = max(worst, math.Abs(float64(heard[i-2])-2*v+float64(heard[i+2])+bend*v))
	}
	if worst > 0.01*math.MaxInt16 {
		t.Errorf("a sine bends by %.0f where it shouldn't", worst)
	}
}

func TestOpusTellsItsDelay(t *testing.T) {
	enc, dec := newOpus(t, codec.OpusConfig{}), codectest.NewOpusDecoder(t)
	pcm := make([]int16, enc.FrameSamples())
	var heard []int16
	for n := range 10 {
		clear(pcm)
		if n == 5 {
			pcm[0], pcm[1] = 30000, 30000
		}
		packet, err := enc.Encode(pcm)
		if err != nil {
			t.Fatal(err)
		}
		heard = append(heard, dec.Decode(packet)...)
	}
	loudest := 0
	for i := 0; i < len(heard); i += 2 {
		if heard[i] > heard[loudest] {
			loudest = i
		}
	}
	late := time.Duration(loudest/2-5*len(pcm)/2) * time.Second / codec.OpusSampleRate
	if off := late - enc.Delay(); off.Abs() > time.Millisecond || enc.Delay() == 0 {
		t.Errorf("a click comes out %v late, not %v", late, enc.Delay())
	}
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
	for _, percent := range []int{0, 101} {
		if err := enc.SetLoss(percent); !errors.Is(err, codec.ErrInvalid) {
			t.Errorf("a loss of %d %%: %v, not ErrInvalid", percent, err)
		}
	}
	pcm := make([]int16, enc.FrameSamples())
	enc.Close()
	enc.Close()
	if err := enc.SetLoss(20); !errors.Is(err, codec.ErrClosed) {
		t.Errorf("a closed encoder: %v, not ErrClosed", err)
	}
	if _, err := enc.Encode(pcm); !errors.Is(err, codec.ErrClosed) {
		t.Errorf("a closed encoder: %v, not ErrClosed", err)
	}
}

func BenchmarkEncodeOpus10ms(b *testing.B) {
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
