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

	mu        sync.Mutex         // never held while the X server is asked
	open      *desktop.Clipboard // nil while there is none
	wanted    *string            // to be set as soon as there is one
	forgotten bool               // to be told to it before
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
		c.mu.Lock()
		c.open = nil
		c.mu.Unlock()
		_ = open.Close()
	}()
	return open.Run(ctx, c.copied)
}

// opened catches up with what was wanted while there was none, also with what is wanted meanwhile.
func (c *clipboard) opened(open *desktop.Clipboard) {
	for {
		c.mu.Lock()
		text, forget := c.wanted, c.forgotten
		c.wanted, c.forgotten = nil, false
		if text == nil && !forget {
			c.open = open
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		if forget {
			c.note(open.Forget())
		}
		if text != nil {
			c.note(open.Set(*text))
		}
	}
}

// paste makes a text what a key pressed after this one pastes. One goroutine calls this and the following.
func (c *clipboard) paste(text string) {
	c.mu.Lock()
	open := c.open
	if open == nil {
		c.wanted = &text
	}
	c.mu.Unlock()
	if open != nil {
		c.note(open.Set(text))
	}
}

// forget takes back what was pasted, and leaves untold what was copied until now: both were somebody else's.
func (c *clipboard) forget() {
	c.mu.Lock()
	open := c.open
	if open == nil {
		c.wanted, c.forgotten = nil, true
	}
	c.mu.Unlock()
	if open != nil {
		c.note(open.Forget())
	}
}

// skip leaves untold what was copied until now.
func (c *clipboard) skip() {
	c.mu.Lock()
	open := c.open
	c.mu.Unlock()
	if open != nil {
		c.note(open.Skip())
	}
}

func (c *clipboard) note(err error) {
	if err != nil {
		c.logger.Debug("the clipboard", "error", err) // run opens it anew
	}
}
