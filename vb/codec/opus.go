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
	// FrameDuration of 10 or 20 ms; default 10 ms.
	FrameDuration time.Duration
	// Bitrate in bits per second for both channels, variable about this; 6,000
	// to 510,000, default 128,000.
	Bitrate int
	// ExpectedLoss in percent, 1 to 100, tells how much forward error correction
	// to carry in the packets (RFC 6716, section 2.1.7); default 5. libopus
	// carries it in speech-like modes alone, which it takes the sooner the more
	// is lost; music is coded by CELT, which has none.
	ExpectedLoss int
}

// OpusEncoder encodes 48 kHz stereo. The zero value is closed; use NewOpusEncoder.
type OpusEncoder struct {
	cfg     OpusConfig
	samples int
	last    []int16 // the block encoded last; empty before the first
	c       C.turtus_opus
	data    *C.uint8_t
	size    C.int
}

// NewOpusEncoder starts an encoder. It returns ErrInvalid for a configuration
// out of range and ErrUnavailable where FFmpeg lacks libopus.
func NewOpusEncoder(cfg OpusConfig) (*OpusEncoder, error) {
	if cfg.FrameDuration == 0 {
		cfg.FrameDuration = 10 * time.Millisecond
	}
	if cfg.Bitrate == 0 {
		cfg.Bitrate = 128_000
	}
	if cfg.ExpectedLoss == 0 {
		cfg.ExpectedLoss = 5
	}
	switch {
	case cfg.FrameDuration != 10*time.Millisecond && cfg.FrameDuration != 20*time.Millisecond:
		return nil, fmt.Errorf("%w: Opus frames of %v", ErrInvalid, cfg.FrameDuration)
	case cfg.Bitrate < 6_000 || cfg.Bitrate > 510_000:
		return nil, fmt.Errorf("%w: Opus bitrate %d", ErrInvalid, cfg.Bitrate)
	case cfg.ExpectedLoss < 1 || cfg.ExpectedLoss > 100:
		return nil, fmt.Errorf("%w: expected loss of %d %%", ErrInvalid, cfg.ExpectedLoss)
	}
	e := &OpusEncoder{cfg: cfg, samples: OpusChannels * OpusSampleRate / 1000 * int(cfg.FrameDuration/time.Millisecond)}
	if err := e.open(); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *OpusEncoder) open() error {
	milliseconds := C.int(e.cfg.FrameDuration / time.Millisecond)
	if rc := C.turtus_opus_open(&e.c, milliseconds, C.int64_t(e.cfg.Bitrate), C.int(e.cfg.ExpectedLoss)); rc < 0 {
		C.turtus_opus_close(&e.c)
		return fmt.Errorf("codec: open Opus encoder: %w", ffmpegError(rc))
	}
	return nil
}

// SetLoss tells how many of a hundred packets are expected to be lost from now on; see OpusConfig.ExpectedLoss.
// libavcodec takes it at the start alone, so another encoder takes over, which hears the last block first: a listener
// notices nothing.
func (e *OpusEncoder) SetLoss(percent int) error {
	switch {
	case e.c.ctx == nil:
		return ErrClosed
	case percent < 1 || percent > 100:
		return fmt.Errorf("%w: expected loss of %d %%", ErrInvalid, percent)
	case percent == e.cfg.ExpectedLoss:
		return nil
	}
	next := &OpusEncoder{cfg: e.cfg, samples: e.samples}
	next.cfg.ExpectedLoss = percent
	if err := next.open(); err != nil {
		return err
	}
	if len(e.last) > 0 {
		if _, err := next.Encode(e.last); err != nil {
			next.Close()
			return err
		}
	}
	e.Close()
	*e = *next
	return nil
}

// Delay is by how much what a decoder puts out for a packet lies before the block that the packet was made of: the
// encoder looks ahead.
func (e *OpusEncoder) Delay() time.Duration {
	if e.c.ctx == nil {
		return 0
	}
	return time.Duration(e.c.ctx.initial_padding) * time.Second / OpusSampleRate
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
	e.last = append(e.last[:0], pcm...)
	return C.GoBytes(unsafe.Pointer(e.data), e.size), nil
}

// Close frees the encoder.
func (e *OpusEncoder) Close() { C.turtus_opus_close(&e.c) }
