package bus

import (
	"bytes"
	"context"
	"sync"
)

// Memory is a Bus within one process.
type Memory struct {
	mu     sync.Mutex
	closed bool
	topics map[string]map[*subscription]struct{}
}

// NewMemory returns an empty bus.
func NewMemory() *Memory {
	return &Memory{topics: make(map[string]map[*subscription]struct{})}
}

// subscription is guarded by the bus's lock.
type subscription struct {
	messages chan []byte
	ended    bool
	// unwatch lets go of the subscriber's context.
	unwatch func() bool
}

// Publish implements Bus.
func (m *Memory) Publish(ctx context.Context, topic string, message []byte) error {
	if len(message) > MaxMessage {
		return ErrTooLong
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	message = bytes.Clone(message)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	for s := range m.topics[topic] {
		s.put(message)
	}
	return nil
}

// put never waits: only holders of the lock send, so that one place freed is enough.
func (s *subscription) put(message []byte) {
	for {
		select {
		case s.messages <- message:
			return
		default:
		}
		select {
		case <-s.messages:
		default:
		}
	}
}

// Subscribe implements Bus.
func (m *Memory) Subscribe(ctx context.Context, topic string) (<-chan []byte, func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	s := &subscription{messages: make(chan []byte, Buffer)}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, nil, ErrClosed
	}
	if m.topics[topic] == nil {
		m.topics[topic] = make(map[*subscription]struct{})
	}
	m.topics[topic][s] = struct{}{}
	cancel := func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.end(topic, s)
	}
	s.unwatch = context.AfterFunc(ctx, cancel)
	return s.messages, cancel, nil
}

// end is called with the lock held.
func (m *Memory) end(topic string, s *subscription) {
	if s.ended {
		return
	}
	s.ended = true
	s.unwatch()
	close(s.messages)
	delete(m.topics[topic], s)
	if len(m.topics[topic]) == 0 {
		delete(m.topics, topic)
	}
}

// Close implements Bus.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for topic, subscriptions := range m.topics {
		for s := range subscriptions {
			m.end(topic, s)
		}
	}
	return nil
}
