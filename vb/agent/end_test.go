package main

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"turtus/vb/agent/settings"
)

func TestAPartThatDoesNotEndKeepsTheAgentNoLongerThanItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAgent(settings.Settings{}, slog.New(slog.DiscardHandler))
		stuck := make(chan struct{})
		a.streams.Go(func() { <-stuck })
		a.parts.Go(func() { <-stuck })
		begin := time.Now()
		a.dismantle(func() {}, func() {})
		assert.Equal(t, streamEnd+partsEnd, time.Since(begin))
		close(stuck)
	})
}

func TestTheStreamEndsBeforeTheBrowserItShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAgent(settings.Settings{}, slog.New(slog.DiscardHandler))
		streaming, stopStream := context.WithCancel(t.Context())
		over := false
		a.streams.Go(func() {
			<-streaming.Done()
			time.Sleep(time.Second)
			over = true
		})
		a.dismantle(stopStream, func() { assert.True(t, over) })
	})
}
