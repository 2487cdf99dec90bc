package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// patience is how long a test waits for what must come; it only decides how late a failure is told.
const patience = 2 * time.Minute

var program string // turtus-agent, built for these tests

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "agent-test-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "turtus-agent")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the agent: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// hub is as much of a signalling hub as an agent needs. The protocol is the contract's; what it decides, the test does.
type hub struct {
	t        *testing.T
	server   *httptest.Server
	messages chan wire.Envelope
	hellos   chan wire.Hello

	mu      sync.Mutex
	conn    *websocket.Conn
	refuse  wire.CloseCode // of a hello; 0: none is refused
	control wire.Control
	peers   []wire.Peer
	waits   bool // who comes has no room
}

func newHub(t *testing.T) *hub {
	h := &hub{t: t, messages: make(chan wire.Envelope, 10000), hellos: make(chan wire.Hello, 100)}
	h.server = httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(func() {
		h.drop()
		h.server.Close()
	})
	return h
}

func (h *hub) url() string { return "ws" + strings.TrimPrefix(h.server.URL, "http") + "/api/v1/ws" }

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	var e wire.Envelope
	if conn.ReadJSON(&e) != nil || e.Type != wire.TypeHello {
		h.t.Errorf("the first message is %q, not hello", e.Type)
		return
	}
	hello, err := wire.Decode[wire.Hello](e)
	if err != nil {
		h.t.Error(err)
		return
	}
	h.mu.Lock()
	if h.refuse != 0 {
		_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(int(h.refuse), "no"))
		h.mu.Unlock()
		return
	}
	h.conn = conn
	welcome := wire.NewEnvelope(wire.TypeIdentity, wire.Identity{
		Peer: "vb-1", Kind: wire.PeerKindVb, ResumeKey: "key", Resumed: hello.Resume != nil,
		Snapshot: wire.RoomSnapshot{Control: h.control, Peers: h.peers},
	})
	if h.waits {
		welcome = wire.NewEnvelope(wire.TypeVBWaiting, wire.Empty{})
	}
	_ = conn.WriteJSON(welcome)
	h.mu.Unlock()
	h.hellos <- hello
	for {
		var e wire.Envelope
		if conn.ReadJSON(&e) != nil {
			return
		}
		h.messages <- e
	}
}

func (h *hub) send(messageType, sender string, payload any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := wire.NewEnvelope(messageType, payload)
	e.Sender = sender
	_ = h.conn.WriteJSON(e)
}

// drop breaks the connection, as a network does.
func (h *hub) drop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil {
		_ = h.conn.Close()
	}
}

// await returns the first message from now on for which ok holds.
func (h *hub) await(what string, ok func(wire.Envelope) bool) wire.Envelope {
	h.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case e := <-h.messages:
			if ok(e) {
				return e
			}
		case <-deadline:
			h.t.Fatalf("the agent did not say %s", what)
		}
	}
}

func (h *hub) awaitStatus(what string, ok func(wire.VBStatus) bool) (status wire.VBStatus) {
	h.t.Helper()
	h.await(what, func(e wire.Envelope) bool {
		if e.Type != wire.TypeVBStatus {
			return false
		}
		var err error
		status, err = wire.Decode[wire.VBStatus](e)
		require.NoError(h.t, err)
		return ok(status)
	})
	return status
}

func (h *hub) awaitEnding() (ending wire.VBEnding) {
	h.t.Helper()
	e := h.await("why it ends", func(e wire.Envelope) bool { return e.Type == wire.TypeVBEnding })
	ending, err := wire.Decode[wire.VBEnding](e)
	require.NoError(h.t, err)
	return ending
}

func isReady(s wire.VBStatus) bool { return s.State == wire.VBStatusStateReady }

// agentProcess is a running turtus-agent.
type agentProcess struct {
	t    *testing.T
	cmd  *exec.Cmd
	home string
	log  *safeBuffer
	done chan struct{}
}

type safeBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func startAgent(t *testing.T, server string, args ...string) *agentProcess {
	t.Helper()
	a := &agentProcess{t: t, home: t.TempDir(), log: &safeBuffer{}, done: make(chan struct{})}
	a.cmd = exec.Command(program, append([]string{"-s", server, "--home", a.home, "--loopback", "--width", "640", "--height", "480"}, args...)...)
	a.cmd.Env = append(os.Environ(), "TURTUS_VB_TOKEN=secret-token")
	a.cmd.Stderr = a.log
	require.NoError(t, a.cmd.Start())
	go func() {
		defer close(a.done)
		_ = a.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = a.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-a.done:
		case <-time.After(30 * time.Second):
			_ = a.cmd.Process.Kill()
			<-a.done
		}
		if t.Failed() {
			t.Logf("the agent's log:\n%s", a.log)
		}
	})
	return a
}

