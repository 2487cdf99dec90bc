package stream

import "errors"

var (
	// ErrConfig: a Config that can never work; the text says why.
	ErrConfig = errors.New("stream: configuration")
	// ErrNoDisplay: there is no display yet; it will be tried again.
	ErrNoDisplay = errors.New("stream: no display yet")
	// ErrNoSound: there is no sound server yet; it will be tried again.
	ErrNoSound = errors.New("stream: no sound server yet")

	errClosed     = errors.New("session closed")
	errOverloaded = errors.New("more signals than the session could follow")
	errNoAnswer   = errors.New("not connected in time")
	errFailed     = errors.New("the connection failed")
	errReplaced   = errors.New("the viewer asked for another session")
	errStopped    = errors.New("the viewer stopped it")
	errLeft       = errors.New("the viewer left")
	errSlow       = errors.New("the viewer reads its events too slowly")
)
