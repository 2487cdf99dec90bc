package process

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Bounds of what an agent says.
const (
	maxLine = 8 << 10
	maxLog  = 1 << 20 // then the file is begun anew
)

// tail reads an agent's log as it grows, hands it to the server's log, and keeps what was said last. One goroutine uses it.
type tail struct {
	path    string
	log     *slog.Logger
	offset  int64
	rest    []byte
	last    string
	crashed bool
}

// tail begins at offset, or at the end for -1.
func (l *Launcher) tail(run uuid.UUID, offset int64) *tail {
	t := &tail{path: l.folder.logOf(run), log: l.o.Log.With("browser", run.String()), offset: offset}
	if offset < 0 {
		if info, err := os.Stat(t.path); err == nil {
			t.offset = info.Size()
		} else {
			t.offset = 0
		}
	}
	return t
}

// read takes in what is new.
func (t *tail) read() {
	f, err := os.OpenFile(t.path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	fresh, err := io.ReadAll(io.NewSectionReader(f, t.offset, maxLog))
	if err != nil || len(fresh) == 0 {
		return
	}
	t.offset += int64(len(fresh))
	if t.offset >= maxLog && f.Truncate(0) == nil { // the agent appends, so it goes on at the beginning
		t.offset = 0
	}
	t.rest = append(t.rest, fresh...)
	for {
		line, after, found := bytes.Cut(t.rest, []byte("\n"))
		if !found {
			break
		}
		t.line(string(line))
		t.rest = after
	}
	if len(t.rest) > maxLine {
		t.rest = nil
	}
}

func (t *tail) line(line string) {
	line = strings.TrimSpace(strings.ToValidUTF8(line, "?"))
	if len(line) > maxLine {
		line = line[:maxLine]
	}
	if line == "" {
		return
	}
	importance := level(line)
	t.log.Log(context.Background(), importance, "agent: "+message(line))
	crash := strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")
	// What follows a crash is its trace, and progress explains no end.
	if !t.crashed && (crash || importance >= slog.LevelWarn || !structured(line)) {
		t.last, t.crashed = line, crash
	}
}

// level is the one that a line of slog names; any other line was meant to be read.
func level(line string) slog.Level {
	var l slog.Level
	name := attribute(line, "level")
	var fields map[string]any
	if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &fields) == nil {
		name = text(fields["level"])
	}
	if l.UnmarshalText([]byte(name)) != nil {
		return slog.LevelInfo
	}
	return l
}

// lastWords is the last thing said that may explain an end, without what a log puts around it. An unfinished last line counts.
func (t *tail) lastWords() string {
	if len(t.rest) > 0 {
		t.line(string(t.rest))
		t.rest = nil
	}
	return message(t.last)
}

// structured says whether a line comes from slog, text or JSON.
func structured(line string) bool {
	return strings.HasPrefix(line, "{") || attribute(line, "level") != ""
}

// message takes the words out of a line of slog, text or JSON; any other line is as it is.
func message(line string) string {
	var fields map[string]any
	if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &fields) == nil {
		return join(text(fields["msg"]), text(fields["error"]), line)
	}
	if !strings.Contains(line, "level=") || !strings.Contains(line, "msg=") {
		return strings.TrimPrefix(line, "turtus-agent: ")
	}
	return join(attribute(line, "msg"), attribute(line, "error"), line)
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func join(what, why, otherwise string) string {
	switch {
	case what == "" && why == "":
		return otherwise
	case why == "":
		return what
	case what == "":
		return why
	}
	return what + ": " + why
}

// attribute reads name=value or name="quoted value".
func attribute(line, name string) string {
	_, rest, found := strings.Cut(" "+line, " "+name+"=")
	if !found {
		return ""
	}
	if strings.HasPrefix(rest, `"`) {
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			value, _ := strconv.Unquote(quoted)
			return value
		}
	}
	value, _, _ := strings.Cut(rest, " ")
	return value
}
