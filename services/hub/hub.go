// Package hub is the signalling hub: it serves the WebSocket at /api/v1/ws, keeps the live rooms, and relays between their peers.
//
// The HTTP API mounts Hub and tells it what changed over REST; the browsers' service tells it what became of a browser. The hub
// calls the small interfaces of interfaces.go. A peer says hello with a room token, gets identity as its first message, and from then on
// every increment of the room with a version that grows by one.
//
// What always holds: a sender is stamped by the hub; a message reaches peers of its own room alone; nobody waits for a slow peer; a chat
// message is stored before anyone hears of it; a room's lock is held for memory alone, never for a call to another package but
// control and Relay, which are memory too.
//
// The files: accept.go, conn.go and queue.go are the transport; peer.go reads, checks and dispatches messages; the rest decides.
package hub

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"turtus/services/accounts"
	"turtus/services/hub/control"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// PeerID names a peer of a room. It is unique among all rooms; an agent's is the id of its browser's run.
type PeerID = control.PeerID

// Options of a Hub. The interfaces are needed; the zero of everything else is good for a server.
type Options struct {
	Tokens   Tokens
	Rooms    Rooms
	People   People
	Sessions Sessions
	Browsers Browsers

	// PublicOrigin is the origin of the page, scheme://host[:port]; empty takes the request's own host. AllowedOrigins are further ones.
	PublicOrigin   string
	AllowedOrigins []string
	// Relay is asked for the peers' ICE servers; nil has none.
	Relay Relay
	// ResumeSecret signs the keys that take a seat again. Kept over restarts, peers keep their ids over them too; nil makes one.
	ResumeSecret []byte

	RoomSize int // most people in a room, those included whose seat is held; 50 when 0. Who moderates gets in above it
	// SeatsPerPerson is how many of them may be one person's, 8 when 0: the oldest is closed for a further one.
	SeatsPerPerson int

	ControlIdle time.Duration // how long control may be held unused; 3 minutes when 0
	SeatGrace   time.Duration // how long the seat of a lost viewer is held; 20 s when 0
	AgentGrace  time.Duration // the same for an agent; 1 minute when 0
	// AskLife is how long somebody waits to be let in before they are told that nobody answered, 5 minutes when 0; AskAgain how long they
	// then wait, and who was not let in, until they may ask again, 1 minute when 0.
	AskLife, AskAgain time.Duration
	// RestoreWindow is how long after the start of the hub a viewer may take a seat again that the hub before it gave out; 2 minutes when 0.
	RestoreWindow time.Duration

	// SessionCheck is how often the sign-ins of those who are connected are looked up; 1 minute when 0. The end of one that the hub
	// is told of closes at once.
	SessionCheck time.Duration

	// ServersLife is how long ICE servers are good for a peer before it is told them anew, 6 hours when 0: half the life of their credentials.
	// It is looked at as often as SessionCheck.
	ServersLife time.Duration

	HelloTimeout time.Duration // wire.HelloTimeout when 0
	PingInterval time.Duration // wire.PingInterval when 0
	PongTimeout  time.Duration // wire.PongTimeout when 0
	WriteTimeout time.Duration // of one message; 10 s when 0
	CallTimeout  time.Duration // of one call to Rooms, People or Sessions; 10 s when 0

	// Rate and Burst bound a viewer's messages, 50 a second and 300 when 0; an agent, which answers everybody, has ten times that.
	// Strikes is how many refused messages close the connection, 100 when 0, forgiven at one a second.
	Rate    rate.Limit
	Burst   int
	Strikes int
	// ChatRate and ChatBurst bound what a person says, changes and removes in a room's chat, 2 a second and 20 when 0.
	ChatRate  rate.Limit
	ChatBurst int
	// AskRate and AskBurst bound how often a person asks for control of a room, once in 3 seconds and 5 when 0.
	AskRate  rate.Limit
	AskBurst int
	// RemovalRate and RemovalBurst bound what somebody who moderates removes there, 10 a second and 100 when 0.
	RemovalRate  rate.Limit
	RemovalBurst int
	// ReactionRate and ReactionBurst bound a person's reactions in a room, to messages and over the picture, 3 a second and 15 when 0.
	ReactionRate  rate.Limit
	ReactionBurst int
	// TypingRate and TypingBurst bound how often a person begins to write and stops, 1 a second and 6 when 0.
	TypingRate  rate.Limit
	TypingBurst int
	// PointerRate and PointerBurst bound how often a person's pointer moves, 30 a second and 60 when 0.
	PointerRate  rate.Limit
	PointerBurst int
	// HandRate and HandBurst bound how often a person raises their hand, once in 2 seconds and 5 when 0.
	HandRate  rate.Limit
	HandBurst int
	// RelayRate and RelayBurst bound the bytes that a viewer sends to other peers, 64 KiB a second and 256 KiB when 0; an agent, which
	// negotiates with everybody, has ten times that.
	RelayRate  rate.Limit
	RelayBurst int
	// QueueMessages and QueueBytes bound what waits for a peer to read it, 512 and 4 MiB when 0; an eighth of it may be what others sent.
	QueueMessages int
	QueueBytes    int

	Now func() time.Time
	Log *slog.Logger
}

