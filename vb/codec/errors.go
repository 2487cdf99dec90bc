package codec

import "errors"

var (
	// ErrClosed is returned by every method of a closed Image, Scaler or encoder.
	ErrClosed = errors.New("codec: closed")
	// ErrUnavailable says that the installed FFmpeg was built without the
	// encoder asked for (libvpx or libopus).
	ErrUnavailable = errors.New("codec: encoder not built into the installed FFmpeg")
	// ErrInvalid says that a configuration or an argument can never work: a
	// size of nothing, a slice too short, an image of another size.
	ErrInvalid = errors.New("codec: invalid argument")
)
