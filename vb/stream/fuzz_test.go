package stream

import (
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// FuzzOrder: whichever copies a page sends when, each frame is taken once, in the order of the channel input, and what has come there was taken.
func FuzzOrder(f *testing.F) {
	f.Add([]byte{0, 0x80, 0, 0x81, 0x82})
	f.Add([]byte{0x83, 0x82, 0x81, 0x80, 0, 0, 0, 0})
	f.Add([]byte{0xff, 0, 0xff, 0, 0, 1, 2, 1, 0x80})
	f.Fuzz(func(t *testing.T, steps []byte) {
		o, sent := &taken{}, uint32(0)
		for _, step := range steps {
			switch {
			case step >= 0x80: // a copy of a frame around the next one
				o.copy(sent + uint32(step-0x80) - 16)
			case step == 1:
				o.refuses = true // the X server is behind
			case step == 2:
				o.refuses = false
			default:
				// The frame itself waits until it can be taken.
				refuses := o.refuses
				o.order.frame(func() {
					o.refuses = false
					o.take(wire.Input{Keysym: sent})
					o.refuses = refuses
				}, o.take)
				sent++
			}
		}
		for i, keysym := range o.keysyms {
			require.EqualValues(t, i, keysym)
		}
		require.GreaterOrEqual(t, len(o.keysyms), int(sent))
		require.LessOrEqual(t, len(o.early), earlyCopies)
	})
}
