package codec

import "time"

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
	// Bitrate in bits per second for both channels, variable about this; default 128,000.
	Bitrate int
	// ExpectedLoss in percent tells how much forward error correction to carry
	// inside the packets (RFC 6716, section 2.1.7); default 10.
	ExpectedLoss int
}

// OpusEncoder encodes 48 kHz stereo.
type OpusEncoder struct{}

// NewOpusEncoder starts an encoder.
func NewOpusEncoder(cfg OpusConfig) (*OpusEncoder, error) { return nil, nil }

// FrameSamples is the length in int16 of the block that Encode takes: both
// channels, interleaved.
func (e *OpusEncoder) FrameSamples() int { return 0 }

// Encode encodes one block of FrameSamples and returns its packet, which
// belongs to the caller.
func (e *OpusEncoder) Encode(pcm []int16) ([]byte, error) { return nil, nil }

// Close frees the encoder.
func (e *OpusEncoder) Close() {}
