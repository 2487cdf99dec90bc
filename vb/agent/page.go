package main

import (
	"context"
	"time"
)

// pageTries is how often a page is given to a Firefox that does not take it, as one that is just being started again: that one begins
// with the page by itself.
const pageTries = 5

// openPage shows the page of the room that has taken a browser which waited.
func (a *agent) openPage(ctx context.Context) {
	var page string
	select {
	case <-ctx.Done():
		return
	case page = <-a.pages:
	}
	began := time.Now()
	environment := a.browser.Load()
	if !environment.SetStartURL(page) {
		return // it is shown already
	}
	for range pageTries {
		if a.supervisor.WaitReady(ctx) != nil {
			return // Run says why
		}
		err := environment.Open(ctx, page)
		if err == nil {
			a.logger.Info("the room's page was opened", "took", time.Since(began).Round(time.Millisecond))
			return
		}
		a.logger.Warn("the room's page was not opened", "error", err)
	}
}
