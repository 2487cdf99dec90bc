package stream

import (
	"context"
	"time"

	"turtus/services/wire"
)

const statisticsEvery = 2 * time.Second

// meter turns a viewer's counters into rates.
type meter struct {
	at             time.Time
	frames, octets uint32
	quiet          bool // nothing was sent, and the viewer knows
}

// next is the event due, or false while there is nothing new: a still screen stays silent.
func (m *meter) next(now time.Time, v *viewer) (event, bool) {
	frames, octets := v.sender.video.sent()
	_, sound := v.sender.audio.sent()
	octets += sound
	elapsed := now.Sub(m.at).Seconds()
	df, do := frames-m.frames, octets-m.octets
	first := m.at.IsZero()
	m.at, m.frames, m.octets = now, frames, octets
	if first || do == 0 && m.quiet {
		return event{}, false
	}
	m.quiet = do == 0
	return newEvent(wire.EventStatistics, wire.StatisticsEvent{
		BitsPerSecond:   float32(float64(do) * 8 / elapsed),
		FramesPerSecond: float32(float64(df) / elapsed),
		Codec:           v.sender.video.codec(),
	}), true
}

// runStatistics tells each viewer what it is sent, while there are any.
func (s *Streamer) runStatistics(ctx context.Context) {
	s.watched.while(ctx, s.tellStatistics, func(error) {})
}

func (s *Streamer) tellStatistics(ctx context.Context) error {
	meters := make(map[*viewer]*meter)
	ticker := time.NewTicker(statisticsEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			all := s.everyone()
			known := make(map[*viewer]*meter, len(all))
			for _, v := range all {
				m := meters[v]
				if m == nil {
					m = &meter{}
				}
				known[v] = m
				if e, ok := m.next(now, v); ok {
					v.tell(e)
				}
			}
			meters = known
		}
	}
}
