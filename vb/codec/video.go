package codec

import (
	"fmt"
	"time"
)

// VideoKind names a picture codec as SDP does (RFC 6184, RFC 7741).
type VideoKind string

const (
	// H264 is by libx264, for packetization-mode=1. Packets are Annex B byte streams.
	H264 VideoKind = "H264"
	// VP8 is by libvpx. A packet is one frame.
	VP8 VideoKind = "VP8"
)

// Profile is what of H.264 a viewer's decoder must know (Rec. ITU-T H.264, annex A). In a
// fmtp line it is the first two bytes of profile-level-id, in hexadecimal.
type Profile string

const (
	// ProfileBaseline is constrained baseline, 42e0xx; every viewer's.
	ProfileBaseline Profile = "baseline"
	// ProfileMain, 4d00xx, codes coefficients arithmetically: the same picture in some 14 % fewer bytes
	// for up to a third more processor time. The best where a viewer offers it.
	ProfileMain Profile = "main"
	// ProfileHigh, 6400xx, adds the 8x8 transform: measured, text is 2 % larger and film no smaller than
	// in main. For viewers that offer high but not main.
	ProfileHigh Profile = "high"
)

// VideoConfig says what to encode. Zero means the default where one is named.
type VideoConfig struct {
	Kind VideoKind
	// Profile is of H.264 alone; default ProfileBaseline.
	Profile Profile
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
	// parameter sets). Unasked, the first frame is one, and one that shows so much
	// that is new that it would not fit Buffer otherwise.
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
)

// VideoEncoder encodes images of one size. The zero value is closed; use
// NewVideoEncoder.
type VideoEncoder struct {
	cfg VideoConfig
	// by does the work; nil when closed.
	by videoEncoder
}

// videoEncoder is an encoder of one kind. Arguments were checked, and cfg is the caller's own.
type videoEncoder interface {
	encode(img *Image, opts EncodeOptions) (Packet, error)
	// setBitrate brings cfg.Bitrate into force.
	setBitrate(bps int) error
	close()
}

// NewVideoEncoder starts an encoder. It returns ErrInvalid for a configuration
// out of range and ErrUnavailable where FFmpeg lacks the codec.
func NewVideoEncoder(cfg VideoConfig) (*VideoEncoder, error) {
	if cfg.Kind == H264 && cfg.Profile == "" {
		cfg.Profile = ProfileBaseline
	}
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
	if err := cfg.check(); err != nil {
		return nil, err
	}
	var by videoEncoder
	var err error
	if cfg.Kind == H264 {
		by, err = newH264(cfg)
	} else {
		by, err = newVP8(cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("codec: open %s encoder of %dx%d: %w", cfg.Kind, cfg.Width, cfg.Height, err)
	}
	return &VideoEncoder{cfg: cfg, by: by}, nil
}

func (cfg VideoConfig) check() error {
	known := false
	switch cfg.Kind {
	case H264:
		known = cfg.Profile == ProfileBaseline || cfg.Profile == ProfileMain || cfg.Profile == ProfileHigh
	case VP8:
		known = cfg.Profile == ""
	}
	switch {
	case !known:
		return fmt.Errorf("%w: video kind %q of profile %q", ErrInvalid, cfg.Kind, cfg.Profile)
	case cfg.Width < 1 || cfg.Height < 1 || cfg.Width > MaxDimension || cfg.Height > MaxDimension:
		return fmt.Errorf("%w: encoder of %dx%d", ErrInvalid, cfg.Width, cfg.Height)
	case cfg.FrameRate < 1 || cfg.FrameRate > maxFrameRate:
		return fmt.Errorf("%w: frame rate %d", ErrInvalid, cfg.FrameRate)
	case cfg.Bitrate < minBitrate || cfg.Bitrate > maxBitrate:
		return fmt.Errorf("%w: bitrate %d", ErrInvalid, cfg.Bitrate)
	case cfg.Buffer < 0 || cfg.Buffer > maxBuffer:
		return fmt.Errorf("%w: buffer %v", ErrInvalid, cfg.Buffer)
	case cfg.Threads < 1 || cfg.Threads > maxThreads:
		return fmt.Errorf("%w: threads %d", ErrInvalid, cfg.Threads)
	}
	return nil
}

// Encode encodes img, which must have the encoder's size, and returns its packet.
func (e *VideoEncoder) Encode(img *Image, opts EncodeOptions) (Packet, error) {
	if e.by == nil || img.frame == nil {
		return Packet{}, ErrClosed
	}
	if coded := codedSize(e.cfg.Width, e.cfg.Height); codedSize(img.width, img.height) != coded {
		return Packet{}, fmt.Errorf("%w: image of %dx%d for an encoder of %dx%d", ErrInvalid, img.width, img.height, e.cfg.Width, e.cfg.Height)
	}
	packet, err := e.by.encode(img, opts)
	if err != nil {
		return Packet{}, fmt.Errorf("codec: encode %s: %w", e.cfg.Kind, err)
	}
	return packet, nil
}

// SetBitrate moves the cap, in bits per second, from the next frame on. Values
// outside 30 kbit/s to 100 Mbit/s are brought inside. A VP8 encoder moved more
// than eightfold from its first bitrate starts anew, with a keyframe.
func (e *VideoEncoder) SetBitrate(bps int) error {
	if e.by == nil {
		return ErrClosed
	}
	e.cfg.Bitrate = min(max(bps, minBitrate), maxBitrate)
	if err := e.by.setBitrate(e.cfg.Bitrate); err != nil {
		e.Close()
		return fmt.Errorf("codec: start the %s encoder anew: %w", e.cfg.Kind, err)
	}
	return nil
}

// Config tells the configuration in force, defaults filled in.
func (e *VideoEncoder) Config() VideoConfig { return e.cfg }

// Close frees the encoder.
func (e *VideoEncoder) Close() {
	if e.by != nil {
		e.by.close()
		e.by = nil
	}
}
