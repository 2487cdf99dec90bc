package eventstream

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// FuzzSpeak: of what a page posts, whatever it is, the hub hears each message once and in order, and nothing from who has no connection.
func FuzzSpeak(f *testing.F) {
	const name = "known"
	for _, body := range []string{
		`{"connection":"x","first":0,"messages":[{"type":"echo"}],"close":1000}`, `{"first":-1,"messages":null,"close":-5}`,
		`{"connection":"known","first":3,"messages":[{"type":"echo"}, 5 ,"\ud800"]}`, `{"connection":"known","first":1,"messages":[1,2,3]}`,
		`{"connection":"known","first":-1,"messages":[1]}`, `{"connection":"known","first":4,"messages":[1]}`,
		`{"connection":"known","first":3,"messages":[1],"close":70000}`, `{"connection":"known","first":3,"messages":[1],"close":-1} tail`,
		`{"connection":"known","first":9223372036854775807,"messages":[1]}`, `{"Connection":"known","connection":"x"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const before = 3 // messages that went already
		heard := &recorded{}
		s := New(http.NotFoundHandler())
		s.pages[name] = &page{ws: heard.connect(t), taken: before}
		w := httptest.NewRecorder()
		s.Speak(w, httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body)))
		var said Said
		err := json.NewDecoder(bytes.NewReader(body)).Decode(&said)
		if err != nil || said.Connection != name || said.First < 0 || said.First > before || len(said.Messages) > maxMessages {
			require.GreaterOrEqual(t, w.Code, 400)
			require.Empty(t, heard.texts(t))
			return
		}
		require.Equal(t, http.StatusNoContent, w.Code)
		var want []string
		for i, message := range said.Messages {
			if said.First+i >= before {
				want = append(want, string(message))
			}
		}
		require.Equal(t, want, heard.texts(t))
	})
}

// FuzzStream: whatever the hub says is one event to a page that reads as HTML tells it to (section 9.2.6), and says the same there.
func FuzzStream(f *testing.F) {
	for _, data := range []string{`{"n":1}`, "{\n\"lines\":\r\n2}", "a\rdata: b\r\revent: close\rdata: {}", "\n\n", "", ":x"} {
		f.Add("", []byte(data))
		f.Add("close", []byte(data))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if name != "" {
			name = "close"
		}
		w := httptest.NewRecorder()
		require.NoError(t, newStream(w).write(event{name, data}))
		var events, lines []string
		kind := ""
		text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(w.Body.String())
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
			switch field, value, _ := strings.Cut(line, ":"); {
			case line == "":
				events = append(events, kind)
			case field == "event":
				kind = strings.TrimPrefix(value, " ")
			case field == "data":
				lines = append(lines, strings.TrimPrefix(value, " "))
			default:
				require.Fail(t, "a field that is none of ours", "%q", line)
			}
		}
		require.Equal(t, []string{name}, events)
		require.Equal(t, strings.NewReplacer("\r", "", "\n", "").Replace(string(data)), strings.Join(lines, ""))
	})
}

// recorded is a hub's end of a WebSocket that keeps what was said.
type recorded struct {
	answer chan []string
	ws     *websocket.Conn
}

func (r *recorded) connect(t *testing.T) *websocket.Conn {
	h := &hub{conns: make(chan *websocket.Conn, 1), seen: make(chan *http.Request, 1)}
	server := httptest.NewServer(h)
	ws, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	require.NoError(t, err)
	response.Body.Close()
	r.ws, r.answer = ws, make(chan []string, 1)
	theirs := <-h.conns
	t.Cleanup(func() {
		_ = ws.Close()
		server.Close()
	})
	go func() {
		var texts []string
		for {
			_, message, err := theirs.ReadMessage()
			if err != nil {
				_ = theirs.Close()
				r.answer <- texts
				return
			}
			texts = append(texts, string(message))
		}
	}()
	return ws
}

// texts ends the connection and is what came by it.
func (r *recorded) texts(t *testing.T) []string {
	t.Helper()
	_ = r.ws.Close()
	return <-r.answer
}
