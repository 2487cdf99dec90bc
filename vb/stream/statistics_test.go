package stream

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/vb/desktop/desktoptest"
	"turtus/vb/link"
)

func TestAViewerIsToldWhatItsNetworkDoes(t *testing.T) {
	r, _, _ := painted(t)
	r.narrow = &link.Config{Delay: 40 * time.Millisecond}
	p := r.open("ann", "s1")
	p.decoder().decode(p.next())
	told := func(is func(wire.StatisticsEvent) bool) wire.StatisticsEvent {
		t.Helper()
		for deadline := time.Now().Add(patience); ; {
			e, err := wire.Decode[wire.StatisticsEvent](p.event(wire.EventStatistics))
			require.NoError(t, err)
			if is(e) {
				return e
			}
			require.True(t, time.Now().Before(deadline))
		}
	}
	e := told(func(e wire.StatisticsEvent) bool {
		return e.Layer == wire.LayerHigh && e.FramesPerSecond > 0 && e.RoundTrip > 0
	})
	assert.Equal(t, "H264", e.Codec)
	assert.GreaterOrEqual(t, e.RoundTrip, float32(80))
	assert.Greater(t, e.Estimate, float32(0))
	assert.Greater(t, e.BitsPerSecond, float32(0))
	assert.Greater(t, e.Delay, float32(0))
	require.NotNil(t, e.Path)
	assert.Equal(t, wire.StatisticsEventPathPrflx, *e.Path)
	r.Prefer("ann", "s1", wire.QualitySound, false)
	told(func(e wire.StatisticsEvent) bool { return e.Layer == wire.LayerNone })
}

func TestThePathMayBeAskedForWhileTheConnectionBegins(t *testing.T) {
	r := newRoom(t, desktoptest.StartXvfb(t, 320, 240), nil)
	r.open("ann", "s1")
	r.until(func() bool { // -race tells when pion is asked too early
		v := r.viewer("ann", "s1")
		if v == nil {
			return false
		}
		path, _ := v.path()
		return path != nil
	})
}

func TestTheMetricsTellOfEachViewerAndLayer(t *testing.T) {
	r, _, _ := painted(t)
	ann := r.open("ann", "s1")
	d := ann.decoder()
	for range 5 {
		d.decode(ann.next())
	}
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(r.Streamer))
	values := func() map[string]float64 {
		families, err := registry.Gather()
		require.NoError(t, err)
		all := make(map[string]float64)
		for _, f := range families {
			for _, m := range f.GetMetric() {
				all[f.GetName()] += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
		return all
	}
	got := values()
	for _, name := range []string{
		"viewers", "viewer_frames_total", "viewer_packets_total", "viewer_bytes_total", "viewer_estimate_bits_per_second",
		"encode_seconds", "capture_to_wire_seconds", "encoded_frames_total", "encoded_bytes_total", "encoded_keyframes_total",
		"layer_cap_bits_per_second", "capturing", "captured_frames_total",
	} {
		assert.Positive(t, got["turtus_stream_"+name], name)
	}
	r.Stop("ann", "s1")
	r.until(func() bool { return r.Viewers() == 0 })
	r.until(func() bool { return values()["turtus_stream_capturing"] == 0 })
	assert.NotContains(t, values(), "turtus_stream_viewer_frames_total", "what is told of a viewer ends with its session")
	assert.NotContains(t, values(), "turtus_stream_layer_cap_bits_per_second")
}
