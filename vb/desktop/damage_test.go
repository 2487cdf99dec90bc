package desktop

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMergedRectanglesAreFewAndCoverAll(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var all, merged []image.Rectangle
		for range random.IntN(200) {
			x, y := random.IntN(1900), random.IntN(1000)
			r := image.Rect(x, y, x+1+random.IntN(300), y+1+random.IntN(80))
			all = append(all, r)
			merged = addRectangle(merged, r, MaxDamage, damageSlack)
		}
		require.LessOrEqual(t, len(merged), MaxDamage)
		for _, r := range all {
			covered := false
			for _, m := range merged {
				covered = covered || r.In(m)
			}
			require.True(t, covered, "%v", r)
		}
	}
}

func TestNeighboursMergeAndStrangersDoNot(t *testing.T) {
	bands := []image.Rectangle{image.Rect(0, 0, 100, 10), image.Rect(0, 10, 100, 30), image.Rect(100, 0, 200, 30), image.Rect(900, 600, 901, 601)}
	var merged []image.Rectangle
	for _, r := range bands {
		merged = addRectangle(merged, r, MaxDamage, damageSlack)
	}
	require.ElementsMatch(t, []image.Rectangle{image.Rect(0, 0, 200, 30), image.Rect(900, 600, 901, 601)}, merged)
}

func TestCursorColoursAreAtFullStrength(t *testing.T) {
	require.Equal(t, []byte{255, 0, 128, 128, 0, 0, 0, 0, 1, 2, 3, 255},
		straighten([]uint64{0x80800040, 0x00ffffff, 0xff010203}))
}