// ended waits for the agent's end and returns its exit status and its log's last line. Nothing of it may be left.
func (a *agentProcess) ended() (code int, lastLine string) {
	a.t.Helper()
	select {
	case <-a.done:
	case <-time.After(patience):
		a.t.Fatal("the agent does not end")
	}
	entries, err := os.ReadDir(a.home)
	require.NoError(a.t, err)
	assert.Empty(a.t, entries, "its folder is empty again")
	assert.Empty(a.t, processesWith(a.home), "none of its processes is left")
	assert.NotContains(a.t, a.log.String(), "secret-token")
	lines := strings.Split(strings.TrimSpace(a.log.String()), "\n")
	return a.cmd.ProcessState.ExitCode(), lines[len(lines)-1]
}

// processesWith lists what runs with a text in its environment or arguments.
func processesWith(text string) (found []string) {
	for _, name := range []string{"environ", "cmdline"} {
		paths, _ := filepath.Glob("/proc/[0-9]*/" + name)
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err == nil && bytes.Contains(content, []byte(text)) {
				found = append(found, path+" "+string(content[:min(len(content), 100)]))
			}
		}
	}
	return found
}

func TestAFullLife(t *testing.T) {
	h := newHub(t)
	a := startAgent(t, h.url(), "-t", "0")
	hello := <-h.hellos
	assert.Equal(t, wire.PeerKindVb, hello.Kind)
	assert.Equal(t, "secret-token", hello.Token)

	progress := float32(-1)
	h.awaitStatus("that it is ready", func(s wire.VBStatus) bool {
		if s.State == wire.VBStatusStateStarting {
			require.NotNil(t, s.Step)
			assert.GreaterOrEqual(t, *s.Progress, progress, "progress does not go back")
			progress = *s.Progress
		}
		return isReady(s)
	})
	assert.GreaterOrEqual(t, progress, float32(0.2), "there was progress to see")

	h.send(wire.TypeVBScreen, "", wire.Screen{Width: 1920, Height: 1080, FrameRate: 60})
	h.send(wire.TypeVBScreen, "", wire.Screen{Width: 854, Height: 480, FrameRate: 25})
	require.Eventually(t, func() bool { return strings.Contains(a.log.String(), "width=854 height=480 frame_rate=25") }, patience, 10*time.Millisecond)

	v := newViewer(t, h, "ann")
	v.ask()
	v.firstPacket()
	h.awaitStatus("that somebody watches", func(s wire.VBStatus) bool { return *s.Viewers == 1 })

	// The hub goes and comes back: the same seat, the whole status again, and the stream has not noticed.
	h.drop()
	hello = <-h.hellos
	require.NotNil(t, hello.Resume)
	assert.Equal(t, wire.Resume{Peer: "vb-1", Key: "key"}, *hello.Resume)
	h.awaitStatus("its status anew", func(s wire.VBStatus) bool { return isReady(s) && *s.Viewers == 1 })
	assert.Equal(t, webrtc.PeerConnectionStateConnected, v.pc.ConnectionState())

	require.NoError(t, a.cmd.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, wire.EndReasonRequested, h.awaitEnding().Reason)
	code, last := a.ended()
	assert.Equal(t, exitOK, code)
	assert.Contains(t, last, "requested")
}

func TestItEndsWhenNobodyWatches(t *testing.T) {
	h := newHub(t)
	a := startAgent(t, h.url(), "-t", "500")
	h.awaitStatus("when it ends", func(s wire.VBStatus) bool { return s.EndsAt != nil })
	assert.Equal(t, wire.EndReasonNoViewers, h.awaitEnding().Reason)
	code, last := a.ended()
	assert.Equal(t, exitOK, code)
	assert.Contains(t, last, "no_viewers")
}

func TestKeepAliveBeginsTheCountdownAnew(t *testing.T) {
	h := newHub(t)
	a := startAgent(t, h.url(), "-t", "300000")
	first := h.awaitStatus("when it ends", func(s wire.VBStatus) bool { return s.EndsAt != nil })
	assert.Equal(t, wire.VBStatusStateReady, first.State)
	h.send(wire.TypeVBKeepAlive, "", wire.Empty{})
	h.awaitStatus("that it stays longer", func(s wire.VBStatus) bool { return s.EndsAt != nil && s.EndsAt.After(*first.EndsAt) })
	h.send(wire.TypeVBStop, "", wire.VBStop{Reason: wire.EndReasonRequested})
	assert.Equal(t, wire.EndReasonRequested, h.awaitEnding().Reason)
	code, _ := a.ended()
	assert.Equal(t, exitOK, code)
}

