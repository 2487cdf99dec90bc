package networks

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// chromium is a real browser in a house, with one page, driven by the DevTools protocol over a pipe.
type chromium struct {
	t       *testing.T
	to      *os.File
	session string

	mu      sync.Mutex
	last    int
	answers map[int]chan json.RawMessage
}

// watches has the page keep its peer connections where we find them.
const watches = `window.connections = []
window.RTCPeerConnection = class extends RTCPeerConnection { constructor(...all) { super(...all); window.connections.push(this) } }`

func startChromium(t *testing.T, house string) *chromium {
	t.Helper()
	profile, err := os.MkdirTemp("", "tn-chromium-")
	require.NoError(t, err)
	theirs, to, err := os.Pipe()
	require.NoError(t, err)
	from, answers, err := os.Pipe()
	require.NoError(t, err)
	name := os.Getenv("CHROMIUM")
	if name == "" {
		name = "chromium"
	}
	cmd := exec.Command("ip", "netns", "exec", house, name, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--ignore-certificate-errors", "--remote-debugging-pipe",
		"--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
		"--user-data-dir="+profile, "about:blank")
	cmd.ExtraFiles = []*os.File{theirs, answers} // 3 and 4
	require.NoError(t, cmd.Start())
	theirs.Close()
	answers.Close()
	c := &chromium{t: t, to: to, answers: map[int]chan json.RawMessage{}}
	read := make(chan struct{})
	go func() {
		defer close(read)
		c.read(from)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		to.Close()
		from.Close()
		<-read
		_ = os.RemoveAll(profile)
	})
	var target struct{ TargetID, SessionID string }
	c.do("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	c.do("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	c.session = target.SessionID
	c.do("Page.enable", nil, nil)
	c.do("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": watches}, nil)
	return c
}

func (c *chromium) read(from *os.File) {
	for messages := bufio.NewReader(from); ; {
		text, err := messages.ReadBytes(0)
		if err != nil {
			return
		}
		var m struct {
			ID     int
			Result json.RawMessage
			Error  json.RawMessage
		}
		if json.Unmarshal(text[:len(text)-1], &m) != nil || m.ID == 0 {
			continue
		}
		c.mu.Lock()
		answer := c.answers[m.ID]
		delete(c.answers, m.ID)
		c.mu.Unlock()
		if m.Error != nil {
			c.t.Logf("Chromium refuses: %s", m.Error)
		}
		answer <- m.Result
	}
}

// do sends a command and decodes its answer.
func (c *chromium) do(method string, parameters map[string]any, result any) {
	c.t.Helper()
	answer := make(chan json.RawMessage, 1)
	c.mu.Lock()
	c.last++
	id := c.last
	c.answers[id] = answer
	c.mu.Unlock()
	if parameters == nil {
		parameters = map[string]any{}
	}
	message := map[string]any{"id": id, "method": method, "params": parameters}
	if c.session != "" {
		message["sessionId"] = c.session
	}
	text, err := json.Marshal(message)
	require.NoError(c.t, err)
	_, err = c.to.Write(append(text, 0))
	require.NoError(c.t, err)
	select {
	case raw := <-answer:
		if result != nil {
			require.NoError(c.t, json.Unmarshal(raw, result), "%s: %s", method, raw)
		}
	case <-time.After(patience):
		require.Fail(c.t, "Chromium does not answer", method)
	}
}

// evaluate runs an expression in the page; false where that throws, as while the page is not yet what it will be.
func evaluate[T any](c *chromium, expression string) (value T, ok bool) {
	c.t.Helper()
	var answer struct {
		Result           struct{ Value T }
		ExceptionDetails json.RawMessage
	}
	c.do("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &answer)
	return answer.Result.Value, answer.ExceptionDetails == nil
}

func (c *chromium) until(what, expression string) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		holds, ok := evaluate[bool](c, expression)
		return ok && holds
	}, patience, 100*time.Millisecond, what)
}

// join enters the room by the invite link, as a guest.
func (c *chromium) join(link string) {
	c.t.Helper()
	// They have been here before, with this device: the check of microphone and camera has a test of its own.
	c.do("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `localStorage.setItem('turtus.checked', '{"done":true}')`}, nil)
	c.do("Page.navigate", map[string]any{"url": link}, nil)
	c.until("the invite is shown", `(document.querySelector('[data-testid=guest-name]').focus(), true)`)
	c.do("Input.insertText", map[string]any{"text": "Eve"}, nil)
	c.until("one can join", `(() => { const b = document.querySelector('[data-testid=join-room]'); if (b.disabled) return false; b.click(); return true })()`)
}

// way is how the picture comes to the page.
type way struct {
	Connections          int // peer connections that the page has made
	State                string
	Local, Remote, Relay string
	Address              string // the local one, where the page may know it
	Frames               int
	Ufrag                string // of the page, another one after each ICE restart
}

const readWay = `(async () => {
  const pc = window.connections.at(-1)
  const stats = await pc.getStats()
  const all = [...stats.values()]
  const transport = all.find((s) => s.type === 'transport')
  const pair = stats.get(transport.selectedCandidatePairId)
  const local = stats.get(pair.localCandidateId), remote = stats.get(pair.remoteCandidateId)
  const video = all.find((s) => s.type === 'inbound-rtp' && s.kind === 'video')
  return { connections: window.connections.length, state: pc.connectionState, local: local.candidateType, remote: remote.candidateType,
    relay: local.relayProtocol ?? '', address: local.address ?? '', frames: video.framesDecoded, ufrag: transport.iceLocalUsernameFragment }
})()`

// sees waits until pictures are decoded, more than were, and returns how they come.
func (c *chromium) sees(holds func(way) bool) (last way) {
	c.t.Helper()
	before := -1
	require.Eventually(c.t, func() bool {
		now, ok := evaluate[way](c, readWay)
		if !ok || now.State != "connected" || !holds(now) {
			return false
		}
		if before < 0 {
			before = now.Frames
		}
		last = now
		return now.Frames > before+5
	}, patience, 200*time.Millisecond, "the picture comes to the page")
	return last
}

func (w way) String() string {
	return fmt.Sprintf("%s %s %s, connection %d", w.Local, w.Relay, w.Remote, w.Connections)
}
