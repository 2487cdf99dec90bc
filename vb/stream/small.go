package stream

import (
	"image"
	"math"

	"turtus/vb/codec"
)

// small is the picture of the low layers: scaled once for all of them, and only where it changed. The zero value is ready.
type small struct {
	image  *codec.Image
	scaler *codec.Scaler
}

// smallSize is half of each side, or less for a large screen: 640 by 360 for 1920 by 1080.
func smallSize(width, height int) (int, int) {
	const pixels = 640 * 360
	factor := min(0.5, math.Sqrt(pixels/float64(width*height)))
	even := func(side int) int { return max(int(float64(side)*factor/2+0.5)*2, 2) }
	return even(width), even(height)
}

// follow brings what has changed in the whole picture into the small one; nil is all.
func (s *small) follow(whole *codec.Image, damage []image.Rectangle) error {
	if s.image != nil {
		return s.scaler.Scale(s.image, whole, damage)
	}
	width, height := whole.Size()
	w, h := smallSize(width, height)
	var err error
	if s.image, err = codec.NewImage(w, h); err != nil {
		return err
	}
	if s.scaler, err = codec.NewScaler(width, height, w, h); err != nil {
		s.close()
		return err
	}
	return s.scaler.Scale(s.image, whole, nil)
}

func (s *small) close() {
	if s.scaler != nil {
		s.scaler.Close()
	}
	if s.image != nil {
		s.image.Close()
	}
	*s = small{}
}
