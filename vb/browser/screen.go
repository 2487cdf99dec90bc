package browser

import (
	"fmt"
	"sync"
)

// The largest screen of a room (Screen in the contract). Xvfb starts with it, for it never grows beyond its first size.
const largestWidth, largestHeight = 1920, 1080

// screen is the size that Xvfb's screen is to have, also after a restart.
type screen struct {
	resize func(display string, width, height int) error // nil: it is fixed

	mostWidth, mostHeight int // what Xvfb is started with

	mu            sync.Mutex // held while the screen changes, so that the last size is in force
	width, height int
}

func newScreen(cfg Config) *screen {
	s := &screen{resize: cfg.Resize, width: cfg.Width, height: cfg.Height, mostWidth: cfg.Width, mostHeight: cfg.Height}
	if s.resize != nil {
		s.mostWidth, s.mostHeight = max(cfg.Width, largestWidth), max(cfg.Height, largestHeight)
	}
	return s
}

func (s *screen) set(display string, width, height int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resize == nil || width > s.mostWidth || height > s.mostHeight || width < 1 || height < 1 {
		return fmt.Errorf("%w: %dx%d", ErrScreen, width, height)
	}
	s.width, s.height = width, height
	if display == "" {
		return nil // the first Xvfb starts with it
	}
	return s.apply(display)
}

// restore is for an Xvfb that has just started.
func (s *screen) restore(display string) error {
	if s.resize == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.apply(display)
}

func (s *screen) apply(display string) error {
	if err := s.resize(display, s.width, s.height); err != nil {
		return fmt.Errorf("set the screen to %dx%d: %w", s.width, s.height, err)
	}
	return nil
}
