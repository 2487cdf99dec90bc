package codectest

import (
	"bytes"
	"image"
	"image/color"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"turtus/vb/codec"
)

// Window is the part of page that is height tall and begins at row top, sharing its pixels.
func Window(page codec.Picture, top, height int) codec.Picture {
	page.Pix = page.Pix[top*page.Stride : (top+height)*page.Stride]
	page.Height = height
	return page
}

// Film draws moving pictures: soft shapes that drift, with a camera's grain.
// Played forwards and again from the start it has one cut.
func Film(width, height, frames int) []codec.Picture {
	r := rand.New(rand.NewPCG(3, 4))
	film := make([]codec.Picture, frames)
	for n := range film {
		p := NewPicture(width, height, color.RGBA{})
		for y := range height {
			for x := range width {
				xx, yy := x+3*n, y+n
				v := (xx*xx/512 + yy*yy/300 + xx*yy/700) & 511
				if v > 255 {
					v = 511 - v
				}
				v = v*200/255 + r.IntN(12) + 20
				set(p, x, y, color.RGBA{uint8(255 - v), uint8(v*3/4 + 30), uint8(v), 255})
			}
		}
		film[n] = p
	}
	return film
}

// Scroll is a page of text that moves up by step pixels a frame.
func Scroll(width, height, frames, step int) []codec.Picture {
	page := Page(width, height+frames*step, 1)
	all := make([]codec.Picture, frames)
	for n := range all {
		all[n] = Window(page, n*step, height)
	}
	return all
}

// Clip is the film that the benchmark of the whole plays: a zoom into the Mandelbrot set with a camera's
// noise, compressed as films on the web are. The test is skipped where there is no ffmpeg to draw it.
func Clip(t testing.TB, width, height, frames int) []codec.Picture {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg to draw the clip with")
	}
	const from = 4 // seconds, where there is something to see
	file := filepath.Join(t.TempDir(), "clip.mp4")
	run := func(args ...string) []byte {
		out, err := exec.Command("ffmpeg", append([]string{"-v", "error"}, args...)...).Output()
		if err != nil {
			t.Fatalf("ffmpeg %v: %v", args, err)
		}
		return out
	}
	run("-f", "lavfi", "-i", "mandelbrot=size=1280x720:rate=30:end_scale=0.01", "-t", strconv.Itoa(from+frames/30+1),
		"-vf", "noise=alls=6:allf=t", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", file)
	pixels := run("-ss", strconv.Itoa(from), "-i", file, "-frames:v", strconv.Itoa(frames),
		"-vf", "scale="+strconv.Itoa(width)+":"+strconv.Itoa(height), "-f", "rawvideo", "-pix_fmt", "bgra", "-")
	size := 4 * width * height
	if len(pixels) != frames*size {
		t.Fatalf("ffmpeg drew %d bytes, not %d frames of %dx%d", len(pixels), frames, width, height)
	}
	all := make([]codec.Picture, frames)
	for n := range all {
		all[n] = codec.Picture{Pix: pixels[n*size : (n+1)*size], Stride: 4 * width, Width: width, Height: height}
	}
	return all
}

// Inset is a page of text that stands still, with the given film playing at a place in it; Damage says where.
func Inset(width, height int, film []codec.Picture, at image.Point) []codec.Picture {
	page := Page(width, height, 1)
	all := make([]codec.Picture, len(film))
	for n, small := range film {
		p := page
		p.Pix = bytes.Clone(page.Pix)
		for y := range small.Height {
			copy(p.Pix[(at.Y+y)*p.Stride+4*at.X:], small.Pix[y*small.Stride:y*small.Stride+4*small.Width])
		}
		p.Damage = []image.Rectangle{{Min: at, Max: at.Add(image.Pt(small.Width, small.Height))}}
		all[n] = p
	}
	return all
}

// Blink is a page of text with a caret that comes and goes each frame; Damage says where.
func Blink(width, height, frames int) []codec.Picture {
	on, caret := Page(width, height, 1), image.Rect(301, 401, 303, 419)
	off := on
	off.Pix = bytes.Clone(on.Pix)
	Fill(on, caret, color.RGBA{0, 0, 0, 255})
	Fill(off, caret, color.RGBA{255, 255, 255, 255})
	on.Damage, off.Damage = []image.Rectangle{caret}, []image.Rectangle{caret}
	all := make([]codec.Picture, frames)
	for n := range all {
		if all[n] = on; n%2 == 1 {
			all[n] = off
		}
	}
	return all
}
