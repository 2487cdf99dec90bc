package codec

// #include "scale.h"
import "C"

import (
	"fmt"
	"image"
)

// Scaler brings an image into one of another size, for the smaller layers that
// viewers on narrow links get. Each result is the mean of the area it shows.
type Scaler struct {
	c *C.turtus_scaler
	// src and dst are the coded sizes that c was made for.
	src, dst image.Point
}

// NewScaler makes a Scaler between images made with the given sizes in pixels.
func NewScaler(srcWidth, srcHeight, dstWidth, dstHeight int) (*Scaler, error) {
	for _, side := range []int{srcWidth, srcHeight, dstWidth, dstHeight} {
		if side < 1 || side > MaxDimension {
			return nil, fmt.Errorf("%w: scale %dx%d to %dx%d", ErrInvalid, srcWidth, srcHeight, dstWidth, dstHeight)
		}
	}
	src, dst := codedSize(srcWidth, srcHeight), codedSize(dstWidth, dstHeight)
	c := C.turtus_scaler_new(C.int(src.X), C.int(src.Y), C.int(dst.X), C.int(dst.Y))
	if c == nil {
		return nil, fmt.Errorf("codec: no memory for a scaler from %v to %v", src, dst)
	}
	return &Scaler{c: c, src: src, dst: dst}, nil
}

// Scale brings what changed in src into dst. Damage is in pixels of src, as in
// Picture: nil means everything, rectangles may overlap and reach over the edge.
func (s *Scaler) Scale(dst, src *Image, damage []image.Rectangle) error {
	if s.c == nil || dst.frame == nil || src.frame == nil {
		return ErrClosed
	}
	if from, to := codedSize(src.width, src.height), codedSize(dst.width, dst.height); from != s.src || to != s.dst {
		return fmt.Errorf("%w: scaler from %v to %v given %v and %v", ErrInvalid, s.src, s.dst, from, to)
	}
	dst.version++
	whole := image.Rectangle{Max: s.src}
	if damage == nil {
		s.scale(dst, src, whole)
		return nil
	}
	for _, r := range damage {
		// Convert grows what it changes to whole pairs, so the padding of an odd side belongs to its last pixel.
		r.Max.X, r.Max.Y = r.Max.X+1, r.Max.Y+1
		if r = r.Intersect(whole); !r.Empty() {
			s.scale(dst, src, r)
		}
	}
	return nil
}

func (s *Scaler) scale(dst, src *Image, r image.Rectangle) {
	// A pixel more on each side, as chroma knows only every other.
	dst.mark(image.Rect(r.Min.X*s.dst.X/s.src.X-2, r.Min.Y*s.dst.Y/s.src.Y-2,
		(r.Max.X*s.dst.X+s.src.X-1)/s.src.X+2, (r.Max.Y*s.dst.Y+s.src.Y-1)/s.src.Y+2))
	C.turtus_scaler_scale(s.c, dst.frame, src.frame, C.int(r.Min.X), C.int(r.Min.Y), C.int(r.Max.X), C.int(r.Max.Y))
}

// Close frees the scaler.
func (s *Scaler) Close() {
	if s.c != nil {
		C.turtus_scaler_free(s.c)
		s.c = nil
	}
}
