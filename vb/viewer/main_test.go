package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// feed sends n packets from a sequence on, each third one the last of its frame, but for those left out.
func feed(c *counter, from uint16, n int, without ...uint16) {
	for i := range n {
		sequence := from + uint16(i)
		if !slices.Contains(without, sequence) {
			c.video(sequence, i%3 == 2, 10)
		}
	}
}

func total(c *counter) Totals {
	var t Totals
	c.addTo(&t)
	return t
}

func TestAFrameIsWholeWhenAllItsPacketsCame(t *testing.T) {
	var c counter
	feed(&c, 65530, 30+late)
	require.Equal(t, Totals{Receiving: 1, Frames: 10, Each: []uint64{10}, Bytes: (30 + late) * 10, Video: 30 + late}, total(&c))
}

func TestAMissingPacketBreaksItsFrame(t *testing.T) {
	var c counter
	feed(&c, 65530, 30+late, 65534)
	require.Equal(t, Totals{Receiving: 1, Frames: 9, Broken: 1, Lost: 1, Each: []uint64{9}, Bytes: (29 + late) * 10, Video: 29 + late}, total(&c))
}

func TestAPacketThatComesLateIsNotLost(t *testing.T) {
	var c counter
	feed(&c, 65530, 30, 65534)
	c.video(65534, false, 10)
	c.video(65534, false, 10)
	feed(&c, 24, late) // 65530 + 30
	require.Zero(t, total(&c).Lost)
	require.EqualValues(t, 10, total(&c).Frames)
	c.video(65534, true, 10)
	require.EqualValues(t, 10, total(&c).Frames, "what is judged stays so")
}
