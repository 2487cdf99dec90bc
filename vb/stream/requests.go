package stream

import (
	"maps"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// requestEvery and requestBurst bound how often a peer may ask for the stream: each time costs a peer connection or an
	// ICE restart. A page asks again seconds after its connection broke.
	requestEvery = time.Second
	requestBurst = 5
)

// requests bounds what each peer asks for. It remembers none that asked for nothing lately.
type requests struct {
	mu    sync.Mutex
	peers map[PeerID]*rate.Limiter
}

func newRequests() *requests { return &requests{peers: make(map[PeerID]*rate.Limiter)} }

func (r *requests) allow(peer PeerID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.peers, func(_ PeerID, l *rate.Limiter) bool { return l.TokensAt(now) >= requestBurst })
	l := r.peers[peer]
	if l == nil {
		l = rate.NewLimiter(rate.Every(requestEvery), requestBurst)
		r.peers[peer] = l
	}
	return l.AllowN(now, 1)
}
