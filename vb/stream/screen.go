package stream

import (
	"fmt"
	"time"

	"turtus/vb/codec"
)

func checkScreen(width, height, frameRate int) error {
	if width < 1 || height < 1 || width > codec.MaxDimension || height > codec.MaxDimension {
		return fmt.Errorf("%w: screen of %dx%d", ErrConfig, width, height)
	}
	if frameRate < 1 || frameRate > 120 {
		return fmt.Errorf("%w: %d frames per second", ErrConfig, frameRate)
	}
	return nil
}

// SetScreen says that the screen has been given another size, or that the frame rate's ceiling is another one. Pages are
// told, and where they point is meant on the new screen from here on; its picture begins with a keyframe. Errors: ErrConfig.
func (s *Streamer) SetScreen(width, height, frameRate int) error {
	if err := checkScreen(width, height, frameRate); err != nil {
		return err
	}
	s.frameRate.Store(int32(frameRate))
	s.picture.setSize(width, height)
	s.resized(width, height)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.owned.Go(func() {
			s.picture.do(s.ctx, func() { s.picture.pace(int(s.frameRate.Load())) })
		})
	}
	return nil
}

// pace sets the frame rate. An encoder keeps the one that it began with, so each layer gets another; nobody has to wait for
// the screen to change until it is used.
func (p *picture) pace(frameRate int) {
	if frameRate == p.frameRate {
		return
	}
	p.frameRate, p.pacer.interval = frameRate, time.Second/time.Duration(frameRate)
	for _, l := range p.layers {
		p.closeEncoder(l)
		l.wantKey = true
	}
}
