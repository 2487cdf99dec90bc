package codectest

import (
	"math"

	"turtus/vb/codec"
)

// PSNR compares the frame's luma with that of the picture it came from, in
// decibels; above 45 nobody sees a difference. Identical pictures give +Inf.
func (f Frame) PSNR(p codec.Picture) float64 {
	sum := 0.0
	for i, want := range luma(p, f.Width, f.Height) {
		d := float64(want) - float64(f.Y[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(f.Width*f.Height)/sum)
}

// SSIM is how alike the luma of the frame and of its picture are to the eye, 1 at most: the mean over windows of 8 by 8
// pixels, 4 apart, as ffmpeg's and x264's (Wang et al., Image Quality Assessment: From Error Visibility to
// Structural Similarity, 2004).
func (f Frame) SSIM(p codec.Picture) float64 {
	const c1, c2 = 0.01 * 255 * 0.01 * 255, 0.03 * 255 * 0.03 * 255
	want := luma(p, f.Width, f.Height)
	sum, windows := 0.0, 0
	for top := 0; top+8 <= f.Height; top += 4 {
		for left := 0; left+8 <= f.Width; left += 4 {
			var a, b, aa, bb, ab int
			for y := top; y < top+8; y++ {
				for x := left; x < left+8; x++ {
					v, w := int(want[y*f.Width+x]), int(f.Y[y*f.Width+x])
					a, b, aa, bb, ab = a+v, b+w, aa+v*v, bb+w*w, ab+v*w
				}
			}
			ma, mb := float64(a)/64, float64(b)/64
			va, vb, cov := float64(aa)/64-ma*ma, float64(bb)/64-mb*mb, float64(ab)/64-ma*mb
			sum += (2*ma*mb + c1) * (2*cov + c2) / ((ma*ma + mb*mb + c1) * (va + vb + c2))
			windows++
		}
	}
	return sum / float64(windows)
}

// luma is the exact luma of p, rounded as any converter must, so that lossless means lossless;
// padded by its own edge to the given size.
func luma(p codec.Picture, width, height int) []byte {
	out := make([]byte, 0, width*height)
	for y := range height {
		row := p.Pix[min(y, p.Height-1)*p.Stride:]
		for x := range width {
			i := 4 * min(x, p.Width-1)
			out = append(out, byte(math.Round(16+219.0/255*(0.299*float64(row[i+2])+0.587*float64(row[i+1])+0.114*float64(row[i])))))
		}
	}
	return out
}
