package codectest

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"turtus/vb/codec"
)

// NewPicture returns a picture of one colour.
func NewPicture(width, height int, c color.RGBA) codec.Picture {
	p := codec.Picture{Pix: make([]byte, 4*width*height), Stride: 4 * width, Width: width, Height: height}
	Fill(p, image.Rect(0, 0, width, height), c)
	return p
}

// Fill paints a rectangle of p.
func Fill(p codec.Picture, r image.Rectangle, c color.RGBA) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			set(p, x, y, c)
		}
	}
}

func set(p codec.Picture, x, y int, c color.RGBA) {
	i := y*p.Stride + 4*x
	// The fourth byte is the X server's padding; whatever it holds must not matter.
	p.Pix[i], p.Pix[i+1], p.Pix[i+2], p.Pix[i+3] = c.B, c.G, c.R, 0xa5
}

// Noise fills p with random pixels, what no encoder can compress.
func Noise(p codec.Picture, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range p.Pix {
		p.Pix[i] = byte(r.Uint32())
	}
}

// Page draws a web page of the given height: lines of small anti-aliased
// letters, headings, links, boxes and a photograph. The same seed draws the same page.
func Page(width, height int, seed uint64) codec.Picture {
	r := rand.New(rand.NewPCG(seed, 2))
	p := NewPicture(width, height, color.RGBA{255, 255, 255, 255})
	letters := make([][9][7]float64, 60)
	for i := range letters {
		letters[i] = letter(r)
	}
	ink := []color.RGBA{{32, 33, 36, 255}, {32, 33, 36, 255}, {32, 33, 36, 255}, {26, 13, 171, 255}, {95, 99, 104, 255}}
	for top := 8; top < height-24; {
		switch r.IntN(24) {
		case 0:
			photograph(p, r, image.Rect(40, top, min(40+width/3, width-8), min(top+180, height-8)))
			top += 190
		case 1:
			Fill(p, image.Rect(20, top, width-20, min(top+40, height-8)), color.RGBA{uint8(120 + r.IntN(130)), uint8(120 + r.IntN(130)), uint8(120 + r.IntN(130)), 255})
			top += 50
		default:
			c := ink[r.IntN(len(ink))]
			for x, end := 40, width-40-r.IntN(width/3); x < end; x += 8 {
				if r.IntN(6) == 0 {
					continue // a space
				}
				shape := letters[r.IntN(len(letters))]
				for dy, row := range shape {
					for dx, cover := range row {
						set(p, x+dx, top+dy, blend(c, cover))
					}
				}
			}
			top += 18
		}
	}
	return p
}

// letter is a few random strokes as thin as a font's, softened at their edges.
func letter(r *rand.Rand) (cover [9][7]float64) {
	for range 3 {
		x, y := float64(r.IntN(6)), float64(r.IntN(8))
		dx, dy := 0.0, 0.0
		switch r.IntN(3) {
		case 0:
			dx = 1
		case 1:
			dy = 1
		default:
			dx, dy = 0.5, 1
		}
		for step := 0; step < 6; step++ {
			ix, iy := int(x), int(y)
			if ix > 6 || iy > 8 {
				break
			}
			cover[iy][ix] = 1
			if ix < 6 {
				cover[iy][ix+1] = max(cover[iy][ix+1], x-float64(ix)+0.2)
			}
			x, y = x+dx, y+dy
		}
	}
	return cover
}

func blend(c color.RGBA, cover float64) color.RGBA {
	cover = min(cover, 1)
	mix := func(ink uint8) uint8 { return uint8(255 + cover*(float64(ink)-255)) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 255}
}

func photograph(p codec.Picture, r *rand.Rand, at image.Rectangle) {
	a, b, c := r.Float64()*0.05, r.Float64()*0.05, r.Float64()*6
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			v := 90*math.Sin(a*float64(x)+c) + 90*math.Sin(b*float64(y)) + 10*r.Float64()
			level := func(add float64) uint8 { return uint8(min(max(128+v*0.6+add, 0), 255)) }
			set(p, x, y, color.RGBA{level(20), level(0), level(-25), 255})
		}
	}
}
