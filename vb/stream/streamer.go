package stream

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"turtus/services/wire"
	"turtus/vb/codec"
	"turtus/vb/sound"
)

type (
	// PeerID is a viewer's peer id, as the hub gave it.
	PeerID string
	// SessionID is the session of a stream.request: one peer connection.
	SessionID string
)

// Signaller sends a signal to a viewer by way of the hub. It must not wait.
type Signaller interface {
	Signal(to PeerID, signal wire.Signal)
}

// Config says what to stream. Display and Signaller are required.
type Config struct {
	// Display names the X display, or is empty while there is none. It is asked again whenever the X server was lost.
	Display func() string
	// Sound says what to record; its Server is empty while there is none. Asked again like Display. When nil, the stream
	// is silent.
	Sound func() sound.Config
	// Signaller carries our side of the negotiation.
	Signaller Signaller
	// Activity is told that the controller of an epoch does something, every few seconds at most. It must not wait.
	Activity func(epoch uint32)

	Width, Height int // of the screen in pixels, until its first capture; 1280 by 720 when zero
	FrameRate     int // ceiling in frames per second; 30 when zero
	Bitrate       int // of the picture's cap in bits per second; by size and frame rate when zero

	// WheelClicks is how many clicks of the wheel programs take for a notch, a divisor of 120; 1 when zero. While a modifier
	// is held, which gives a click another meaning, it is always one.
	WheelClicks int

	// UDPPort is the one port of all viewers; when zero, each gets a free one.
	UDPPort int
	// TCPPort takes viewers whose network lets no UDP through (package icetcp); none when zero.
	TCPPort int
	// Addresses are offered with UDPPort and TCPPort besides our own: those of the machine around a container, which forwards the
	// ports to us.
	Addresses []netip.Addr
	// Loopback offers 127.0.0.1 too. It is also offered when the machine has no other address.
	Loopback bool
	// OneByOne has each packet leave by a system call of its own, instead of a frame's by one (package bunch): for a network
	// that loses what the kernel cuts.
	OneByOne bool

	Logger *slog.Logger // slog.Default() when nil
}

// Streamer streams one screen and its sound. Its methods may be called from any goroutine, also before Run; none waits
// for the network.
type Streamer struct {
	cfg       Config
	logger    *slog.Logger
	transport *transport
	picture   *picture
	audio     *audio
	cursor    *cursor
	gate      *gate
	clipboard *clipboard
	frameRate atomic.Int32
	health    *health
	metrics   *metrics
	watched   *demand // by the viewers
	last      lastEvents
	changes   chan struct{}
	requests  *requests

	ctx    context.Context // of Run; what is owned by the viewers ends with it
	cancel context.CancelFunc

	mu         sync.Mutex
	viewers    map[PeerID]*viewer
	iceServers []webrtc.ICEServer
	closed     bool
	owned      sync.WaitGroup // the viewers' goroutines
}

