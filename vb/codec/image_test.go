package codec_test

import (
	"errors"
	"image"
	"image/color"
	"math"
	"testing"

	"turtus/vb/codec"
	"turtus/vb/codec/codectest"
)

func newImage(t testing.TB, width, height int) *codec.Image {
	t.Helper()
	img, err := codec.NewImage(width, height)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(img.Close)
	return img
}

func convert(t testing.TB, img *codec.Image, p codec.Picture) {
	t.Helper()
	if err := img.Convert(p); err != nil {
		t.Fatal(err)
	}
}

func TestConvertIsWithinOneLevelOfTheExactMatrix(t *testing.T) {
	// Widths that end in the vectors' tail, and odd sides that are padded.
	for _, size := range []image.Point{{1280, 720}, {64, 8}, {65, 9}, {30, 2}, {7, 5}, {1, 1}} {
		p := codectest.NewPicture(size.X, size.Y, color.RGBA{})
		codectest.Noise(p, 7)
		img := newImage(t, size.X, size.Y)
		convert(t, img, p)
		got := img.YCbCr()
		for y := range got.Bounds().Dy() {
			for x := range got.Bounds().Dx() {
				exactY, exactU, exactV := exact(p, x, y)
				c := got.YCbCrAt(x, y)
				if math.Abs(exactY-float64(c.Y)) > 0.6 || math.Abs(exactU-float64(c.Cb)) > 0.6 || math.Abs(exactV-float64(c.Cr)) > 0.6 {
					t.Fatalf("%v: at %d,%d is %v, exact would be %.2f %.2f %.2f", size, x, y, c, exactY, exactU, exactV)
				}
			}
		}
	}
}

// exact is BT.601 in limited range, chroma averaged over the pixel's block of four.
func exact(p codec.Picture, x, y int) (luma, u, v float64) {
	rgb := func(x, y int) (r, g, b float64) {
		i := min(y, p.Height-1)*p.Stride + 4*min(x, p.Width-1)
		return float64(p.Pix[i+2]), float64(p.Pix[i+1]), float64(p.Pix[i])
	}
	r, g, b := rgb(x, y)
	luma = 16 + 219.0/255*(0.299*r+0.587*g+0.114*b)
	x, y = x&^1, y&^1
	for _, at := range []image.Point{{x, y}, {x + 1, y}, {x, y + 1}, {x + 1, y + 1}} {
		r, g, b := rgb(at.X, at.Y)
		grey := 0.299*r + 0.587*g + 0.114*b
		u += 224.0 / 255 * (b - grey) / 1.772 / 4
		v += 224.0 / 255 * (r - grey) / 1.402 / 4
	}
	return luma, 128 + u, 128 + v
}

func TestGreysStayGrey(t *testing.T) {
	img := newImage(t, 16, 2)
	for level := range 256 {
		convert(t, img, codectest.NewPicture(16, 2, color.RGBA{uint8(level), uint8(level), uint8(level), 255}))
		if c := img.YCbCr().YCbCrAt(3, 1); c.Cb != 128 || c.Cr != 128 {
			t.Fatalf("grey %d is tinted: %v", level, c)
		}
	}
}

func TestConvertTouchesOnlyTheDamage(t *testing.T) {
	black, white := color.RGBA{0, 0, 0, 255}, color.RGBA{255, 255, 255, 255}
	for name, test := range map[string]struct {
		damage []image.Rectangle
		want   image.Rectangle // of what turns white
	}{
		"nil is everything":        {nil, image.Rect(0, 0, 37, 21)},
		"none is nothing":          {[]image.Rectangle{}, image.Rectangle{}},
		"even":                     {[]image.Rectangle{image.Rect(4, 6, 20, 8)}, image.Rect(4, 6, 20, 8)},
		"odd grows to whole pairs": {[]image.Rectangle{image.Rect(5, 7, 6, 8)}, image.Rect(4, 6, 6, 8)},
		"odd at the odd edge":      {[]image.Rectangle{image.Rect(36, 20, 37, 21)}, image.Rect(36, 20, 38, 22)},
		"beyond every edge":        {[]image.Rectangle{image.Rect(-100, -100, 3, 100)}, image.Rect(0, 0, 4, 22)},
		"outside":                  {[]image.Rectangle{image.Rect(40, 0, 50, 10)}, image.Rectangle{}},
	} {
		t.Run(name, func(t *testing.T) {
			img := newImage(t, 37, 21)
			convert(t, img, codectest.NewPicture(37, 21, black))
			p := codectest.NewPicture(37, 21, white)
			p.Damage = test.damage
			convert(t, img, p)
			got := img.YCbCr()
			for y := range 21 {
				for x := range 37 {
					want := uint8(16)
					if image.Pt(x, y).In(test.want) {
						want = 235
					}
					if c := got.YCbCrAt(x, y); c.Y != want {
						t.Fatalf("luma at %d,%d is %d, not %d", x, y, c.Y, want)
					}
				}
			}
		})
	}
}

func TestConvertReadsTheLastRowNoFurtherThanItsPixels(t *testing.T) {
	p := codectest.NewPicture(6, 4, color.RGBA{255, 255, 255, 255})
	wide := codec.Picture{Stride: 40, Width: 6, Height: 4, Pix: make([]byte, 3*40+24)}
	for y := range 4 {
		copy(wide.Pix[40*y:], p.Pix[24*y:24*y+24])
	}
	img := newImage(t, 6, 4)
	convert(t, img, wide)
	if c := img.YCbCr().YCbCrAt(5, 3); c.Y != 235 {
		t.Fatalf("the last pixel's luma is %d", c.Y)
	}
}

func TestImagesRefuseWhatCannotWork(t *testing.T) {
	for _, size := range []image.Point{{0, 1}, {1, 0}, {-2, 2}, {codec.MaxDimension + 1, 2}, {2, codec.MaxDimension + 1}} {
		if _, err := codec.NewImage(size.X, size.Y); !errors.Is(err, codec.ErrInvalid) {
			t.Errorf("an image of %v: %v, not ErrInvalid", size, err)
		}
	}
	img := newImage(t, 8, 8)
	good := codectest.NewPicture(8, 8, color.RGBA{})
	other := codectest.NewPicture(8, 6, color.RGBA{})
	short, narrow, hollow := good, good, good
	short.Pix = short.Pix[:len(short.Pix)-1]
	narrow.Stride = 31
	hollow.Pix = nil
	for name, p := range map[string]codec.Picture{"other size": other, "short": short, "narrow stride": narrow, "no pixels": hollow} {
		if err := img.Convert(p); !errors.Is(err, codec.ErrInvalid) {
			t.Errorf("%s: %v, not ErrInvalid", name, err)
		}
	}
	img.Close()
	img.Close()
	if err := img.Convert(good); !errors.Is(err, codec.ErrClosed) {
		t.Errorf("a closed image: %v, not ErrClosed", err)
	}
}

func BenchmarkConvert720p(b *testing.B) {
	p := codectest.Page(1280, 720, 1)
	img := newImage(b, 1280, 720)
	b.ReportAllocs()
	start := processorTime(b)
	for b.Loop() {
		convert(b, img, p)
	}
	reportCPU(b, start, b.N)
}

func BenchmarkConvertACaret(b *testing.B) {
	p := codectest.Page(1280, 720, 1)
	p.Damage = []image.Rectangle{image.Rect(301, 401, 303, 419)}
	img := newImage(b, 1280, 720)
	b.ReportAllocs()
	start := processorTime(b)
	for b.Loop() {
		convert(b, img, p)
	}
	reportCPU(b, start, b.N)
}
