package hub

import "sync"

// queue holds the messages that wait for one peer, bounded in number and bytes. Who puts never waits.
type queue struct {
	maxMessages, maxBytes int

	mu     sync.Mutex
	frames [][]byte
	bytes  int
	// wake has room for one: the writer looks again.
	wake chan struct{}
}

func newQueue(messages, bytes int) *queue {
	return &queue{maxMessages: messages, maxBytes: bytes, wake: make(chan struct{}, 1)}
}

// put says false when the queue is full. A message larger than the whole bound has its place when nothing else waits.
func (q *queue) put(frame []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.frames) >= q.maxMessages || (len(q.frames) > 0 && q.bytes+len(frame) > q.maxBytes) {
		return false
	}
	q.frames = append(q.frames, frame)
	q.bytes += len(frame)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// next takes the oldest message, or nil. Its bytes count until done is called for it: what is being written still waits.
func (q *queue) next() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.frames) == 0 {
		return nil
	}
	return q.frames[0]
}

func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= len(q.frames[0])
	q.frames[0] = nil
	q.frames = q.frames[1:]
}
