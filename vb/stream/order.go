package stream

import (
	"sync"

	"turtus/services/wire"
)

// earlyCopies is how many frames a copy may be ahead of what was taken: what comes while one packet is sent again.
const earlyCopies = 64

// order has the frames of a session's channel input taken in their order and each once, by whichever comes first: the
// frame, which waits for all before it, or a copy of it on the channel pointer, which waits for nothing and may get lost.
// The zero value is ready.
type order struct {
	mu     sync.Mutex
	came   uint32       // how many frames came on the channel input
	next   uint32       // the number of the frame that is to be taken
	taking bool         // and is being taken
	early  []wire.Input // by number, earlyCopies of them once there was one
}

// frame takes the next frame of the channel input, unless its copy was; then copies of those behind it that waited. It may
// wait as long as the two functions do. again takes a copy and says whether it could.
func (o *order) frame(take func(), again func(wire.Input) bool) {
	o.mu.Lock()
	number := o.came
	o.came++
	if int32(number-o.next) < 0 {
		o.mu.Unlock()
		return
	}
	o.taking = true
	o.mu.Unlock()
	take()
	o.mu.Lock()
	o.next++
	for in, ok := o.waiting(); ok; in, ok = o.waiting() {
		o.mu.Unlock()
		taken := again(in)
		o.mu.Lock()
		if !taken {
			break // the frame itself will come
		}
		o.next++
	}
	o.taking = false
	o.mu.Unlock()
}

// copy takes a copy, and those behind it that waited, when all before it was taken; else it waits for that. again must not
// wait.
func (o *order) copy(in wire.Input, again func(wire.Input) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ahead := int32(in.Number - o.next); ahead < 0 || ahead >= earlyCopies {
		return
	}
	if o.early == nil {
		o.early = make([]wire.Input, earlyCopies)
	}
	o.early[in.Number%earlyCopies] = in
	if o.taking {
		return
	}
	for in, ok := o.waiting(); ok && again(in); in, ok = o.waiting() {
		o.next++
	}
}

// waiting is the copy of the frame that is to be taken, if it came. Called with the lock.
func (o *order) waiting() (wire.Input, bool) {
	if o.early == nil {
		return wire.Input{}, false
	}
	in := o.early[o.next%earlyCopies]
	return in, in.Copy && in.Number == o.next
}