func (o *Options) setDefaults() {
	o.RoomSize = cmp.Or(o.RoomSize, 50)
	o.SeatsPerPerson = cmp.Or(o.SeatsPerPerson, 8)
	o.ControlIdle = cmp.Or(o.ControlIdle, 3*time.Minute)
	o.SeatGrace = cmp.Or(o.SeatGrace, 20*time.Second)
	o.AgentGrace = cmp.Or(o.AgentGrace, time.Minute)
	o.AskLife = cmp.Or(o.AskLife, 5*time.Minute)
	o.AskAgain = cmp.Or(o.AskAgain, time.Minute)
	o.RestoreWindow = cmp.Or(o.RestoreWindow, 2*time.Minute)
	o.SessionCheck = cmp.Or(o.SessionCheck, time.Minute)
	o.ServersLife = cmp.Or(o.ServersLife, 6*time.Hour)
	o.HelloTimeout = cmp.Or(o.HelloTimeout, wire.HelloTimeout)
	o.PingInterval = cmp.Or(o.PingInterval, wire.PingInterval)
	o.PongTimeout = cmp.Or(o.PongTimeout, wire.PongTimeout)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 10*time.Second)
	o.CallTimeout = cmp.Or(o.CallTimeout, 10*time.Second)
	o.Rate = cmp.Or(o.Rate, 50)
	o.Burst = cmp.Or(o.Burst, 300)
	o.Strikes = cmp.Or(o.Strikes, 100)
	o.ChatRate = cmp.Or(o.ChatRate, 2)
	o.ChatBurst = cmp.Or(o.ChatBurst, 20)
	o.AskRate = cmp.Or(o.AskRate, rate.Every(3*time.Second))
	o.AskBurst = cmp.Or(o.AskBurst, 5)
	o.RemovalRate = cmp.Or(o.RemovalRate, 10)
	o.RemovalBurst = cmp.Or(o.RemovalBurst, 100)
	o.ReactionRate = cmp.Or(o.ReactionRate, 3)
	o.ReactionBurst = cmp.Or(o.ReactionBurst, 15)
	o.TypingRate = cmp.Or(o.TypingRate, 1)
	o.TypingBurst = cmp.Or(o.TypingBurst, 6)
	o.PointerRate = cmp.Or(o.PointerRate, 30)
	o.PointerBurst = cmp.Or(o.PointerBurst, 60)
	o.HandRate = cmp.Or(o.HandRate, rate.Every(2*time.Second))
	o.HandBurst = cmp.Or(o.HandBurst, 5)
	o.RelayRate = cmp.Or(o.RelayRate, 64<<10)
	o.RelayBurst = cmp.Or(o.RelayBurst, 256<<10)
	o.QueueMessages = cmp.Or(o.QueueMessages, 512)
	o.QueueBytes = cmp.Or(o.QueueBytes, 4<<20)
	if o.ResumeSecret == nil {
		o.ResumeSecret = make([]byte, 32)
		_, _ = rand.Read(o.ResumeSecret) // it never fails
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Relay == nil {
		o.Relay = noRelay{}
	}
}

