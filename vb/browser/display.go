package browser

import "sync/atomic"

// displayNumber is the number of an X display plus one, zero while it is not known.
type displayNumber struct{ v atomic.Int64 }

func (d *displayNumber) String() string { return "" }
