package stream

import (
	"context"
	"time"

	"github.com/pion/webrtc/v4"

	"turtus/services/wire"
)

const statisticsEvery = 2 * time.Second

// meter turns a viewer's counters into rates.
type meter struct {
	at     time.Time
	frames uint32
	bytes  uint64
	layer  wire.Layer
	quiet  bool // nothing was sent, and the viewer knows
}

// next is the event due, or false while there is nothing new: a still screen stays silent.
func (m *meter) next(now time.Time, v *viewer) (event, bool) {
	s := v.sender
	frames, _ := s.video.sent()
	bytes, layer := s.counters.bytes.Load(), s.layer.Load().(wire.Layer)
	elapsed := now.Sub(m.at).Seconds()
	df, db := frames-m.frames, bytes-m.bytes
	silent := m.at.IsZero() || db == 0 && m.quiet && layer == m.layer
	m.at, m.frames, m.bytes, m.layer = now, frames, bytes, layer
	if silent {
		return event{}, false
	}
	m.quiet = db == 0
	state := s.network.state()
	path, transport := v.path()
	return newEvent(wire.EventStatistics, wire.StatisticsEvent{
		BitsPerSecond:   float32(float64(db) * 8 / elapsed),
		FramesPerSecond: float32(float64(df) / elapsed),
		Codec:           s.video.codec(),
		Layer:           layer,
		Estimate:        float32(state.Target),
		Loss:            float32(state.Loss),
		RoundTrip:       milliseconds(state.RTT),
		Delay:           milliseconds(s.counters.delays.take()),
		Path:            path,
		Transport:       transport,
	}), true
}

func milliseconds(d time.Duration) float32 { return float32(d.Microseconds()) / 1000 }

// path is how and by what the connection reaches the agent, or nil while there is none. A relay at either end makes it a relayed
// one; else the viewer's address tells.
func (v *viewer) path() (*wire.StatisticsEventPath, *wire.StatisticsEventTransport) {
	transport := v.pc.SCTP().Transport().ICETransport()
	if transport.State() == webrtc.ICETransportStateNew {
		return nil, nil // pion may be starting it just now, and must not be asked meanwhile
	}
	pair, err := transport.GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return nil, nil
	}
	kind := pair.Remote.Typ
	if pair.Local.Typ == webrtc.ICECandidateTypeRelay {
		kind = pair.Local.Typ
	}
	by := wire.StatisticsEventTransportUdp
	if pair.Local.Protocol == webrtc.ICEProtocolTCP {
		by = wire.StatisticsEventTransportTcp
	}
	return wire.Ptr(wire.StatisticsEventPath(kind.String())), &by
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
