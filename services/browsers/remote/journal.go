package remote

import (
	"slices"
	"sync"

	"github.com/google/uuid"
)

// kept is how many ends a journal remembers for streams that broke or are slow.
const kept = 256

// journal numbers the ends of browsers and remembers the last ones. Streams read it each at its own pace, so nobody waits for a slow reader.
type journal struct {
	mu      sync.Mutex
	last    uint64 // number of the newest; 0 before the first
	entries []ended
	more    chan struct{} // closed when there is a newer one
}

func newJournal() *journal { return &journal{more: make(chan struct{})} }

func (j *journal) append(e ended) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	j.entries = append(j.entries, e)
	if len(j.entries) > kept {
		j.entries = slices.Delete(j.entries, 0, len(j.entries)-kept)
	}
	close(j.more)
	j.more = make(chan struct{})
}

// has says whether a run's end is among the last ones.
func (j *journal) has(run uuid.UUID) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.ContainsFunc(j.entries, func(e ended) bool { return e.Run == run })
}

// newest is the number of the last end.
func (j *journal) newest() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// after has what followed number, and what tells of more. ok is false where some of it is forgotten, or number is yet to come.
func (j *journal) after(number uint64) (entries []ended, more <-chan struct{}, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if number > j.last || j.last-number > uint64(len(j.entries)) {
		return nil, nil, false
	}
	return slices.Clone(j.entries[len(j.entries)-int(j.last-number):]), j.more, true
}