// Hub is safe for concurrent use. Make it by New, end it by Shutdown.
type Hub struct {
	o        Options
	upgrader websocket.Upgrader
	roomSize atomic.Int64 // Options.RoomSize until SetRoomSize
	started  time.Time
	// ctx ends with the hub and stops the calls under way.
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  bool
	rooms   map[rooms.ID]*room
	conns   map[*conn]bool
	waiting map[uuid.UUID]*peer // agents without a room, by their run
	running sync.WaitGroup      // one for each conn, and one for recheckSessions
	// endedSessions ended and gonePeople deleted their account lately: their room tokens are refused while they would live.
	endedSessions gone[accounts.SessionID]
	gonePeople    gone[accounts.PersonID]
	// recheck is the clock of recheckSessions; recheckContext stops one under way.
	recheck        *time.Timer
	recheckContext context.Context
	stopRecheck    context.CancelFunc
}

// New makes a hub. Nothing runs but the clock of SessionCheck, until Shutdown.
func New(o Options) *Hub {
	o.setDefaults()
	h := &Hub{
		o: o, started: o.Now(), rooms: make(map[rooms.ID]*room), conns: make(map[*conn]bool), waiting: make(map[uuid.UUID]*peer),
		endedSessions: make(gone[accounts.SessionID]), gonePeople: make(gone[accounts.PersonID]),
	}
	h.roomSize.Store(int64(o.RoomSize))
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.recheckContext, h.stopRecheck = context.WithCancel(h.ctx)
	h.upgrader = websocket.Upgrader{HandshakeTimeout: o.WriteTimeout, CheckOrigin: h.originAllowed, Error: refuseUpgrade}
	h.armRecheck()
	return h
}

var _ http.Handler = (*Hub)(nil)

// Shutdown closes all connections with CloseCodeServerRestarting, accepts no more, and waits until they are gone or ctx ends.
func (h *Hub) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	h.recheck.Stop()
	h.stopRecheck()
	live := make([]*room, 0, len(h.rooms))
	for _, r := range h.rooms {
		live = append(live, r)
	}
	open := make([]*conn, 0, len(h.conns))
	for c := range h.conns {
		open = append(open, c)
	}
	h.mu.Unlock()
	for _, r := range live {
		r.freeze()
	}
	for _, c := range open {
		c.close(wire.CloseCodeServerRestarting, "the server restarts")
	}
	gone := make(chan struct{})
	go func() {
		h.running.Wait()
		close(gone)
	}()
	defer h.cancel()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	}
	for _, c := range open {
		c.abort()
	}
	h.cancel()
	<-gone
	return context.Cause(ctx)
}

// enter finds or makes a live room and pins it: it lives until leave was called as often. A seat is a pin too.
func (h *Hub) enter(id rooms.ID) *room {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[id]
	if r == nil {
		r = newRoom(h, id)
		h.rooms[id] = r
	}
	r.pins++
	return r
}

// leave takes a pin off a room; one with none vanishes. It may be called with the room's lock held: hub.mu comes after it.
func (h *Hub) leave(r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.pins--
	if r.pins == 0 && h.rooms[r.id] == r {
		delete(h.rooms, r.id)
	}
}

// live is a room that somebody is in, or nil.
func (h *Hub) live(id rooms.ID) *room {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rooms[id]
}

func (h *Hub) allLive() []*room {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*room, 0, len(h.rooms))
	for _, r := range h.rooms {
		all = append(all, r)
	}
	return all
}
