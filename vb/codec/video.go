package codec

// #include "video.h"
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

// VideoKind names a picture codec as SDP does (RFC 6184, RFC 7741).
type VideoKind string

const (
	// H264 is constrained baseline by libx264: what "profile-level-id=42e01f"
	// with packetization-mode=1 announces. Packets are Annex B byte streams.
	H264 VideoKind = "H264"
	// VP8 is by libvpx. A packet is one frame.
	VP8 VideoKind = "VP8"
)

// VideoConfig says what to encode. Zero means the default where one is named.
type VideoConfig struct {
	Kind VideoKind
	// Width and Height are the size in pixels of the images to come.
	Width, Height int
	// FrameRate is the ceiling in frames a second; default 30. Frames may come
	// at any slower pace.
	FrameRate int
	// Bitrate is the cap in bits per second; default 3,000,000. Quiet pictures
	// take far less: quality is constant, the cap only binds when much moves.
	Bitrate int
	// Buffer is how long a full-rate burst the cap tolerates, so how long a
	// keyframe may take on a link of just Bitrate; default 250 ms.
	Buffer time.Duration
	// Threads that may work on one frame; default 1. More shortens a frame's
	// delay and costs some compression.
	Threads int
}

// EncodeOptions are one frame's wishes.
type EncodeOptions struct {
	// Keyframe asks for a frame that a newcomer can start from (an IDR with its
	// parameter sets). The first frame is one unasked.
	Keyframe bool
	// Refine spends bits on quality instead of motion: give the same picture
	// again with Refine set until Packet.Settled says that it is nearly lossless.
	Refine bool
	// PTS is the capture time on any clock that does not run backwards.
	PTS time.Duration
}

// Packet is one encoded frame.
type Packet struct {
	// Data belongs to the caller.
	Data []byte
	// Key says that decoding can start here.
	Key bool
	// QP is the quantiser: for H.264 the frame's mean, 0 (best) to 51; for VP8
	// the base index, 0 to 127; -1 where it can't be told.
	QP int
	// Settled says that a further refining frame of this picture would show
	// nothing new. Only ever set when Refine was.
	Settled bool
}

const (
	defaultFrameRate = 30
	defaultBitrate   = 3_000_000
	defaultBuffer    = 250 * time.Millisecond

	minBitrate   = 30_000
	maxBitrate   = 100_000_000
	maxBuffer    = 5 * time.Second
	maxFrameRate = 120
	maxThreads   = 16

	vp8TicksPerSecond = C.TURTUS_VP8_TICKS_PER_SECOND
	vp8ClockRange     = 8

	// x264's constant rate factors, and where they come from: on text, 25 keeps
	// luma near 49 dB in motion, and refining with 20 ends near 55 dB (beyond sight) in
	// some ten frames. Lower ones cost twice the bytes for what nobody sees.
	motionQuality = 25.0
	refineQuality = 20.0
	// The quantisers at or below which a still picture may pass for settled.
	h264Good = 20
	vp8Good  = 16
)

// VideoEncoder encodes images of one size. The zero value is closed; use
// NewVideoEncoder.
type VideoEncoder struct {
	cfg    VideoConfig
	open   bool
	c      C.turtus_video
	result C.turtus_video_result

	// clock counts H.264's frames, or VP8's ticks (see tick).
	clock    int64
	captured time.Duration
	// baseBitrate is what libvpx was opened with.
	baseBitrate int
	// last is the refining frame before, for Settled.
	last struct{ size, qp int }
}

// NewVideoEncoder starts an encoder. It returns ErrInvalid for a configuration
// out of range and ErrUnavailable where FFmpeg lacks the codec.
func NewVideoEncoder(cfg VideoConfig) (*VideoEncoder, error) {
	if cfg.FrameRate == 0 {
		cfg.FrameRate = defaultFrameRate
	}
	if cfg.Bitrate == 0 {
		cfg.Bitrate = defaultBitrate
	}
	if cfg.Buffer == 0 {
		cfg.Buffer = defaultBuffer
	}
	if cfg.Threads == 0 {
		cfg.Threads = 1
	}
	switch {
	case cfg.Kind != H264 && cfg.Kind != VP8:
		return nil, fmt.Errorf("%w: video kind %q", ErrInvalid, cfg.Kind)
	case cfg.Width < 1 || cfg.Height < 1 || cfg.Width > MaxDimension || cfg.Height > MaxDimension:
		return nil, fmt.Errorf("%w: encoder of %dx%d", ErrInvalid, cfg.Width, cfg.Height)
	case cfg.FrameRate < 1 || cfg.FrameRate > maxFrameRate:
		return nil, fmt.Errorf("%w: frame rate %d", ErrInvalid, cfg.FrameRate)
	case cfg.Bitrate < minBitrate || cfg.Bitrate > maxBitrate:
		return nil, fmt.Errorf("%w: bitrate %d", ErrInvalid, cfg.Bitrate)
	case cfg.Buffer < 0 || cfg.Buffer > maxBuffer:
		return nil, fmt.Errorf("%w: buffer %v", ErrInvalid, cfg.Buffer)
	case cfg.Threads < 1 || cfg.Threads > maxThreads:
		return nil, fmt.Errorf("%w: threads %d", ErrInvalid, cfg.Threads)
	}
	e := &VideoEncoder{cfg: cfg}
	if err := e.start(); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *VideoEncoder) start() error {
	size := codedSize(e.cfg.Width, e.cfg.Height)
	options := C.turtus_video_options{
		width:      C.int(size.X),
		height:     C.int(size.Y),
		frame_rate: C.int(e.cfg.FrameRate),
		threads:    C.int(e.cfg.Threads),
		bitrate:    C.int64_t(e.cfg.Bitrate),
		buffer:     C.int64_t(e.bufferBits()),
		quality:    motionQuality,
	}
	var rc C.int
	if e.cfg.Kind == H264 {
		rc = C.turtus_h264_open(&e.c, &options)
	} else {
		rc = C.turtus_vp8_open(&e.c, &options)
	}
	if rc < 0 {
		C.turtus_video_close(&e.c)
		return fmt.Errorf("codec: open %s encoder of %v: %w", e.cfg.Kind, size, ffmpegError(rc))
	}
	e.open = true
	e.baseBitrate = e.cfg.Bitrate
	return nil
}

