package codec

// #include "image.h"
import "C"

import "fmt"

// Scaler brings an image into one of another size, for the smaller layers that
// viewers on narrow links get.
type Scaler struct {
	ctx *C.struct_SwsContext
	// src and dst are the coded sizes that ctx was made for.
	srcWidth, srcHeight, dstWidth, dstHeight int
}

// NewScaler makes a Scaler between images made with the given sizes in pixels.
func NewScaler(srcWidth, srcHeight, dstWidth, dstHeight int) (*Scaler, error) {
	for _, side := range []int{srcWidth, srcHeight, dstWidth, dstHeight} {
		if side < 1 || side > MaxDimension {
			return nil, fmt.Errorf("%w: scale %dx%d to %dx%d", ErrInvalid, srcWidth, srcHeight, dstWidth, dstHeight)
		}
	}
	src, dst := codedSize(srcWidth, srcHeight), codedSize(dstWidth, dstHeight)
	ctx := C.turtus_scaler_new(C.int(src.X), C.int(src.Y), C.int(dst.X), C.int(dst.Y))
	if ctx == nil {
		return nil, fmt.Errorf("codec: no scaler from %v to %v", src, dst)
	}
	return &Scaler{ctx: ctx, srcWidth: src.X, srcHeight: src.Y, dstWidth: dst.X, dstHeight: dst.Y}, nil
}

// Scale fills the whole of dst from the whole of src.
func (s *Scaler) Scale(dst, src *Image) error {
	if s.ctx == nil || dst.frame == nil || src.frame == nil {
		return ErrClosed
	}
	sw, sh := src.CodedSize()
	dw, dh := dst.CodedSize()
	if sw != s.srcWidth || sh != s.srcHeight || dw != s.dstWidth || dh != s.dstHeight {
		return fmt.Errorf("%w: scaler from %dx%d to %dx%d given %dx%d and %dx%d", ErrInvalid,
			s.srcWidth, s.srcHeight, s.dstWidth, s.dstHeight, sw, sh, dw, dh)
	}
	if rc := C.turtus_scaler_scale(s.ctx, dst.frame, src.frame); rc < 0 {
		return fmt.Errorf("codec: scale: %w", ffmpegError(rc))
	}
	return nil
}

// Close frees the scaler.
func (s *Scaler) Close() {
	if s.ctx != nil {
		C.sws_freeContext(s.ctx)
		s.ctx = nil
	}
}
