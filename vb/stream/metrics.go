package stream

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"turtus/services/wire"
	"turtus/vb/stream/icetcp"
)

// metrics are what a Streamer counts for those who run it. Its values of single viewers end with their sessions.
type metrics struct {
	encode   *prometheus.HistogramVec // by layer
	delay    prometheus.Histogram
	frames   *prometheus.CounterVec // by layer
	bytes    *prometheus.CounterVec
	keys     *prometheus.CounterVec
	caps     *prometheus.GaugeVec
	input    *prometheus.CounterVec // by result
	capture  prometheus.Gauge
	captures prometheus.Counter
}

func newMetrics() *metrics {
	layer := []string{"codec", "layer"}
	counter := func(name, help string, labels []string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "turtus_stream_" + name, Help: help}, labels)
	}
	return &metrics{
		encode: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "turtus_stream_encode_seconds", Help: "Time to encode a frame.",
			Buckets: []float64{.001, .002, .004, .006, .008, .012, .016, .024, .033, .05, .1},
		}, layer),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "turtus_stream_capture_to_wire_seconds", Help: "Time from a frame's capture to its last packet's handing to a socket, over all viewers.",
			Buckets: []float64{.002, .004, .008, .012, .016, .024, .033, .05, .075, .1, .15, .25, .5, 1},
		}),
		frames: counter("encoded_frames_total", "Frames encoded.", layer),
		bytes:  counter("encoded_bytes_total", "Bytes encoded.", layer),
		keys:   counter("encoded_keyframes_total", "Keyframes encoded.", layer),
		caps: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "turtus_stream_layer_cap_bits_per_second", Help: "The cap of each layer whose encoder runs.",
		}, layer),
		input: counter("input_frames_total", "Input frames by what became of them.", []string{"result"}),
		capture: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "turtus_stream_capturing", Help: "1 while the screen is captured.",
		}),
		captures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "turtus_stream_captured_frames_total", Help: "Changes of the screen that were captured.",
		}),
	}
}

func (l *layer) labels() prometheus.Labels {
	size := wire.LayerHigh
	if l.low {
		size = wire.LayerLow
	}
	return prometheus.Labels{"codec": string(l.kind), "layer": string(size)}
}

// encoded counts a frame of a layer.
func (m *metrics) encoded(l *layer, f *frame, took time.Duration) {
	labels := l.labels()
	m.encode.With(labels).Observe(took.Seconds())
	if f == nil {
		return
	}
	m.frames.With(labels).Inc()
	m.bytes.With(labels).Add(float64(f.bytes))
	if f.key {
		m.keys.With(labels).Inc()
	}
}