func (e *VideoEncoder) bufferBits() int64 {
	return int64(float64(e.cfg.Bitrate) * e.cfg.Buffer.Seconds())
}

// Encode encodes img, which must have the encoder's size, and returns its packet.
func (e *VideoEncoder) Encode(img *Image, opts EncodeOptions) (Packet, error) {
	if !e.open || img.frame == nil {
		return Packet{}, ErrClosed
	}
	if coded := codedSize(e.cfg.Width, e.cfg.Height); codedSize(img.width, img.height) != coded {
		return Packet{}, fmt.Errorf("%w: image of %dx%d for an encoder of %dx%d", ErrInvalid, img.width, img.height, e.cfg.Width, e.cfg.Height)
	}
	quality := motionQuality
	if opts.Refine {
		quality = refineQuality
	}
	key := C.int(0)
	if opts.Keyframe {
		key = 1
	}
	if rc := C.turtus_video_encode(&e.c, img.frame, C.int64_t(e.tick(opts.PTS)), key, C.double(quality), &e.result); rc < 0 {
		return Packet{}, fmt.Errorf("codec: encode %s: %w", e.cfg.Kind, ffmpegError(rc))
	}
	packet := Packet{
		Data: C.GoBytes(unsafe.Pointer(e.result.data), e.result.size),
		Key:  e.result.key != 0,
		QP:   int(e.result.qp),
	}
	if e.cfg.Kind == VP8 {
		packet.QP = vp8Quantizer(packet.Data)
	}
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
func (e *VideoEncoder) settled(packet Packet) bool {
	still, good := e.cfg.Width*e.cfg.Height/512, h264Good
	if e.cfg.Kind == VP8 {
		good = vp8Good
	}
	before := e.last
	e.last.size, e.last.qp = len(packet.Data), packet.QP
	return 0 < before.size && before.size <= still && len(packet.Data) <= still &&
		packet.QP <= good && max(before.qp, packet.QP)-min(before.qp, packet.QP) <= 1
}

// tick gives the time stamp of a frame captured at pts, in the encoder's time base.
func (e *VideoEncoder) tick(pts time.Duration) int64 {
	if e.cfg.Kind == H264 {
		// x264 would delay each frame by one if it were to look at real times
		// (b_vfr_input), so it counts frames.
		e.clock++
		return e.clock
	}
	// libvpx gives a frame the bits that its share of a second is worth at the
	// bitrate it was opened with. libavcodec offers no way to change that
	// bitrate, but time is ours to tell: at half the bitrate, libvpx's clock
	// runs half as fast. And a frame after a long silence isn't worth seconds of bits.
	frame := time.Second / time.Duration(e.cfg.FrameRate)
	elapsed := min(max(pts-e.captured, frame/2), 2*frame)
	e.captured = pts
	ticks := elapsed.Seconds() * vp8TicksPerSecond * float64(e.cfg.Bitrate) / float64(e.baseBitrate)
	e.clock += max(int64(ticks), 1)
	return e.clock
}

// SetBitrate moves the cap, in bits per second, from the next frame on. Values
// outside 30 kbit/s to 100 Mbit/s are brought inside. A VP8 encoder moved more
// than eightfold from its first bitrate starts anew, with a keyframe.
func (e *VideoEncoder) SetBitrate(bps int) error {
	if !e.open {
		return ErrClosed
	}
	e.cfg.Bitrate = min(max(bps, minBitrate), maxBitrate)
	if e.cfg.Kind == H264 {
		C.turtus_h264_set_rate(&e.c, C.int64_t(e.cfg.Bitrate), C.int64_t(e.bufferBits()))
		return nil
	}
	if e.cfg.Bitrate > e.baseBitrate*vp8ClockRange || e.cfg.Bitrate < e.baseBitrate/vp8ClockRange {
		e.Close()
		return e.start()
	}
	return nil
}

// Config tells the configuration in force, defaults filled in.
func (e *VideoEncoder) Config() VideoConfig { return e.cfg }

// Close frees the encoder.
func (e *VideoEncoder) Close() {
	if e.open {
		C.turtus_video_close(&e.c)
		e.open = false
	}
}
