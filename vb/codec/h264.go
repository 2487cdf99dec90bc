package codec

// #include <stdlib.h>
// #include "h264.h"
import "C"

import (
	"errors"
	"unsafe"
)

var errX264 = errors.New("x264 refused")

// h264 is libx264's encoder. Called directly and not by libavcodec, it can be told each frame's quantiser, which
// macroblocks have not changed, and how thoroughly to search motion.
type h264 struct {
	c         *C.turtus_h264
	rate      rateControl
	unchanged []byte // c's, one byte a macroblock
	// shown is the image, and its version, that the last frame showed.
	shown   *Image
	version uint64
}

func newH264(cfg VideoConfig) (*h264, error) {
	size := codedSize(cfg.Width, cfg.Height)
	profile := C.CString(string(cfg.Profile))
	defer C.free(unsafe.Pointer(profile))
	e := &h264{c: (*C.turtus_h264)(C.calloc(1, C.sizeof_turtus_h264)), rate: newRateControl(cfg)}
	if C.turtus_h264_open(e.c, &C.turtus_h264_options{
		width:      C.int(size.X),
		height:     C.int(size.Y),
		frame_rate: C.int(cfg.FrameRate),
		threads:    C.int(cfg.Threads),
		profile:    profile,
	}) < 0 {
		e.close()
		return nil, errX264
	}
	e.unchanged = unsafe.Slice((*byte)(e.c.unchanged), len(newVersions(size)))
	return e, nil
}

func (e *h264) encode(img *Image, opts EncodeOptions) (Packet, error) {
	key := opts.Keyframe || e.shown == nil
	p := e.rate.plan(opts.PTS, e.compare(img), key, opts.Refine)
	result, err := e.frame(img, p, key)
	for err == nil && e.rate.overflows(int(result.size), &p) {
		// What was coded is forgotten: nobody received it, and a keyframe builds on nothing.
		result, err = e.frame(img, p, true)
	}
	if err != nil {
		return Packet{}, err
	}
	e.rate.spent(int(result.size), p)
	e.shown, e.version = img, img.version
	return Packet{
		Data:    C.GoBytes(unsafe.Pointer(result.data), result.size),
		Key:     result.key != 0,
		QP:      p.quantizer,
		Settled: opts.Refine && e.rate.settled(),
	}, nil
}

// search is how thoroughly the planned frame is coded.
func search(p plan) C.turtus_h264_search {
	switch {
	case p.content == still:
		return C.TURTUS_SEARCH_STILL
	case p.good():
		return C.TURTUS_SEARCH_THOROUGH
	default:
		return C.TURTUS_SEARCH_QUICK
	}
}

func (e *h264) frame(img *Image, p plan, key bool) (result C.turtus_video_result, err error) {
	asked := 0
	if key {
		asked = 1
	}
	if C.turtus_h264_encode(e.c, img.frame, C.int(p.quantizer), C.int(asked), search(p), &result) < 0 {
		err = errX264
	}
	return result, err
}

// compare marks the macroblocks of img that show what the last frame showed, and counts the others.
func (e *h264) compare(img *Image) (changed int) {
	for i, version := range img.versions {
		e.unchanged[i] = C.X264_MBINFO_CONSTANT
		if e.shown != img || version > e.version {
			e.unchanged[i] = 0
			changed++
		}
	}
	return changed
}

func (e *h264) setBitrate(bps int) error {
	e.rate.setBitrate(bps)
	return nil
}

func (e *h264) close() {
	C.turtus_h264_close(e.c)
	C.free(unsafe.Pointer(e.c))
}