var (
	viewersMetric = prometheus.NewDesc("turtus_stream_viewers", "Sessions by the layer that they receive.", []string{"layer"}, nil)

	perViewer = []string{"peer"}
	ofViewers = []viewerMetric{
		newViewerMetric("viewer_frames_total", "Frames of the picture sent.", prometheus.CounterValue,
			func(s *sender) float64 { return float64(s.video.frames.Load()) }),
		newViewerMetric("viewer_packets_total", "Packets of the picture sent, without what was sent again.", prometheus.CounterValue,
			func(s *sender) float64 { return float64(s.video.packets.Load()) }),
		newViewerMetric("viewer_sound_packets_total", "Packets of the sound sent.", prometheus.CounterValue,
			func(s *sender) float64 { return float64(s.audio.packets.Load()) }),
		newViewerMetric("viewer_spared_calls_total", "System calls that packets did not need, for they left by another's.", prometheus.CounterValue,
			func(s *sender) float64 { return float64(s.bunch.Spared.Load()) }),
		newViewerMetric("viewer_refused_bunches_total", "Bunches of packets that the kernel did not cut, which left one by one.", prometheus.CounterValue,
			func(s *sender) float64 { return float64(s.bunch.Refused.Load()) }),
		newViewerMetric("viewer_bytes_total", "Bytes sent, as RTP.", prometheus.CounterValue,
			func(s *sender) float64 { return float64(s.counters.bytes.Load()) }),
		newViewerMetric("viewer_retransmissions_total", "Packets sent again because they were asked for.", prometheus.CounterValue,
			func(s *sender) float64 { return float64(s.counters.retransmissions.Load()) }),
		newViewerMetric("viewer_duplicates_total", "Packets sent again unasked: against loss, and to probe.", prometheus.CounterValue,
			func(s *sender) float64 { return float64(s.counters.duplicates.Load()) }),
		newViewerMetric("viewer_nacks_total", "Packets asked for again.", prometheus.CounterValue,
			func(s *sender) float64 { return float64(s.counters.nacks.Load()) }),
		newViewerMetric("viewer_keyframe_requests_total", "Keyframes asked for (PLI, FIR).", prometheus.CounterValue,
			func(s *sender) float64 { return float64(s.counters.requests.Load()) }),
		newViewerMetric("viewer_dropped_queues_total", "Times that all waiting frames were dropped.", prometheus.CounterValue,
			func(s *sender) float64 { return float64(s.counters.dropped.Load()) }),
		newViewerMetric("viewer_estimate_bits_per_second", "What the viewer's network is thought to carry.", prometheus.GaugeValue,
			func(s *sender) float64 { return float64(s.network.rate()) }),
		newViewerMetric("viewer_loss_ratio", "Share of packets that did not arrive, of the last seconds.", prometheus.GaugeValue,
			func(s *sender) float64 { return s.network.state().Loss }),
		newViewerMetric("viewer_round_trip_seconds", "Round trip, 0 while unknown.", prometheus.GaugeValue,
			func(s *sender) float64 { return s.network.state().RTT.Seconds() }),
		newViewerMetric("viewer_queue_delay_seconds", "What packets wait in the network.", prometheus.GaugeValue,
			func(s *sender) float64 { return s.network.state().QueueDelay.Seconds() }),
	}
)

// viewerMetric is read from a viewer's sender when it is asked for.
type viewerMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*sender) float64
}

func newViewerMetric(name, help string, kind prometheus.ValueType, value func(*sender) float64) viewerMetric {
	return viewerMetric{prometheus.NewDesc("turtus_stream_"+name, help, perViewer, nil), kind, value}
}

func (m *metrics) parts() []prometheus.Collector {
	return []prometheus.Collector{m.encode, m.delay, m.frames, m.bytes, m.keys, m.caps, m.input, m.capture, m.captures}
}

// ofTCP are of the port for viewers whose network lets no UDP through.
var ofTCP = []struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*icetcp.Counters) float64
}{
	{prometheus.NewDesc("turtus_stream_tcp_connections", "TCP connections to the media port.", nil, nil), prometheus.GaugeValue,
		func(c *icetcp.Counters) float64 { return float64(c.Streams.Load()) }},
	{prometheus.NewDesc("turtus_stream_tcp_refused_total", "TCP connections closed for a bound, or because they were nobody's.", nil, nil), prometheus.CounterValue,
		func(c *icetcp.Counters) float64 { return float64(c.Refused.Load()) }},
	{prometheus.NewDesc("turtus_stream_tcp_dropped_packets_total", "Packets lost because a viewer took less by TCP than it was sent.", nil, nil), prometheus.CounterValue,
		func(c *icetcp.Counters) float64 { return float64(c.Dropped.Load()) }},
}

// Describe implements prometheus.Collector.
func (s *Streamer) Describe(to chan<- *prometheus.Desc) {
	for _, part := range s.metrics.parts() {
		part.Describe(to)
	}
	to <- viewersMetric
	for _, m := range ofViewers {
		to <- m.desc
	}
	for _, m := range ofTCP {
		to <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (s *Streamer) Collect(to chan<- prometheus.Metric) {
	for _, part := range s.metrics.parts() {
		part.Collect(to)
	}
	counts := map[wire.Layer]int{wire.LayerHigh: 0, wire.LayerLow: 0, wire.LayerNone: 0}
	for _, v := range s.everyone() {
		counts[v.sender.layer.Load().(wire.Layer)]++
		for _, m := range ofViewers {
			to <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(v.sender), string(v.peer))
		}
	}
	if mux := s.transport.tcp; mux != nil {
		for _, m := range ofTCP {
			to <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(&mux.Counters))
		}
	}
	for layer, n := range counts {
		to <- prometheus.MustNewConstMetric(viewersMetric, prometheus.GaugeValue, float64(n), string(layer))
	}
}
