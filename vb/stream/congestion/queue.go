package congestion

import "time"

const (
	// persistent is for how long all packets must meet more than that: longer than a frame takes that is larger than
	// others, and than a scheduler's pause.
	persistent = 200 * time.Millisecond
	// recent is what a standing queue is the least of: as with CoDel, what each packet meets is a queue, what the last
	// of a burst meets is the burst.
	recent = 75 * time.Millisecond
	// together: packets that leave within this are one train.
	together = 5 * time.Millisecond
)

// queue follows the one-way queueing delay: how much longer a packet took than the fastest of the last seconds. All
// its times of arrival are by the viewer's clock.
type queue struct {
	base   minimum
	last   time.Duration // the newest packet's queueing delay
	at     time.Duration // when it arrived
	sent   time.Duration // and left
	newest time.Duration // the latest time of an arrival

	tolerated time.Duration // what needs no answer

	// The least of the current and the one before of two halves of the recent past.
	half           time.Duration
	current, older time.Duration

	busy busy
}

// busy is a time in which no packet met less than what is tolerated.
type busy struct {
	on      bool
	since   time.Duration // arrival of its first packet
	packets int
	bytes   int64         // without the first packet's: what arrived since
	first   time.Duration // the queue that the first packet met
	peak    time.Duration // the longest standing queue
}

// arrived takes a packet, in the order of sending.
func (q *queue) arrived(sent, at time.Duration, bytes int) {
	oneWay := at - sent
	q.base.add(at, oneWay)
	delay := oneWay - q.base.get()
	q.last, q.at, q.sent, q.newest = delay, at, sent, max(q.newest, at)

	half := at / recent
	switch {
	case half == q.half+1:
		q.half, q.older, q.current = half, q.current, delay
	case half != q.half:
		q.half, q.older, q.current = half, delay, delay
	default:
		q.current = min(q.current, delay)
	}

	b := &q.busy
	switch {
	case delay < q.tolerated:
		b.on = false
	case !b.on:
		*b = busy{on: true, since: at, first: delay, packets: 1}
	default:
		b.packets++
		b.bytes += int64(bytes)
		if at-b.since >= 2*recent {
			b.peak = max(b.peak, q.standing())
		}
	}
}

// standing is the queueing delay that all of the last packets met.
func (q *queue) standing() time.Duration { return min(q.current, q.older) }

// rebase takes the way as it is now for an empty one.
func (q *queue) rebase() {
	q.base.reset()
	q.busy = busy{}
	q.last, q.current, q.older, q.newest = 0, 0, 0, q.at
}

// length is how long the busy time has been going on.
func (q *queue) length() time.Duration {
	if !q.busy.on {
		return 0
	}
	return q.newest - q.busy.since
}

// rate is at what rate packets have come out of the queue, in bits per second.
func (q *queue) rate() float64 {
	return float64(q.busy.bytes*8) / q.length().Seconds()
}

// grew says that packets came in faster than they came out.
func (q *queue) grew() bool {
	return q.last-q.busy.first >= max(20*time.Millisecond, q.length()/12)
}

// falls says that the queue is getting shorter by itself.
func (q *queue) falls() bool { return q.standing() < q.busy.peak*3/4 }
