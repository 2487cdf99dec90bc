// Package bus carries what one server tells the others: that a room changed, that a person's sessions ended.
//
// Who publishes also hears itself. Delivery is at most once and holds no history: a message says "look again", and who must not
// miss a thing reads the database. Memory is for one server; what it promises is written as tests in bustest, for every
// implementation alike.
package bus

import (
	"context"
	"errors"
)

// Limits that hold for every implementation.
const (
	// MaxMessage is the longest message in bytes.
	MaxMessage = 64 << 10
	// Buffer is how many messages wait for a subscriber before its oldest is dropped.
	Buffer = 256
)

var (
	// ErrTooLong is returned for a message longer than MaxMessage.
	ErrTooLong = errors.New("bus: message is too long")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("bus: closed")
)

// Bus is safe for concurrent use.
type Bus interface {
	// Publish hands message to all subscribers of topic. It never waits for one of them. The message is copied.
	Publish(ctx context.Context, topic string, message []byte) error
	// Subscribe returns what is published on topic from now on, in the order of each publisher. cancel ends it, closes the
	// channel, and may be called again; the end of ctx and Close do the same. A subscriber Buffer messages behind loses the oldest.
	// Messages are shared between subscribers: they are read, never changed.
	Subscribe(ctx context.Context, topic string) (messages <-chan []byte, cancel func(), err error)
	// Close ends all subscriptions.
	Close() error
}
