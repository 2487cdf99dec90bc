package codec

// #include "video.h"
import "C"

import (
	"time"
	"unsafe"
)

const (
	vp8TicksPerSecond = C.TURTUS_VP8_TICKS_PER_SECOND
	vp8ClockRange     = 8
	// The quantiser at or below which a still picture may pass for settled.
	vp8Good = 16
)

// vp8 is libvpx's encoder, by libavcodec.
type vp8 struct {
	cfg    VideoConfig
	c      C.turtus_video
	result C.turtus_video_result

	// clock counts ticks (see tick).
	clock    int64
	captured time.Duration
	// baseBitrate is what libvpx was opened with.
	baseBitrate int
	// last is the refining frame before, for settled.
	last struct{ size, qp int }
}

func newVP8(cfg VideoConfig) (*vp8, error) {
	e := &vp8{cfg: cfg}
	if err := e.start(); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *vp8) start() error {
	size := codedSize(e.cfg.Width, e.cfg.Height)
	options := C.turtus_video_options{
		width:      C.int(size.X),
		height:     C.int(size.Y),
		frame_rate: C.int(e.cfg.FrameRate),
		threads:    C.int(e.cfg.Threads),
		bitrate:    C.int64_t(e.cfg.Bitrate),
		buffer:     C.int64_t(float64(e.cfg.Bitrate) * e.cfg.Buffer.Seconds()),
	}
	if rc := C.turtus_vp8_open(&e.c, &options); rc < 0 {
		C.turtus_video_close(&e.c)
		return ffmpegError(rc)
	}
	e.baseBitrate = e.cfg.Bitrate
	return nil
}

func (e *vp8) encode(img *Image, opts EncodeOptions) (Packet, error) {
	key := C.int(0)
	if opts.Keyframe {
		key = 1
	}
	if rc := C.turtus_video_encode(&e.c, img.frame, C.int64_t(e.tick(opts.PTS)), key, &e.result); rc < 0 {
		return Packet{}, ffmpegError(rc)
	}
	packet := Packet{Data: C.GoBytes(unsafe.Pointer(e.result.data), e.result.size), Key: e.result.key != 0}
	packet.QP = vp8Quantizer(packet.Data)
	if opts.Refine {
		packet.Settled = e.settled(packet)
	} else {
		e.last.size = 0
	}
	return packet, nil
}

// settled tells whether refining has come to its end: two frames in a row that
// changed next to nothing, at the same good quantiser. One small frame alone may be the
// rate control holding its breath.
func (e *vp8) settled(packet Packet) bool {
	still := e.cfg.Width * e.cfg.Height / 512
	before := e.last
	e.last.size, e.last.qp = len(packet.Data), packet.QP
	return 0 < before.size && before.size <= still && len(packet.Data) <= still &&
		packet.QP <= vp8Good && max(before.qp, packet.QP)-min(before.qp, packet.QP) <= 1
}

// tick gives the time stamp of a frame captured at pts, in libvpx's time base.
//
// libvpx gives a frame the bits that its share of a second is worth at the
// bitrate it was opened with. libavcodec offers no way to change that
// bitrate, but time is ours to tell: at half the bitrate, libvpx's clock
// runs half as fast. And a frame after a long silence isn't worth seconds of bits.
func (e *vp8) tick(pts time.Duration) int64 {
	frame := time.Second / time.Duration(e.cfg.FrameRate)
	elapsed := min(max(pts-e.captured, frame/2), 2*frame)
	e.captured = pts
	ticks := elapsed.Seconds() * vp8TicksPerSecond * float64(e.cfg.Bitrate) / float64(e.baseBitrate)
	e.clock += max(int64(ticks), 1)
	return e.clock
}

func (e *vp8) setBitrate(bps int) error {
	e.cfg.Bitrate = bps
	if bps <= e.baseBitrate*vp8ClockRange && bps >= e.baseBitrate/vp8ClockRange {
		return nil
	}
	e.close()
	return e.start()
}

func (e *vp8) close() { C.turtus_video_close(&e.c) }