// New prepares a Streamer and binds its ports. Close or Run must follow. Errors: ErrConfig, or a port's.
func New(cfg Config) (*Streamer, error) {
	if cfg.Display == nil || cfg.Signaller == nil {
		return nil, fmt.Errorf("%w: Display and Signaller are required", ErrConfig)
	}
	if cfg.Width == 0 && cfg.Height == 0 {
		cfg.Width, cfg.Height = 1280, 720
	}
	if cfg.FrameRate == 0 {
		cfg.FrameRate = 30
	}
	if cfg.WheelClicks == 0 {
		cfg.WheelClicks = 1
	}
	if err := checkScreen(cfg.Width, cfg.Height, cfg.FrameRate); err != nil {
		return nil, err
	}
	if cfg.WheelClicks < 1 || notch%cfg.WheelClicks != 0 {
		return nil, fmt.Errorf("%w: %d clicks of the wheel a notch", ErrConfig, cfg.WheelClicks)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Activity == nil {
		cfg.Activity = func(uint32) {}
	}
	transport, err := newTransport(cfg)
	if err != nil {
		return nil, err
	}
	s := &Streamer{
		cfg: cfg, logger: cfg.Logger, transport: transport,
		changes: make(chan struct{}, 1), viewers: make(map[PeerID]*viewer), requests: newRequests(),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.health, s.watched = newHealth(s.changed), newDemand()
	clock := newClock(time.Now())
	s.metrics = newMetrics()
	s.picture = newPicture(cfg, clock, s.health, s.metrics, s.resized)
	s.audio = newAudio(cfg, clock, s.health)
	s.cursor = &cursor{display: cfg.Display, tell: s.tellCursor, health: s.health, logger: cfg.Logger, demand: s.watched}
	s.gate = newGate(cfg, s.health, s.picture.Size)
	s.gate.answer = s.picture.press
	s.gate.applied, s.gate.pointed = s.tellControl, s.tellPointer
	s.clipboard = &clipboard{display: cfg.Display, copied: s.tellCopied, logger: cfg.Logger, demand: s.watched}
	s.gate.rate = func() int { return int(s.frameRate.Load()) }
	s.gate.paste, s.gate.forget, s.gate.skip = s.clipboard.paste, s.clipboard.forget, s.clipboard.skip
	s.frameRate.Store(int32(cfg.FrameRate))
	s.last.setScreen(screenEvent(cfg.Width, cfg.Height, cfg.FrameRate))
	return s, nil
}

// Run streams until the context ends or Close is called, then closes all sessions. It may be called once.
func (s *Streamer) Run(ctx context.Context) {
	stop := context.AfterFunc(ctx, s.cancel)
	defer stop()
	var parts sync.WaitGroup
	for _, run := range []func(context.Context){s.picture.run, s.audio.run, s.cursor.run, s.gate.run, s.clipboard.run, s.runStatistics} {
		parts.Go(func() { run(s.ctx) })
	}
	parts.Wait()
	s.Close()
}

// Close ends Run and all sessions, and waits for them.
func (s *Streamer) Close() {
	s.cancel()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.owned.Wait()
	s.transport.close()
}

// Changed speaks after Viewers or Problems may have changed.
func (s *Streamer) Changed() <-chan struct{} { return s.changes }

func (s *Streamer) changed() {
	select {
	case s.changes <- struct{}{}:
	default:
	}
}

// Viewers is the number of sessions that are open or being opened.
func (s *Streamer) Viewers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.viewers)
}

// Problems tells which parts do not work at the moment.
func (s *Streamer) Problems() []Problem { return s.health.list() }

