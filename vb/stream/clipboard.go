package stream

import (
	"context"
	"log/slog"
	"sync"

	"turtus/vb/desktop"
)

// clipboard tells what is copied on the screen, and has what the controller wants pasted, while anybody watches. Its
// goroutine is run.
type clipboard struct {
	display func() string
	copied  func(text string)
	logger  *slog.Logger
	demand  *demand

	mu     sync.Mutex
	open   *desktop.Clipboard // nil while there is none
	wanted *string            // to be set as soon as there is one
}

func (c *clipboard) run(ctx context.Context) {
	failed := false
	c.demand.while(ctx, c.watch, func(err error) {
		if err != nil && !failed { // once, not at each try
			c.logger.Warn("the clipboard does not work, trying again", "error", err)
		}
		failed = err != nil
	})
}

func (c *clipboard) watch(ctx context.Context) error {
	display := c.display()
	if display == "" {
		return ErrNoDisplay
	}
	open, err := desktop.NewClipboard(display)
	if err != nil {
		return err
	}
	c.opened(open)
	defer func() {
		c.opened(nil)
		_ = open.Close()
	}()
	return open.Run(ctx, c.copied)
}

func (c *clipboard) opened(open *desktop.Clipboard) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = open
	if open != nil && c.wanted != nil {
		c.note(open.Set(*c.wanted))
		c.wanted = nil
	}
}

// paste makes a text what a key pressed after this one pastes.
func (c *clipboard) paste(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.wanted = &text
		return
	}
	c.note(c.open.Set(text))
}

// forget takes back what was pasted, and leaves untold what was copied until now: both were somebody else's.
func (c *clipboard) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = nil
	if c.open != nil {
		c.note(c.open.Forget())
	}
}

func (c *clipboard) note(err error) {
	if err != nil {
		c.logger.Debug("the clipboard", "error", err) // run opens it anew
	}
}
