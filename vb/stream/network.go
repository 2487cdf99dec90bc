package stream

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"turtus/vb/stream/congestion"
)

const (
	// initialRate is what a viewer's network is thought to carry until it was heard of, in bits per second.
	initialRate = 3_000_000
	// firstRate is how fast a viewer's first picture leaves, before anything is known: it must be there at once, and it is
	// also the first look at what the network carries.
	firstRate = 25_000_000
	// lossLeast and lossMost are how many packets the mean of the loss is of: at first, and later.
	lossLeast, lossMost = 50, 400
	// expireEvery is how often silence is looked for while packets go.
	expireEvery = 200 * time.Millisecond
)

// network is what is known of the way to one viewer. All may call it.
type network struct {
	mu        sync.Mutex
	estimator *congestion.Estimator
	expired   time.Time
	last      congestion.State
	packets   float64 // that loss is the mean of
	loss      float64
	roundTrip time.Duration // by receiver reports

	target  atomic.Int64
	full    atomic.Bool // more was sent than it carries
	reports atomic.Uint64
}

func newNetwork() *network {
	n := &network{estimator: congestion.New(congestion.Config{Initial: initialRate})}
	n.last.Target, n.packets = initialRate, lossLeast
	n.target.Store(initialRate)
	return n
}

// sent notes a packet that leaves.
func (n *network) sent(number uint16, bytes int, at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.estimator.Sent(number, bytes, at)
	if at.Sub(n.expired) > expireEvery {
		n.expired = at
		n.estimator.Expire(at)
		n.note()
	}
}

func (n *network) note() {
	n.last = n.estimator.State()
	n.target.Store(int64(n.last.Target))
	n.full.Store(n.last.Overusing)
}

// feedback takes a viewer's transport-wide report.
func (n *network) feedback(report *rtcp.TransportLayerCC, at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.estimator.Feedback(report, at)
	n.note()
	n.reports.Add(1)
	if told := float64(report.PacketStatusCount); told > 0 {
		n.packets = min(n.packets+told, lossMost)
		n.loss += (float64(len(report.RecvDeltas)) - told*(1-n.loss)) / -n.packets
		n.loss = min(max(n.loss, 0), 1)
	}
}

// heard tells whether the viewer has reported anything: before, all is guessed.
func (n *network) heard() bool { return n.reports.Load() > 0 }

// state is what was known when the viewer last reported.
func (n *network) state() congestion.State {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.last
	if s.RTT == 0 {
		s.RTT = n.roundTrip
	}
	return s
}

// lossy is the share of the latest packets that got lost. It is counted by packets, not by time as the state's is: between
// two clicks a network does not become better.
func (n *network) lossy() float64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.loss
}

// rate is what may be sent, in bits per second.
func (n *network) rate() int { return int(n.target.Load()) }

// gap is how long a packet that was sent again may still be on its way. The round trip has in it what the viewer waits
// before it reports; a request takes no such wait.
func (n *network) gap() time.Duration { return max(n.state().RTT*3/4, 10*time.Millisecond) }

// receiverReport takes the round trip out of a report (RFC 3550 section 6.4.1), with now as NTP time.
func (n *network) receiverReport(report rtcp.ReceptionReport, now uint64) {
	if report.LastSenderReport == 0 {
		return
	}
	units := uint32(now>>16) - report.LastSenderReport - report.Delay // of 1/65536 s
	if trip := time.Duration(units) * time.Second / 65536; trip < 10*time.Second {
		n.mu.Lock()
		n.roundTrip = trip
		n.mu.Unlock()
	}
}