// SetICEServers sets the STUN and TURN servers of later sessions.
func (s *Streamer) SetICEServers(servers []wire.ICEServer) {
	var all []webrtc.ICEServer
	for _, server := range servers {
		one := webrtc.ICEServer{URLs: server.Urls}
		if server.Username != nil {
			one.Username = *server.Username
		}
		if server.Credential != nil {
			one.Credential = *server.Credential
		}
		all = append(all, one)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.iceServers = all
}

// SetControl says who may drive from now on.
func (s *Streamer) SetControl(holder ControlHolder) { s.gate.setControl(holder) }

// Request answers a viewer's stream.request with an offer. The session that a peer has gets an ICE restart; another
// one takes its place. codecs is what the viewer decodes; when empty, all. A peer that asks too often is refused.
func (s *Streamer) Request(peer PeerID, session SessionID, codecs []codec.VideoKind) {
	s.mu.Lock()
	old, servers := s.viewers[peer], s.iceServers
	s.mu.Unlock()
	if !s.requests.allow(peer, time.Now()) {
		s.logger.Debug("a viewer asks for the stream too often", "peer", peer, "session", session)
		if old != nil {
			old.refuse(wire.Errorf(wire.ErrorCodeRateLimited, "the stream was asked for too often; try again in some seconds"))
		}
		return
	}
	if old != nil && old.session == session && old.ctx.Err() == nil {
		old.post(old.restart)
		return
	}
	v, err := newViewer(s, peer, session, codecs, servers)
	if err != nil {
		s.logger.Error("a viewer can't be served", "peer", peer, "session", session, "error", err)
		return
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		v.abandon()
		return
	}
	old = s.viewers[peer]
	s.viewers[peer] = v
	s.owned.Go(v.run)
	s.mu.Unlock()
	if old != nil {
		old.end(errReplaced)
	}
	s.watched.add(1)
	s.changed()
}

// Signal takes a viewer's side of the negotiation. Signals of unknown sessions are old news and are dropped.
func (s *Streamer) Signal(peer PeerID, signal wire.Signal) {
	if v := s.viewer(peer, SessionID(signal.Session)); v != nil {
		v.signal(signal)
	}
}

// Stop ends a session at its viewer's wish.
func (s *Streamer) Stop(peer PeerID, session SessionID) {
	if v := s.viewer(peer, session); v != nil {
		v.end(errStopped)
	}
}

// Prefer takes what a viewer wants of its session from now on, until that ends: a layer, or no picture. An unknown quality
// is as good as auto.
func (s *Streamer) Prefer(peer PeerID, session SessionID, quality wire.Quality, hidden bool) {
	if !quality.Valid() {
		quality = wire.QualityAuto
	}
	if v := s.viewer(peer, session); v != nil {
		v.prefer(wish{quality, hidden})
	}
}

// Left ends the session of a peer that left the room.
func (s *Streamer) Left(peer PeerID) {
	s.mu.Lock()
	v := s.viewers[peer]
	s.mu.Unlock()
	if v != nil {
		v.end(errLeft)
	}
}

// Peers are those who have a session.
func (s *Streamer) Peers() []PeerID {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []PeerID
	for peer := range s.viewers {
		all = append(all, peer)
	}
	slices.Sort(all)
	return all
}

func (s *Streamer) viewer(peer PeerID, session SessionID) *viewer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.viewers[peer]; v != nil && v.session == session {
		return v
	}
	return nil
}

// ended is called once by each viewer, when its connection is closed.
func (s *Streamer) ended(v *viewer) {
	s.mu.Lock()
	current := s.viewers[v.peer] == v
	if current {
		delete(s.viewers, v.peer)
	}
	s.mu.Unlock()
	s.watched.add(-1)
	s.changed()
}

func (s *Streamer) everyone() []*viewer {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*viewer, 0, len(s.viewers))
	for _, v := range s.viewers {
		all = append(all, v)
	}
	return all
}

func (s *Streamer) resized(width, height int) {
	e := screenEvent(width, height, int(s.frameRate.Load()))
	s.last.setScreen(e)
	s.tell(e)
}

func (s *Streamer) tellCursor(e event) {
	s.last.setCursor(e)
	s.tell(e)
}

func (s *Streamer) tell(e event) {
	for _, v := range s.everyone() {
		v.tell(e)
	}
}

func (s *Streamer) tellControl(holder ControlHolder) {
	for _, v := range s.everyone() {
		v.tell(controlEvent(holder, v.peer))
	}
}

func controlEvent(holder ControlHolder, to PeerID) event {
	return newEvent(wire.EventControl, wire.ControlEvent{Epoch: int64(holder.Epoch), Yours: holder.Peer == to})
}

// tellCopied tells the controller alone. While control changes hands that is nobody, and until the next one presses
// something it can only be the last one's: a program may take a while for what it was told to copy.
func (s *Streamer) tellCopied(text string) {
	e, ok := clipboardEvent(text)
	holder := s.gate.current.Load().Peer
	if !ok || holder == "" || !s.gate.pressed.Load() {
		return
	}
	s.mu.Lock()
	v := s.viewers[holder]
	s.mu.Unlock()
	if v != nil {
		v.tell(e)
	}
}

func (s *Streamer) tellPointer(by PeerID, x, y int) {
	e := newEvent(wire.EventPointer, wire.PointerEvent{X: x, Y: y})
	for _, v := range s.everyone() {
		if v.peer != by {
			v.tell(e)
		}
	}
}
