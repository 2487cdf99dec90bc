package stream

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
)

const (
	pictureQueue = 16 // frames: half a second; what a scheduler's hiccup needs, not a jitter buffer
	soundQueue   = 25 // blocks of 20 ms
)

// sender writes to one viewer, so that neither an encoder nor another viewer waits for it. Its goroutine is run.
type sender struct {
	video, audio *track
	writeRTCP    func([]rtcp.Packet) error
	// caughtUp is called when the queue is empty again after a frame found it full.
	caughtUp func()

	pictures, sounds chan *frame
	behind           atomic.Bool
}

func newSender(video, audio *track, writeRTCP func([]rtcp.Packet) error, caughtUp func()) *sender {
	return &sender{
		video: video, audio: audio, writeRTCP: writeRTCP, caughtUp: caughtUp,
		pictures: make(chan *frame, pictureQueue), sounds: make(chan *frame, soundQueue),
	}
}

// picture takes a frame without waiting, or says that it can't.
func (s *sender) picture(f *frame) bool {
	select {
	case s.pictures <- f:
		return true
	default:
		s.behind.Store(true)
		return false
	}
}

// sound takes a block without waiting; when it can't, the viewer's decoder conceals 20 ms.
func (s *sender) sound(f *frame) {
	select {
	case s.sounds <- f:
	default:
	}
}

// run sends until the context ends or the connection is closed.
func (s *sender) run(ctx context.Context) {
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case f := <-s.sounds:
			err = s.audio.write(f)
		case f := <-s.pictures:
			if err = s.video.write(f); errors.Is(err, errNotReady) {
				s.behind.Store(true)
			}
			if len(s.pictures) == 0 && s.behind.Swap(false) {
				s.caughtUp()
			}
		}
		if err == nil {
			err = s.report(time.Now())
		}
		if err != nil && ctx.Err() != nil {
			return
		}
	}
}

func (s *sender) report(now time.Time) error {
	var reports []rtcp.Packet
	for _, t := range []*track{s.video, s.audio} {
		if report := t.report(now); report != nil {
			reports = append(reports, report)
		}
	}
	if reports == nil {
		return nil
	}
	return s.writeRTCP(reports)
}
