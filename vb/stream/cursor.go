package stream

import (
	"context"
	"log/slog"
	"time"

	"turtus/vb/desktop"
)

// cursorEvery bounds how often an animated pointer is sent.
const cursorEvery = time.Second / 20

// cursor tells all viewers the pointer's picture whenever it changes, while there are any. Its goroutine is run.
type cursor struct {
	display func() string
	tell    func(event)
	health  *health
	logger  *slog.Logger
	demand  *demand
}

func (c *cursor) run(ctx context.Context) {
	c.demand.while(ctx, c.watch, func(err error) {
		c.health.set(partCursor, err)
		if err != nil {
			c.logger.Warn("the pointer's picture stopped, trying again", "error", err)
		}
	})
}

func (c *cursor) watch(ctx context.Context) error {
	display := c.display()
	if display == "" {
		return ErrNoDisplay
	}
	watcher, err := desktop.NewCursorWatcher(display)
	if err != nil {
		return err
	}
	defer watcher.Close()
	c.health.set(partCursor, nil)
	for {
		image, err := watcher.Next(ctx)
		if err != nil {
			return err
		}
		e, err := cursorEvent(image)
		if err != nil {
			return err
		}
		c.tell(e)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(cursorEvery):
		}
	}
}
