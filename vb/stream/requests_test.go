package stream

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"turtus/services/wire"
	"turtus/vb/desktop/desktoptest"
)

func TestAPeerMayAskForTheStreamOnlySoOften(t *testing.T) {
	r, now := newRequests(), time.Now()
	for range requestBurst {
		assert.True(t, r.allow("ann", now))
	}
	assert.False(t, r.allow("ann", now))
	assert.True(t, r.allow("ben", now), "each peer for itself")
	now = now.Add(requestEvery)
	assert.True(t, r.allow("ann", now))
	assert.False(t, r.allow("ann", now))
	r.allow("cem", now.Add(time.Hour))
	assert.Len(t, r.peers, 1, "who is quiet is forgotten")
}

func TestAFloodOfRequestsIsRefusedAndTheSessionGoesOn(t *testing.T) {
	r := newRoom(t, desktoptest.StartXvfb(t, 320, 240), nil)
	ann := r.open("ann", "s1")
	ann.channel(wire.ChannelEvents)
	for range 100 {
		r.Request("ann", "s1", nil) // an ICE restart
	}
	assert.Equal(t, wire.ErrorCodeRateLimited, ann.refusal())
	for i := range 100 {
		r.Request("ben", SessionID(fmt.Sprint(i)), nil) // a new peer connection
	}
	r.until(func() bool { return r.Viewers() == 2 })
	last := r.viewer("ben", SessionID(fmt.Sprint(requestBurst-1)))
	assert.NotNil(t, last, "those beyond the burst made nothing")
	assert.NotNil(t, r.viewer("ann", "s1"))
}
