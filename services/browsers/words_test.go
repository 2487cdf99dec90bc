package browsers

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// An agent may be in the hands of somebody who has broken out of its browser: whatever it says, its room goes on.
func TestNothingThatAnAgentSaysKeepsItsRoomFromTheNextBrowser(t *testing.T) {
	const zero = "a\x00b"
	for name, c := range map[string]struct {
		status *wire.VBStatus
		ending *wire.VBEnding
		seen   string
		reason wire.EndReason
		detail string
	}{
		"a reason that there isn't": {ending: &wire.VBEnding{Reason: "boredom"}, reason: wire.EndReasonFailed, detail: "The browser ended: it is gone"},
		"a zero in its last word":   {ending: &wire.VBEnding{Reason: wire.EndReasonFailed, Detail: wire.Ptr(zero)}, reason: wire.EndReasonFailed, detail: "a b"},
		"a zero in its log":         {seen: zero, reason: wire.EndReasonFailed, detail: "The browser ended unexpectedly: a b"},
		"a book for a word":         {ending: &wire.VBEnding{Reason: wire.EndReasonFailed, Detail: wire.Ptr(strings.Repeat("ä", maxWords))}, reason: wire.EndReasonFailed, detail: strings.Repeat("ä", maxWords/2)},
		"a state that there isn't":  {status: &wire.VBStatus{State: "evil"}, reason: wire.EndReasonFailed, detail: "The browser ended unexpectedly: it is gone"},
		"a zero in its status": {status: &wire.VBStatus{State: wire.VBStatusStateDegraded, Detail: wire.Ptr(zero)}, reason: wire.EndReasonFailed,
			detail: "The browser ended unexpectedly: it is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			room, person := h.room()
			spec := h.ready(room, person)
			if c.status != nil {
				h.Status(room.ID, spec.Run, *c.status)
				require.True(t, h.State(room.ID).State.Valid())
			}
			if c.ending != nil {
				h.Ending(room.ID, spec.Run, *c.ending)
			}
			if c.seen == "" {
				c.seen = "it is gone"
			}
			h.launcher.exit(spec.Run, c.seen)
			b := h.ended(room, wire.BrowserStateFailed, c.reason)
			require.Equal(t, c.detail, *b.Detail)
			h.ready(room, person)
			require.Equal(t, c.detail, h.row(spec.Run).Detail)
		})
	}
}
