package eventstream

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"turtus/services/wire"
)

// event is a server-sent event; without a name it is a message.
type event struct {
	name string
	data []byte
}

// stream writes events (HTML, section 9.2).
type stream struct {
	w       io.Writer
	control *http.ResponseController
}

func newStream(w http.ResponseWriter) *stream {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // for proxies that would collect an answer first
	s := &stream{w: w, control: http.NewResponseController(w)}
	_ = s.control.SetReadDeadline(time.Time{}) // it is no upload that may time out
	return s
}

func (s *stream) event(name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.write(event{name, data})
}

func (s *stream) write(e event) error {
	var text bytes.Buffer
	if e.name != "" {
		text.WriteString("event: " + e.name + "\n")
	}
	for line := range bytes.FieldsFuncSeq(e.data, func(r rune) bool { return r == '\r' || r == '\n' }) { // each ends a line of an event
		text.WriteString("data: ")
		text.Write(line)
		text.WriteByte('\n')
	}
	text.WriteByte('\n')
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := s.w.Write(text.Bytes()); err != nil {
		return err
	}
	return s.control.Flush()
}

// refuse hands on what the hub answered in place of an upgrade.
func refuse(w http.ResponseWriter, answer *http.Response) {
	if answer == nil || answer.Header.Get("Content-Type") != "application/problem+json" {
		wire.WriteProblem(w, http.StatusServiceUnavailable, wire.ErrorCodeUnavailable, "The server takes no connections just now. Try again in a moment.")
		return
	}
	defer answer.Body.Close()
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body) // a page that left
}
