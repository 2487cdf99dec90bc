package codec_test

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/assert"

	"turtus/vb/codec"
	"turtus/vb/codec/codectest"
)

func newScaler(t testing.TB, from, to image.Point) *codec.Scaler {
	t.Helper()
	s, err := codec.NewScaler(from.X, from.Y, to.X, to.Y)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func scale(t testing.TB, s *codec.Scaler, dst, src *codec.Image, damage []image.Rectangle) {
	t.Helper()
	if err := s.Scale(dst, src, damage); err != nil {
		t.Fatal(err)
	}
}

var scalings = []struct{ from, to image.Point }{
	{image.Pt(64, 48), image.Pt(32, 24)},  // a half
	{image.Pt(96, 54), image.Pt(64, 36)},  // two thirds
	{image.Pt(90, 60), image.Pt(30, 20)},  // a third
	{image.Pt(101, 75), image.Pt(38, 50)}, // whatever
	{image.Pt(64, 48), image.Pt(64, 48)},  // the same
	{image.Pt(20, 10), image.Pt(50, 34)},  // larger
	{image.Pt(600, 4), image.Pt(2, 2)},    // more samples to one than weights
	{image.Pt(1, 1), image.Pt(1, 1)},      // one chroma sample
}

func TestAScaledSampleIsTheMeanOfTheAreaItShows(t *testing.T) {
	for _, test := range scalings {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			src, dst := newImage(t, test.from.X, test.from.Y), newImage(t, test.to.X, test.to.Y)
			p := codectest.NewPicture(test.from.X, test.from.Y, color.RGBA{})
			codectest.Noise(p, 5)
			convert(t, src, p)
			scale(t, newScaler(t, test.from, test.to), dst, src, nil)
			from, to := src.YCbCr(), dst.YCbCr()
			size, scaled := from.Rect.Max, to.Rect.Max
			// The weights are rounded to 1/256, which shifts noise by up to a level, and a mean over hundreds of samples a little more.
			off := 1 + float64(size.X/scaled.X)/40
			for y := range scaled.Y {
				for x := range scaled.X {
					assert.InDelta(t, mean(from.Y, from.YStride, size, scaled, x, y), float64(to.Y[y*to.YStride+x]), off, "luma at %d,%d", x, y)
				}
			}
			size, scaled = size.Div(2), scaled.Div(2)
			for y := range scaled.Y {
				for x := range scaled.X {
					assert.InDelta(t, mean(from.Cb, from.CStride, size, scaled, x, y), float64(to.Cb[y*to.CStride+x]), off, "chroma at %d,%d", x, y)
					assert.InDelta(t, mean(from.Cr, from.CStride, size, scaled, x, y), float64(to.Cr[y*to.CStride+x]), off, "chroma at %d,%d", x, y)
				}
			}
		})
	}
}

// mean is the exact one over what sample x, y of a plane scaled from one size to another shows.
func mean(plane []byte, stride int, from, to image.Point, x, y int) float64 {
	overlap := func(sample, i, from, to int) float64 {
		r := float64(from) / float64(to)
		return max(0, min(float64(sample+1), float64(i+1)*r)-max(float64(sample), float64(i)*r)) / r
	}
	sum := 0.0
	for sy := range from.Y {
		wy := overlap(sy, y, from.Y, to.Y)
		for sx := 0; sx < from.X && wy > 0; sx++ {
			sum += wy * overlap(sx, x, from.X, to.X) * float64(plane[sy*stride+sx])
		}
	}
	return sum
}

func TestScalingTheDamageIsScalingThePicture(t *testing.T) {
	for _, test := range scalings {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			src := newImage(t, test.from.X, test.from.Y)
			p := codectest.NewPicture(test.from.X, test.from.Y, color.RGBA{})
			codectest.Noise(p, 5)
			convert(t, src, p)
			s := newScaler(t, test.from, test.to)
			kept, whole := newImage(t, test.to.X, test.to.Y), newImage(t, test.to.X, test.to.Y)
			scale(t, s, kept, src, nil)
			for _, r := range []image.Rectangle{
				image.Rect(3, 5, 4, 6), image.Rect(0, 0, 7, 1), image.Rect(13, 7, 33, 29),
				image.Rect(test.from.X-1, test.from.Y-1, test.from.X+9, test.from.Y+9), image.Rect(-5, -5, 0, 0),
			} {
				codectest.Fill(p, r.Intersect(image.Rectangle{Max: test.from}), color.RGBA{uint8(r.Min.X), 255, 0, 255})
				p.Damage = []image.Rectangle{r}
				convert(t, src, p)
				scale(t, s, kept, src, p.Damage)
				scale(t, s, whole, src, nil)
				assert.Equal(t, whole.YCbCr(), kept.YCbCr(), "after damage of %v", r)
			}
			scale(t, s, kept, newImage(t, test.from.X, test.from.Y), []image.Rectangle{})
			assert.Equal(t, whole.YCbCr(), kept.YCbCr(), "no damage changes nothing")
		})
	}
}

func TestAScalerRefusesWhatCannotWork(t *testing.T) {
	for _, size := range []image.Point{{0, 1}, {1, 0}, {-2, 2}, {codec.MaxDimension + 1, 2}, {2, codec.MaxDimension + 1}} {
		_, err := codec.NewScaler(size.X, size.Y, 2, 2)
		assert.ErrorIs(t, err, codec.ErrInvalid, "from %v", size)
		_, err = codec.NewScaler(2, 2, size.X, size.Y)
		assert.ErrorIs(t, err, codec.ErrInvalid, "to %v", size)
	}
	large, small := newImage(t, 64, 48), newImage(t, 32, 24)
	s := newScaler(t, image.Pt(64, 48), image.Pt(32, 24))
	assert.ErrorIs(t, s.Scale(large, small, nil), codec.ErrInvalid, "the wrong way round")
	small.Close()
	assert.ErrorIs(t, s.Scale(small, large, nil), codec.ErrClosed)
	s.Close()
	s.Close()
	assert.ErrorIs(t, s.Scale(newImage(t, 32, 24), large, nil), codec.ErrClosed)
}

func BenchmarkScale720p(b *testing.B) {
	from := image.Pt(1280, 720)
	large := newImage(b, from.X, from.Y)
	convert(b, large, codectest.Page(from.X, from.Y, 1))
	for _, bench := range []struct {
		name   string
		to     image.Point
		damage []image.Rectangle
	}{
		{"Half", image.Pt(640, 360), nil},
		{"TwoThirds", image.Pt(854, 480), nil},
		{"CaretToHalf", image.Pt(640, 360), []image.Rectangle{image.Rect(301, 401, 303, 419)}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			small, s := newImage(b, bench.to.X, bench.to.Y), newScaler(b, from, bench.to)
			start := processorTime(b)
			for b.Loop() {
				scale(b, s, small, large, bench.damage)
			}
			reportCPU(b, start, b.N)
		})
	}
}
