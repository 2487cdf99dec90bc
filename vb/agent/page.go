package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"turtus/vb/browser"
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

// wantLink has the room's Firefox go to a link; of two that wait the newer counts. The hub has looked at it; what else than the web it might open is
// looked at here all the same.
func (a *agent) wantLink(link string) error {
	if u, err := url.Parse(link); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("told to open what is no web address")
	}
	for {
		select {
		case a.links <- link:
			return nil
		case <-a.links:
		}
	}
}

// openLinks opens what the room wants, one after the other.
func (a *agent) openLinks(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case link := <-a.links:
			if a.supervisor.WaitReady(ctx) != nil {
				return // Run says why
			}
			// A page whose title is the one before it looks as if it had not come.
			if err := a.browser.Load().Open(ctx, link); err != nil && !errors.Is(err, browser.ErrNotShown) {
				a.logger.Warn("a link was not opened", "error", err)
			}
		}
	}
}
