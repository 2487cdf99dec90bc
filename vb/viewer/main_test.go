package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGapsAreLossUntilTheMissingPacketComes(t *testing.T) {
	var c counter
	for _, sequence := range []uint16{65534, 65535, 0, 3, 4} {
		c.video(sequence, sequence == 4, 10)
	}
	var total Totals
	c.addTo(&total)
	require.Equal(t, Totals{Receiving: 1, Frames: 1, Lost: 2, Bytes: 50}, total)
	c.video(1, false, 10)
	total = Totals{}
	c.addTo(&total)
	require.EqualValues(t, 1, total.Lost, "a retransmitted packet is not lost")
}
