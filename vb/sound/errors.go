package sound

import "errors"

var (
	// ErrClosed is returned by Read once Close was called.
	ErrClosed = errors.New("sound: recorder closed")
	// ErrServer wraps what the sound server refused, or that it is gone.
	ErrServer = errors.New("sound: server")
	// ErrInvalid says that an argument can never work.
	ErrInvalid = errors.New("sound: invalid argument")
)