func TestTheHubEndsIt(t *testing.T) {
	h := newHub(t)
	a := startAgent(t, h.url())
	<-h.hellos
	h.send(wire.TypeVBStop, "", wire.VBStop{Reason: wire.EndReasonRequested})
	assert.Equal(t, wire.EndReasonRequested, h.awaitEnding().Reason)
	code, _ := a.ended()
	assert.Equal(t, exitOK, code)
}

func TestItEndsWhenTheHubIsGoneForGood(t *testing.T) {
	t.Run("away too long", func(t *testing.T) {
		a := startAgent(t, "ws://127.0.0.1:1/", "--signal-timeout", "300")
		code, last := a.ended()
		assert.Equal(t, exitSignalLost, code)
		assert.Contains(t, last, "the hub is away")
	})
	t.Run("closed for good", func(t *testing.T) {
		h := newHub(t)
		h.refuse = wire.CloseCodeBadToken
		a := startAgent(t, h.url())
		code, last := a.ended()
		assert.Equal(t, exitSignalLost, code)
		assert.Contains(t, last, "3500")
	})
}

func TestAMissingFirefoxIsSaidClearly(t *testing.T) {
	h := newHub(t)
	a := startAgent(t, h.url(), "--firefox", "/nowhere/firefox")
	ending := h.awaitEnding()
	assert.Equal(t, wire.EndReasonFailed, ending.Reason)
	assert.Contains(t, *ending.Detail, "/nowhere/firefox")
	code, last := a.ended()
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, last, "/nowhere/firefox is not installed")
}

func TestWrongSettingsAreNamed(t *testing.T) {
	cmd := exec.Command(program, "-s", "http://example.org", "--width", "7")
	cmd.Env = append(os.Environ(), "TURTUS_VB_TOKEN=x", "TURTUS_VB_FRAME_RATE=quick")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	assert.Equal(t, exitUsage, cmd.ProcessState.ExitCode())
	for _, name := range []string{"--signal-server", "TURTUS_VB_SIGNAL_SERVER", "--width", "TURTUS_VB_FRAME_RATE"} {
		assert.Contains(t, string(out), name)
	}
}

// viewer is a page that takes the stream by way of the hub.
type viewer struct {
	t    *testing.T
	hub  *hub
	peer string
	pc   *webrtc.PeerConnection
	got  chan struct{}
}

func newViewer(t *testing.T, h *hub, peer string) *viewer {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pc.Close() })
	v := &viewer{t: t, hub: h, peer: peer, pc: pc, got: make(chan struct{}, 1)}
	h.mu.Lock()
	h.peers = append(h.peers, wire.Peer{Id: peer, Kind: wire.PeerKindViewer})
	h.mu.Unlock()
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if track.Kind() != webrtc.RTPCodecTypeVideo {
			return
		}
		if _, _, err := track.ReadRTP(); err == nil {
			v.got <- struct{}{}
		}
	})
	return v
}

// ask requests the stream and negotiates it: the agent's candidates come after its offer, ours go with the answer.
func (v *viewer) ask() {
	v.t.Helper()
	v.hub.send(wire.TypeStreamRequest, v.peer, wire.StreamRequest{Session: "s1"})
	var offer wire.Signal
	v.hub.await("its offer", func(e wire.Envelope) bool {
		if e.Type != wire.TypeSignal || e.Target != v.peer {
			return false
		}
		require.NoError(v.t, json.Unmarshal(e.Payload, &offer))
		return offer.Description != nil
	})
	require.Equal(v.t, "s1", offer.Session)
	require.NoError(v.t, v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer.Description.Sdp}))
	gathered := webrtc.GatheringCompletePromise(v.pc)
	answer, err := v.pc.CreateAnswer(nil)
	require.NoError(v.t, err)
	require.NoError(v.t, v.pc.SetLocalDescription(answer))
	<-gathered
	v.hub.send(wire.TypeSignal, v.peer, wire.Signal{Session: "s1", Description: &wire.SessionDescription{
		Type: wire.SessionDescriptionTypeAnswer, Sdp: v.pc.LocalDescription().SDP,
	}})
}

func (v *viewer) firstPacket() {
	v.t.Helper()
	select {
	case <-v.got:
	case <-time.After(patience):
		v.t.Fatal("no packet of the picture came")
	}
}
