package main

import (
	"context"
	"errors"

	"turtus/services/wire"
	"turtus/vb/desktop"
)

// wantScreen notes the screen that the room wants; the newest counts. It does not wait for the X server.
func (a *agent) wantScreen(screen wire.Screen) {
	select {
	case <-a.screens:
	default:
	}
	a.screens <- screen // the hub's goroutine is the only one here
}

// followScreens gives the screen the size that the room wants, and the stream its frame rate.
func (a *agent) followScreens(ctx context.Context) {
	now := wire.Screen{Width: a.settings.Width, Height: a.settings.Height, FrameRate: a.settings.FrameRate}
	for {
		var wanted wire.Screen
		select {
		case <-ctx.Done():
			return
		case wanted = <-a.screens:
		}
		if wanted == now {
			continue
		}
		err := a.browser.Load().SetScreen(wanted.Width, wanted.Height)
		if err != nil {
			a.logger.Warn("the screen was not set", "error", err)
		}
		// When Xvfb does not run, the next one has that size.
		if err != nil && !errors.Is(err, desktop.ErrNoServer) && !errors.Is(err, desktop.ErrServerGone) {
			continue
		}
		if err := a.streamer.SetScreen(wanted.Width, wanted.Height, wanted.FrameRate); err != nil {
			a.logger.Warn("the stream did not follow the screen", "error", err)
			continue
		}
		now = wanted
		a.logger.Info("the screen was set", "width", now.Width, "height", now.Height, "frame_rate", now.FrameRate)
	}
}
