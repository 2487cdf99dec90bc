package stream

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"turtus/services/wire"
	"turtus/vb/desktop/desktoptest"
)

func TestEachOfferTakesCandidatesAnew(t *testing.T) {
	r := newRoom(t, desktoptest.StartXvfb(t, 320, 240), nil)
	ann := r.open("ann", "s1")
	ann.channel(wire.ChannelEvents)
	v := r.viewer("ann", "s1")
	seen := func() int {
		count := make(chan int)
		v.post(func() error {
			count <- v.seen
			return nil
		})
		return <-count
	}
	for range maxCandidates {
		v.signal(wire.Signal{Candidate: &wire.ICECandidate{Candidate: wire.Ptr("of no use")}})
		seen()
	}
	r.Request("ann", "s1", nil)
	assert.Less(t, seen(), maxCandidates)
}
