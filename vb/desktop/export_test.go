package desktop

import "time"

// Sync returns when the server has done all that was asked of it.
func Sync(in *Input) error { return in.x.do("sync", in.x.sync) }

// FakeKey is what methods make of Key, without their look at whether the server is still there.
func (in *Input) FakeKey(code uint8, down bool) {
	in.x.mu.Lock()
	defer in.x.mu.Unlock()
	in.fakeKey(code, down)
}

// BarrierTimeout sets how long a program that is behind is waited for.
func (in *Input) BarrierTimeout(d time.Duration) { in.barrierTimeout = d }

// GiveUpAfter sets how long a program may take to hand over what was copied.
func (b *Clipboard) GiveUpAfter(d time.Duration) { b.timeout = d }
