package eventstream

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// hub is a peer of which a test has the other end.
type hub struct {
	conns chan *websocket.Conn
	seen  chan *http.Request
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") == "https://elsewhere.example" {
		wire.WriteProblem(w, http.StatusForbidden, "origin_refused", "no")
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	h.seen <- r
	h.conns <- ws
	<-r.Context().Done()
	ws.Close()
}

// visitor is a page.
type visitor struct {
	t      *testing.T
	url    string
	answer *http.Response
	lines  *bufio.Reader
	name   string
}

func open(t *testing.T) (*visitor, *websocket.Conn, *hub) {
	h := &hub{conns: make(chan *websocket.Conn, 1), seen: make(chan *http.Request, 1)}
	s := New(h)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", s.Listen)
	mux.HandleFunc("POST /events", s.Speak)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	v := &visitor{t: t, url: server.URL + "/events"}
	answer, err := http.Get(v.url)
	require.NoError(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
	v.answer, v.lines = answer, bufio.NewReader(answer.Body)
	name, data := v.next()
	require.Equal(t, "open", name)
	var opened Opened
	require.NoError(t, json.Unmarshal([]byte(data), &opened))
	require.Len(t, opened.Connection, 26)
	v.name = opened.Connection
	return v, <-h.conns, h
}

// next is the next event: its name, "" for a message, and its data.
func (v *visitor) next() (name, data string) {
	for {
		line, err := v.lines.ReadString('\n')
		require.NoError(v.t, err)
		switch line = strings.TrimSuffix(line, "\n"); {
		case line == "":
			return name, data
		case strings.HasPrefix(line, "event: "):
			name = line[7:]
		case strings.HasPrefix(line, "data: "):
			data += line[6:]
		}
	}
}

func (v *visitor) post(body string) (int, string) {
	answer, err := http.Post(v.url, "application/json", strings.NewReader(body))
	require.NoError(v.t, err)
	defer answer.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(answer.Body)
	require.NoError(v.t, err)
	return answer.StatusCode, text.String()
}

func (v *visitor) say(first int, messages ...string) int {
	status, _ := v.post(fmt.Sprintf(`{"connection":%q,"first":%d,"messages":[%s]}`, v.name, first, strings.Join(messages, ",")))
	return status
}

func hears(t *testing.T, ws *websocket.Conn, want ...string) {
	t.Helper()
	for _, one := range want {
		_, data, err := ws.ReadMessage()
		require.NoError(t, err)
		assert.JSONEq(t, one, string(data))
	}
}

func TestWhatTheHubSaysComesInOrder(t *testing.T) {
	v, ws, _ := open(t)
	for i := range 100 {
		require.NoError(t, ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"n":%d}`, i)))
		name, data := v.next()
		assert.Empty(t, name)
		assert.Equal(t, fmt.Sprintf(`{"n":%d}`, i), data)
	}
	require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("{\n\"lines\":\r\n2}")))
	_, data := v.next()
	assert.Equal(t, `{"lines":2}`, data)
}

func TestWhatThePageSaysComesOnceAndInOrder(t *testing.T) {
	v, ws, _ := open(t)
	require.Equal(t, http.StatusNoContent, v.say(0, `{"n":0}`, `{"n":1}`))
	hears(t, ws, `{"n":0}`, `{"n":1}`)
	require.Equal(t, http.StatusNoContent, v.say(1, `{"n":1}`, `{"n":2}`), "the answer to the first had been lost")
	hears(t, ws, `{"n":2}`)
	assert.Equal(t, http.StatusBadRequest, v.say(4, `{"n":4}`), "one is missing")
	assert.Equal(t, http.StatusBadRequest, v.say(-1, `{"n":4}`))
	require.Equal(t, http.StatusNoContent, v.say(3, `{"n":3}`))
	hears(t, ws, `{"n":3}`)
}

func TestTheHubsCloseCodeReachesThePage(t *testing.T) {
	v, ws, _ := open(t)
	require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte(`{"last":true}`)))
	require.NoError(t, ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(3504, "you were removed"), time.Now().Add(time.Minute)))
	_, data := v.next()
	assert.Equal(t, `{"last":true}`, data)
	name, data := v.next()
	assert.Equal(t, "close", name)
	assert.JSONEq(t, `{"code":3504,"reason":"you were removed"}`, data)
	_, err := v.lines.ReadByte()
	assert.Error(t, err, "the stream ends")
	status, body := v.post(fmt.Sprintf(`{"connection":%q,"first":0}`, v.name))
	assert.Equal(t, http.StatusNotFound, status)
	assert.Contains(t, body, "not_found")
}

func TestAHubThatIsGoneIsTold(t *testing.T) {
	v, ws, _ := open(t)
	require.NoError(t, ws.NetConn().Close())
	name, data := v.next()
	assert.Equal(t, "close", name)
	assert.JSONEq(t, `{"code":1006,"reason":"unexpected EOF"}`, data)
}

func TestAPageThatLeavesSaysSoAndOneThatVanishesDoesNot(t *testing.T) {
	v, ws, _ := open(t)
	status, _ := v.post(fmt.Sprintf(`{"connection":%q,"first":0,"messages":[{"n":0}],"close":1000}`, v.name))
	require.Equal(t, http.StatusNoContent, status)
	hears(t, ws, `{"n":0}`)
	_, _, err := ws.ReadMessage()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseNormalClosure), err)

	v, ws, _ = open(t)
	v.answer.Body.Close()
	_, _, err = ws.ReadMessage()
	require.Error(t, err)
	assert.False(t, websocket.IsCloseError(err, websocket.CloseNormalClosure), "it may come back: %v", err)
}

func TestOnlyThePageAnswersPings(t *testing.T) {
	v, ws, _ := open(t)
	pongs := make(chan string, 1)
	ws.SetPongHandler(func(string) error { pongs <- "pong"; return nil })
	go func() {
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				close(pongs)
				return
			}
		}
	}()
	require.NoError(t, ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Minute)))
	name, _ := v.next()
	assert.Equal(t, "ping", name)
	require.Equal(t, http.StatusNoContent, v.say(0, `{"n":0}`), "a message is no answer to a ping, and none went by itself")
	assert.Empty(t, pongs)
	require.Equal(t, http.StatusNoContent, v.say(1))
	assert.Equal(t, "pong", <-pongs)
}

func TestTheHubSeesWhoCameAndMayRefuse(t *testing.T) {
	h := &hub{conns: make(chan *websocket.Conn, 1), seen: make(chan *http.Request, 1)}
	s := New(h)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = "192.0.2.7:1234"
		s.Listen(w, r)
	})
	server := httptest.NewServer(handler)
	defer server.Close()
	request, err := http.NewRequest(http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	request.Header.Set("Origin", "https://elsewhere.example")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	assert.Equal(t, http.StatusForbidden, answer.StatusCode)
	var body struct{ Code string }
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&body))
	answer.Body.Close()
	assert.Equal(t, "origin_refused", body.Code)
	assert.Empty(t, s.pages)

	request.Header.Set("Origin", "https://turtus.example")
	request.Host = "turtus.example"
	answer, err = http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	seen := <-h.seen
	assert.Equal(t, "192.0.2.7:1234", seen.RemoteAddr)
	assert.Equal(t, "turtus.example", seen.Host)
	assert.Equal(t, "https://turtus.example", seen.Header.Get("Origin"))
}

func TestBadPostsAreRefused(t *testing.T) {
	v, _, _ := open(t)
	for name, test := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"no JSON":           {"{", http.StatusBadRequest, "malformed_json"},
		"unknown":           {`{"connection":"x","first":0}`, http.StatusNotFound, "not_found"},
		"too many messages": {fmt.Sprintf(`{"connection":%q,"first":0,"messages":[1%s]}`, v.name, strings.Repeat(",1", maxMessages)), http.StatusBadRequest, "bad_request"},
		"too large":         {fmt.Sprintf(`{"connection":%q,"first":0,"messages":["%s"]}`, v.name, strings.Repeat("x", maxBody)), http.StatusRequestEntityTooLarge, "body_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := v.post(test.body)
			assert.Equal(t, test.status, status)
			assert.Contains(t, body, `"code":"`+test.code+`"`)
		})
	}
}
