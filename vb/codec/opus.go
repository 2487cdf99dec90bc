package codec

// #include "opus.h"
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

// Opus runs at one rate and layout here, the one every WebRTC peer takes
// (RFC 7587, section 4.1).
const (
	OpusSampleRate = 48000 // per second and channel
	OpusChannels   = 2
)

// OpusConfig says how to encode sound. Zero means the default.
type OpusConfig struct {
	// FrameDuration of 10 or 20 ms; default 20 ms.
	FrameDuration time.Duration
	// Bitrate in bits per second for both channels, variable about this; 6,000
	// to 510,000, default 128,000.
	Bitrate int
	// ExpectedLoss in percent, 1 to 100, tells how much forward error correction
	// to carry in the packets (RFC 6716, section 2.1.7); default 5. libopus
	// carries it in speech-like modes alone, so up to about 40 kbit/s a
	// channel; above, music is coded by CELT, which has none.
	ExpectedLoss int
}

// OpusEncoder encodes 48 kHz stereo. The zero value is closed; use NewOpusEncoder.
type OpusEncoder struct {
	samples int
	c       C.turtus_opus
	data    *C.uint8_t
	size    C.int
}

// NewOpusEncoder starts an encoder. It returns ErrInvalid for a configuration
// out of range and ErrUnavailable where FFmpeg lacks libopus.
func NewOpusEncoder(cfg OpusConfig) (*OpusEncoder, error) {
	if cfg.FrameDuration == 0 {
		cfg.FrameDuration = 20 * time.Millisecond
	}
	if cfg.Bitrate == 0 {
		cfg.Bitrate = 128_000
	}
	if cfg.ExpectedLoss == 0 {
		cfg.ExpectedLoss = 10
	}
	switch {
	case cfg.FrameDuration != 10*time.Millisecond && cfg.FrameDuration != 20*time.Millisecond:
		return nil, fmt.Errorf("%w: Opus frames of %v", ErrInvalid, cfg.FrameDuration)
	case cfg.Bitrate < 6_000 || cfg.Bitrate > 510_000:
		return nil, fmt.Errorf("%w: Opus bitrate %d", ErrInvalid, cfg.Bitrate)
	case cfg.ExpectedLoss < 1 || cfg.ExpectedLoss > 100:
		return nil, fmt.Errorf("%w: expected loss of %d %%", ErrInvalid, cfg.ExpectedLoss)
	}
	milliseconds := int(cfg.FrameDuration / time.Millisecond)
	e := &OpusEncoder{}
	if rc := C.turtus_opus_open(&e.c, C.int(milliseconds), C.int64_t(cfg.Bitrate), C.int(cfg.ExpectedLoss)); rc < 0 {
		C.turtus_opus_close(&e.c)
		return nil, fmt.Errorf("codec: open Opus encoder: %w", ffmpegError(rc))
	}
	e.samples = OpusChannels * OpusSampleRate / 1000 * milliseconds
	return e, nil
}

// FrameSamples is the length in int16 of the block that Encode takes: both
// channels, interleaved.
func (e *OpusEncoder) FrameSamples() int { return e.samples }

// Encode encodes one block of FrameSamples and returns its packet, which
// belongs to the caller.
func (e *OpusEncoder) Encode(pcm []int16) ([]byte, error) {
	if e.c.ctx == nil {
		return nil, ErrClosed
	}
	if len(pcm) != e.samples {
		return nil, fmt.Errorf("%w: %d samples for Opus frames of %d", ErrInvalid, len(pcm), e.samples)
	}
	if rc := C.turtus_opus_encode(&e.c, (*C.int16_t)(unsafe.SliceData(pcm)), &e.data, &e.size); rc < 0 {
		return nil, fmt.Errorf("codec: encode Opus: %w", ffmpegError(rc))
	}
	return C.GoBytes(unsafe.Pointer(e.data), e.size), nil
}

// Close frees the encoder.
func (e *OpusEncoder) Close() { C.turtus_opus_close(&e.c) }
