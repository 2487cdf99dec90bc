package hub

import "sync"

// relayShare is the part of a queue that relayed messages may fill, by number and by bytes: what one peer says to another never takes the
// place of what the hub has to say, so nobody is closed as a slow reader by what others send them.
const relayShare = 8

// mostPassing is how many messages may wait that the next ones make old. They have places of their own beside the others.
const mostPassing = 4

// queue holds the messages that wait for one peer, bounded in number and bytes. Who puts never waits.
type queue struct {
	maxMessages, maxBytes int

	mu      sync.Mutex
	waiting []message
	bytes   int
	// relays and relayBytes are how much of it is relayed; bytes has nothing of what passes.
	relays, relayBytes, passing int
	// wake has room for one: the writer looks again.
	wake chan struct{}
}

type message struct {
	frame            []byte
	relayed, passing bool
}

func newQueue(messages, bytes int) *queue {
	return &queue{maxMessages: messages, maxBytes: bytes, wake: make(chan struct{}, 1)}
}

// put says false when the queue is full. A message larger than the whole bound has its place when nothing else waits.
func (q *queue) put(frame []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.add(message{frame: frame})
}

// relay puts what another peer says. It says false when the queue, or the share of it that is for relayed messages, is full; one message
// has its place whenever no other relayed one waits.
func (q *queue) relay(frame []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.relays > 0 && (q.relays >= q.maxMessages/relayShare || q.relayBytes+len(frame) > q.maxBytes/relayShare) {
		return false
	}
	return q.add(message{frame: frame, relayed: true})
}

// pass puts what is old soon, or drops it for a peer that has not read what came before.
func (q *queue) pass(frame []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.passing < mostPassing {
		q.append(message{frame: frame, passing: true})
	}
}

// add needs the lock.
func (q *queue) add(m message) bool {
	waiting := len(q.waiting) - q.passing
	if waiting >= q.maxMessages || (waiting > 0 && q.bytes+len(m.frame) > q.maxBytes) {
		return false
	}
	q.append(m)
	return true
}

// append needs the lock.
func (q *queue) append(m message) {
	q.waiting = append(q.waiting, m)
	q.count(m, 1)
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) count(m message, sign int) {
	if m.passing {
		q.passing += sign
		return
	}
	q.bytes += sign * len(m.frame)
	if m.relayed {
		q.relays += sign
		q.relayBytes += sign * len(m.frame)
	}
}

// next takes the oldest message, or nil. Its bytes count until done is called for it: what is being written still waits.
func (q *queue) next() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	return q.waiting[0].frame
}

func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count(q.waiting[0], -1)
	q.waiting[0] = message{}
	q.waiting = q.waiting[1:]
}
