package desktop

import "image"

// MaxDamage is the largest number of rectangles a Frame reports; more are merged.
const MaxDamage = 16

const (
	// damageSlack is how many unchanged pixels a merge may add to what is reported: less than a few glyphs are worth.
	damageSlack = 32 * 32
	// copySlack is how many more pixels are copied rather than asking the server once more (a round trip is worth some 40 µs).
	copySlack = 200 * 200
)

// addRectangle adds r to a list of at most limit rectangles: as part of one that grows by no more than slack needless pixels,
// else by itself, else, when the list is full, as part of the one that grows least. One that grew swallows its neighbours
// by the same measure.
func addRectangle(list []image.Rectangle, r image.Rectangle, limit, slack int) []image.Rectangle {
	for {
		best, least := -1, 0
		for i, other := range list {
			waste := area(r.Union(other)) - area(r) - area(other) + area(r.Intersect(other))
			if best < 0 || waste < least {
				best, least = i, waste
			}
		}
		if best < 0 || least > slack && len(list) < limit {
			return append(list, r)
		}
		r = r.Union(list[best])
		list[best] = list[len(list)-1]
		list = list[:len(list)-1]
	}
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }
