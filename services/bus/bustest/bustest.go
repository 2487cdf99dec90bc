// Package bustest holds what every implementation of bus.Bus has to keep, as tests.
package bustest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/bus"
)

const patience = 10 * time.Second

// Run tests the implementation that open returns; each call of open is a new, unshared bus. Run closes it.
func Run(t *testing.T, open func(t *testing.T) bus.Bus) {
	for name, test := range map[string]func(*testing.T, bus.Bus){
		"every subscriber of a topic hears each message in order": everySubscriberHears,
		"a topic hears nothing of another":                        topicsAreApart,
		"a message is the publisher's to change afterwards":       messagesAreCopied,
		"a slow subscriber loses its oldest and holds up nobody":  slowSubscriberLosesOldest,
		"cancel closes the channel and may be repeated":           cancelCloses,
		"the end of the context closes the channel":               contextCloses,
		"close ends all and refuses more":                         closeEndsAll,
		"too long a message is refused":                           tooLongIsRefused,
		"publishers and subscribers that come and go do not hurt": comingAndGoing,
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			defer b.Close()
			test(t, b)
		})
	}
}

func subscribe(t *testing.T, b bus.Bus, topic string) (<-chan []byte, func()) {
	t.Helper()
	messages, cancel, err := b.Subscribe(context.Background(), topic)
	require.NoError(t, err)
	return messages, cancel
}

func publish(t *testing.T, b bus.Bus, topic, message string) {
	t.Helper()
	require.NoError(t, b.Publish(context.Background(), topic, []byte(message)))
}

func receive(t *testing.T, messages <-chan []byte) string {
	t.Helper()
	select {
	case m, ok := <-messages:
		require.True(t, ok, "closed")
		return string(m)
	case <-time.After(patience):
		require.Fail(t, "no message")
		return ""
	}
}

func requireClosed(t *testing.T, messages <-chan []byte) {
	t.Helper()
	select {
	case _, ok := <-messages:
		require.False(t, ok, "not closed")
	case <-time.After(patience):
		require.Fail(t, "not closed")
	}
}

func everySubscriberHears(t *testing.T, b bus.Bus) {
	one, _ := subscribe(t, b, "room")
	two, _ := subscribe(t, b, "room")
	for i := range 100 {
		publish(t, b, "room", fmt.Sprint(i))
	}
	for i := range 100 {
		require.Equal(t, fmt.Sprint(i), receive(t, one))
		require.Equal(t, fmt.Sprint(i), receive(t, two))
	}
}

func topicsAreApart(t *testing.T, b bus.Bus) {
	one, _ := subscribe(t, b, "one")
	publish(t, b, "two", "not for one")
	publish(t, b, "one", "for one")
	require.Equal(t, "for one", receive(t, one))
}

func messagesAreCopied(t *testing.T, b bus.Bus) {
	messages, _ := subscribe(t, b, "room")
	message := []byte("before")
	require.NoError(t, b.Publish(context.Background(), "room", message))
	copy(message, "after ")
	require.Equal(t, "before", receive(t, messages))
}

func slowSubscriberLosesOldest(t *testing.T, b bus.Bus) {
	slow, _ := subscribe(t, b, "room")
	quick, _ := subscribe(t, b, "room")
	const sent = 3 * bus.Buffer
	for i := range sent {
		publish(t, b, "room", fmt.Sprint(i))
		require.Equal(t, fmt.Sprint(i), receive(t, quick))
	}
	last, heard := "", 0
	for last != fmt.Sprint(sent-1) {
		last = receive(t, slow)
		heard++
	}
	require.LessOrEqual(t, heard, bus.Buffer)
}

func cancelCloses(t *testing.T, b bus.Bus) {
	messages, cancel := subscribe(t, b, "room")
	cancel()
	cancel()
	requireClosed(t, messages)
	publish(t, b, "room", "to nobody")
}

func contextCloses(t *testing.T, b bus.Bus) {
	ctx, cancel := context.WithCancel(context.Background())
	messages, _, err := b.Subscribe(ctx, "room")
	require.NoError(t, err)
	cancel()
	requireClosed(t, messages)
	_, _, err = b.Subscribe(ctx, "room")
	require.ErrorIs(t, err, context.Canceled)
}

func closeEndsAll(t *testing.T, b bus.Bus) {
	messages, cancel := subscribe(t, b, "room")
	require.NoError(t, b.Close())
	requireClosed(t, messages)
	cancel()
	require.NoError(t, b.Close())
	require.ErrorIs(t, b.Publish(context.Background(), "room", nil), bus.ErrClosed)
	_, _, err := b.Subscribe(context.Background(), "room")
	require.ErrorIs(t, err, bus.ErrClosed)
}

func tooLongIsRefused(t *testing.T, b bus.Bus) {
	messages, _ := subscribe(t, b, "room")
	longest := bytes.Repeat([]byte{'x'}, bus.MaxMessage)
	require.ErrorIs(t, b.Publish(context.Background(), "room", append(longest, 'x')), bus.ErrTooLong)
	require.NoError(t, b.Publish(context.Background(), "room", longest))
	require.Len(t, receive(t, messages), bus.MaxMessage)
}

func comingAndGoing(t *testing.T, b bus.Bus) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				assert.NoError(t, b.Publish(context.Background(), "room", []byte("x")))
			}
		})
		wg.Go(func() {
			for range 100 {
				messages, cancel, err := b.Subscribe(context.Background(), "room")
				if !assert.NoError(t, err) {
					return
				}
				cancel()
				for range messages { // what came before the end
				}
			}
		})
	}
	wg.Wait()
}
