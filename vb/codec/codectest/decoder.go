// Package codectest decodes with libavcodec what package codec encoded, and
// draws pictures to encode. It exists for tests, which may not use cgo
// themselves, and is built into no program.
package codectest

// #cgo pkg-config: libavcodec libavutil
// #cgo CFLAGS: -O2 -Wall
// #include <stdlib.h>
// #include "decoder.h"
import "C"

import (
	"fmt"
	"image/color"
	"math"
	"testing"
	"unsafe"

	"turtus/vb/codec"
)

// VideoDecoder decodes a stream of one kind, strictly: an error in the stream fails the test.
type VideoDecoder struct {
	t testing.TB
	d *C.decoder
}

// NewVideoDecoder starts a decoder that ends with the test.
func NewVideoDecoder(t testing.TB, kind codec.VideoKind) *VideoDecoder {
	t.Helper()
	name := map[codec.VideoKind]string{codec.H264: "h264", codec.VP8: "vp8"}[kind]
	return &VideoDecoder{t, open(t, name)}
}

func open(t testing.TB, name string) *C.decoder {
	t.Helper()
	d := (*C.decoder)(C.calloc(1, C.sizeof_decoder))
	t.Cleanup(func() {
		C.decoder_close(d)
		C.free(unsafe.Pointer(d))
	})
	cName := C.CString(name)
	defer C.free(unsafe.Pointer(cName))
	if rc := C.decoder_open(d, cName); rc < 0 {
		t.Fatalf("open decoder %q: code %d (is libavcodec built with it?)", name, rc)
	}
	return d
}

func decode(d *C.decoder, data []byte) error {
	if rc := C.decoder_decode(d, (*C.uint8_t)(unsafe.SliceData(data)), C.int(len(data))); rc < 0 {
		return fmt.Errorf("decode %d bytes: code %d", len(data), rc)
	}
	return nil
}

// Frame is a decoded picture.
type Frame struct {
	Width, Height int
	// Y has Width bytes a row; U and V have Width/2.
	Y, U, V []byte
	// FullRange and the numbers of ISO/IEC 23091-2 that the stream announced; 2 means unspecified.
	FullRange                   bool
	Matrix, Primaries, Transfer int
}

// Decode decodes one packet to its picture.
func (v *VideoDecoder) Decode(data []byte) Frame {
	v.t.Helper()
	f, err := v.TryDecode(data)
	if err != nil {
		v.t.Fatal(err)
	}
	return f
}

// TryDecode is Decode with the error returned, for packets that ought not to decode.
func (v *VideoDecoder) TryDecode(data []byte) (Frame, error) {
	if err := decode(v.d, data); err != nil {
		return Frame{}, err
	}
	frame := v.d.frame
	w, h := int(frame.width), int(frame.height)
	return Frame{
		Width: w, Height: h,
		Y:         plane(frame, 0, w, h),
		U:         plane(frame, 1, (w+1)/2, (h+1)/2),
		V:         plane(frame, 2, (w+1)/2, (h+1)/2),
		FullRange: frame.color_range == C.AVCOL_RANGE_JPEG,
		Matrix:    int(frame.colorspace),
		Primaries: int(frame.color_primaries),
		Transfer:  int(frame.color_trc),
	}, nil
}

func plane(frame *C.AVFrame, i, width, height int) []byte {
	stride := int(frame.linesize[i])
	all := unsafe.Slice((*byte)(unsafe.Pointer(frame.data[i])), stride*height)
	out := make([]byte, 0, width*height)
	for y := range height {
		out = append(out, all[y*stride:y*stride+width]...)
	}
	return out
}

// At is the colour of a pixel as a browser computes it from BT.601, limited range.
func (f Frame) At(x, y int) color.RGBA {
	luma := 255.0 / 219 * (float64(f.Y[y*f.Width+x]) - 16)
	c := (y/2)*((f.Width+1)/2) + x/2
	u, v := 255.0/224*(float64(f.U[c])-128), 255.0/224*(float64(f.V[c])-128)
	level := func(v float64) uint8 { return uint8(min(max(math.Round(v), 0), 255)) }
	return color.RGBA{level(luma + 1.402*v), level(luma - 0.344136*u - 0.714136*v), level(luma + 1.772*u), 255}
}

// OpusDecoder decodes 48 kHz stereo.
type OpusDecoder struct {
	t testing.TB
	d *C.decoder
}

// NewOpusDecoder starts libopus's decoder, as browsers use; it ends with the test.
func NewOpusDecoder(t testing.TB) *OpusDecoder {
	t.Helper()
	return &OpusDecoder{t, open(t, "libopus")}
}

// Decode decodes one packet to interleaved samples.
func (o *OpusDecoder) Decode(data []byte) []int16 {
	o.t.Helper()
	if err := decode(o.d, data); err != nil {
		o.t.Fatal(err)
	}
	if o.d.frame.format != C.AV_SAMPLE_FMT_S16 {
		o.t.Fatalf("libopus decoded to sample format %d, not s16", o.d.frame.format)
	}
	samples := unsafe.Slice((*int16)(unsafe.Pointer(o.d.frame.data[0])), 2*int(o.d.frame.nb_samples))
	return append([]int16(nil), samples...)
}
